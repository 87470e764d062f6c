// await_restart: the copy is made; the server goes down and comes back on it. Supervised, it does
// so by itself; otherwise it ended with 3707 and whoever runs mysqld starts it.

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/clone_watch.h"
#include "provision/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(10);
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);

absl::Status TimedOut(absl::Duration budget, const absl::Status& last) {
  return WithReason(
      absl::DeadlineExceededError(absl::StrCat(
          "mysqld did not come back within ", HumanDuration(budget),
          " (--clone-restart-wait-timeout) after the copy; the copy is on disk and completes when "
          "mysqld is started. Last: ",
          last.message())),
      "RESTART_TIMEOUT");
}

// The donor's accounts have replaced the local ones.
absl::Status LockedOut(const absl::Status& status) {
  return WithReason(
      absl::UnauthenticatedError(absl::StrCat(
          "the clone brought the donor's accounts, and the agent's is not among them or has "
          "another password there: ",
          status.message())),
      "LOCKED_OUT_AFTER_CLONE");
}

}  // namespace

// OK: a new server process answers and says that this run is Completed.
absl::Status AwaitRestartStep(StepContext& context) {
  const absl::Duration budget = context.options.restart_wait_timeout;
  absl::Time deadline = context.clock().Now() + budget;
  absl::Duration pause = kFirstLook;
  CloneWatch watch(context);
  absl::Status last = absl::UnavailableError("not asked yet");
  while (context.clock().Now() < deadline) {
    const auto verdict = watch.Look();
    last = verdict.status();
    if (verdict.ok()) {
      switch (*verdict) {
        case CloneVerdict::kCompleted:
          return absl::OkStatus();
        case CloneVerdict::kCrashed:
        case CloneVerdict::kFailed:
          return watch.Failure(*verdict);
        case CloneVerdict::kNoTrace:
          return WithReason(absl::AbortedError("the connection was lost before CLONE began; the "
                                               "server shows no trace of it"),
                            "CLONE_NOT_STARTED");
        case CloneVerdict::kRunning:  // still copying: the wait for a restart has not begun
          deadline = context.clock().Now() + budget;
          last = absl::UnavailableError("the clone is still running");
          break;
        case CloneVerdict::kStopping:
          last = absl::UnavailableError("the server has not gone down yet");
          break;
      }
    } else if (absl::IsUnauthenticated(last) || absl::IsPermissionDenied(last)) {
      return LockedOut(last);
    } else if (absl::IsFailedPrecondition(last)) {
      return Annotate(last, "after the restart");  // the plugin is gone with the old mysql.plugin
    }
    GRAFT_RETURN_IF_ERROR(context.Wait(pause));
    pause = std::min(2 * pause, kLookEvery);
  }
  return TimedOut(budget, last);
}

}  // namespace graft
