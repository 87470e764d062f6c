#include "provision/operation/decisions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"

namespace graft {

StartDecision DecideAtStart(const ServerFacts& server, const std::vector<Operation>& history) {
  for (const Operation& operation : history) {
    if (operation.outcome == Outcome::kDone) {
      return {false, absl::StrCat("operation ", operation.request.id,
                                  " has provisioned this tablet already")};
    }
    if (operation.data_state != DataState::kIntact) {
      return {false, absl::StrCat("operation ", operation.request.id, " ended with the data ",
                                  DataStateName(operation.data_state),
                                  "; ask for another one: graftctl reprovision")};
    }
  }
  if (!server.user_schemas.empty()) {
    return {false, absl::StrCat("the server already contains data (",
                                absl::StrJoin(server.user_schemas, ", "),
                                "), so graft assumes a restart and does not clone")};
  }
  return {true, "the server holds no data of its own"};
}

bool MayTryAgain(const Operation& operation, const absl::Status& failure) {
  const FollowUp follow_up = FollowUpOf(failure);
  // No attempt with this donor can succeed: wrong password, wrong version.
  const bool next_donor = follow_up == FollowUp::kNextDonor;
  return follow_up == FollowUp::kNextAttempt ||
         (next_donor && operation.request.donor.kind == DonorChoice::Kind::kAny);
}

absl::Duration BackOff(int attempt, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(1);
  constexpr absl::Duration kLongest = absl::Minutes(1);
  const absl::Duration whole = std::min(kFirst * (1 << std::min(attempt - 1, 10)), kLongest);
  return whole / 2 + whole / 2 * jitter;
}

absl::Status CheckVouched(const Operation& release, DataState data) {
  if (!IsDropped(data) || release.request.release.data_is_good) return absl::OkStatus();
  return Failure(Reason::kDataNotGood, absl::StrCat("the data of ", release.recipient.ToString(),
                                                    " is ", DataStateName(data),
                                                    ": if somebody has put good data there, say "
                                                    "--data-is-good"));
}

}  // namespace graft
