#include "base/errors.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace graft {
namespace {
constexpr char kReasonPayload[] = "graft.v1/reason";
}  // namespace

absl::Status Failure(Reason reason, absl::string_view text) {
  const ReasonRow& row = RowOf(reason);
  return WithReason(absl::Status(row.code, text), row.word);
}

absl::Status WithReason(absl::Status status, absl::string_view word) {
  if (!status.ok()) status.SetPayload(kReasonPayload, absl::Cord(word));
  return status;
}

absl::Status WithReason(absl::Status status, Reason reason) {
  return reason == Reason::kNone ? status : WithReason(std::move(status), RowOf(reason).word);
}

absl::Status WithReason(absl::Status status, Reason reason, int number) {
  const absl::string_view stem = absl::StripSuffix(RowOf(reason).word, "<number>");
  return WithReason(std::move(status), absl::StrCat(stem, number));
}

bool HasReason(const absl::Status& status, Reason reason) {
  return reason != Reason::kNone && ParseReason(ReasonOf(status)) == reason;
}

FollowUp FollowUpOf(const absl::Status& status) {
  const Reason reason = ParseReason(ReasonOf(status));
  return reason == Reason::kNone ? FollowUp::kStop : RowOf(reason).follow_up;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonPayload);
  return payload.has_value() ? std::string(*payload) : "";
}

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  const std::string reason = ReasonOf(status);
  return reason.empty() ? annotated : WithReason(std::move(annotated), reason);
}

}  // namespace graft
