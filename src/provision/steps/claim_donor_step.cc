// claim_donor: one clone per donor across the whole topology. Waits in the donor's queue, with the
// tablet still serving and replicating: nothing is fenced yet.

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);
// The store may be away for so long before the wait is given up.
constexpr absl::Duration kStorePatience = absl::Seconds(15);

absl::Status WaitedTooLong(const StepContext& context, int ahead) {
  return Failure(
      Reason::kDonorWaitTimeout,
      absl::StrCat("donor ", context.operation.donor.ToString(), " was not free within ",
                   HumanDuration(context.options.donor_wait_timeout),
                   " (--clone-donor-wait-timeout); ", ahead,
                   " stood before this tablet in its queue; name another donor, or wait longer"));
}

void ShowPlace(StepContext& context, int ahead) {
  Operation& operation = context.operation;
  if (operation.queue_place == ahead) return;
  operation.queue_place = ahead;
  context.Save().IgnoreError();
  context.ReportProgress();
}

// Joins again when the place was lost, at the queue's end.
absl::StatusOr<int> LookAhead(const StepContext& context) {
  const absl::StatusOr<int> ahead = context.deps.claims.Ahead();
  return absl::IsAborted(ahead.status()) ? context.ClaimDonor() : ahead;
}

}  // namespace

// DEADLINE_EXCEEDED: the donor was not free in time. UNAVAILABLE: the store is away.
StepOutcome ClaimDonorStep(StepContext& context) {
  const absl::Time began = context.clock().Now();
  const absl::Time deadline = began + context.options.donor_wait_timeout;
  absl::Time store_answered = began;
  absl::StatusOr<int> ahead = context.ClaimDonor();
  bool joined = ahead.ok();
  while (!ahead.ok() || *ahead > 0) {
    const absl::Time now = context.clock().Now();
    if (ahead.ok()) {
      store_answered = now;
      ShowPlace(context, *ahead);
      if (now >= deadline) return WaitedTooLong(context, *ahead);
    } else if (!IsAway(ahead.status()) || now - store_answered >= kStorePatience) {
      return Annotate(ahead.status(), "claim of the donor");
    }
    GRAFT_RETURN_IF_ERROR(context.Wait(kLookEvery));
    ahead = joined ? LookAhead(context) : context.ClaimDonor();
    joined = joined || ahead.ok();
  }
  ShowPlace(context, 0);
  return absl::OkStatus();
}

}  // namespace graft
