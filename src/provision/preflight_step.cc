// preflight: asks both servers and judges the answers; touches nothing.

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/preflight.h"
#include "provision/steps.h"

namespace graft {
namespace {

// Whose fault it is, as a word: the same code from either side means different work.
absl::Status OnDonor(const absl::Status& status, const Operation& operation) {
  absl::Status annotated = Annotate(status, absl::StrCat("donor ", operation.donor.ToString(), " (",
                                                         operation.donor_mysql.ToString(), ")"));
  if (absl::IsUnavailable(status)) return WithReason(annotated, "DONOR_UNREACHABLE");
  if (absl::IsUnauthenticated(status)) return WithReason(annotated, "DONOR_CREDENTIALS");
  if (absl::IsPermissionDenied(status)) return WithReason(annotated, "DONOR_PRIVILEGE");
  return annotated;
}

}  // namespace

// FAILED_PRECONDITION: findings. Other codes: a server could not be asked.
absl::Status PreflightStep(StepContext& context) {
  Operation& operation = context.operation;
  PreflightFacts facts;
  auto recipient = context.recipient().Describe();
  if (!recipient.ok()) return Annotate(recipient.status(), "recipient");
  facts.recipient = *std::move(recipient);
  auto channels = context.recipient().ReadReplication();
  if (!channels.ok()) return Annotate(channels.status(), "recipient");
  facts.recipient_channels = *std::move(channels);
  auto donor = context.deps.open_peer(operation.donor_mysql)->Describe();
  if (!donor.ok()) return OnDonor(donor.status(), operation);
  facts.donor = *std::move(donor);

  operation.server_uuid = facts.recipient.server_uuid;
  operation.donor_uuid = facts.donor.server_uuid;
  return FindingsToStatus(Preflight(facts));
}

}  // namespace graft
