// await_restart: the copy is complete; the server goes down and comes back on the copy. A
// supervisor starts mysqld again. Without a supervisor CLONE ended with 3707, and somebody must
// start mysqld.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/clone_watch.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(10);
constexpr absl::Duration kMostPause = absl::Milliseconds(50);
// One refusal may pass; the donor's accounts that replaced the local ones do not.
constexpr absl::Duration kDeniedPatience = absl::Seconds(10);

class RestartWait {
 public:
  explicit RestartWait(StepContext& context) : context_(context), watch_(context), down_(context) {}

  StepOutcome Run() {
    absl::Duration pause = kFirstLook;
    while (true) {
      const auto verdict = watch_.Look();
      const std::optional<StepOutcome> over =
          verdict.ok() ? Judge(*verdict) : NoLook(verdict.status());
      if (over.has_value()) return *over;
      if (!context_.Wait(pause).ok()) return StepOutcome::LeaveRunning();
      pause = std::min(2 * pause, kMostPause);
    }
  }

 private:
  std::optional<StepOutcome> Judge(CloneVerdict verdict) {
    down_.DeniedFor(absl::OkStatus());
    switch (verdict) {
      case CloneVerdict::kCompleted:
        return StepOutcome::Advance();
      case CloneVerdict::kRunning:  // so it is not copied yet, whatever was said
        return StepOutcome::Advance(Step::kClone);
      case CloneVerdict::kStopping:
        return StillThere();
      case CloneVerdict::kCrashed:
        return Over(CrashedInTheCopy());
      case CloneVerdict::kFailed:
        return Over(watch_.Failure());
      case CloneVerdict::kNoTrace:
      case CloneVerdict::kContradicts:
        return LostTrace();
    }
    return std::nullopt;
  }

  std::optional<StepOutcome> Over(const absl::Status& why) {
    watch_.Conclude(watch_.Left());
    return StepOutcome(why);
  }

  // The server that made the copy answers for a while before it goes down.
  std::optional<StepOutcome> StillThere() {
    return down_.Look(
        absl::UnavailableError("the server that made the copy has not gone down yet"));
  }

  // A new process of the server that has nothing to say of a copy that was made.
  std::optional<StepOutcome> LostTrace() {
    const auto server = context_.recipient().Describe();
    if (!server.ok()) return NoLook(server.status());
    const SentClone& clone = *context_.state.clone;
    if (!clone.process.empty() && server->process == clone.process) return StillThere();
    watch_.Conclude(OnceDropped(JudgeByServer(*server, clone, context_.state.data_before)));
    return StepOutcome(Failure(Reason::kCloneNotStarted,
                               "the server shows no trace of the clone that it said was made"));
  }

  std::optional<StepOutcome> NoLook(const absl::Status& look) {
    if (HasReason(look, Reason::kClonePluginMissing)) return InstallPlugin();
    if (const auto denied = down_.DeniedFor(look)) {
      if (*denied < kDeniedPatience) return std::nullopt;
      return StepOutcome::Stop(LockedOut(look));
    }
    if (HasReason(look, Reason::kMysqlGone)) return down_.Look(look);
    context_.Note(absl::StrCat("mysqld cannot be looked at: ", look.message()));
    return std::nullopt;
  }

  // mysql.plugin is the donor's now, and the donor loads its plugin in another way (1146). The row
  // of clone_status is there again once the plugin is.
  std::optional<StepOutcome> InstallPlugin() {
    const absl::Status done = context_.recipient().InstallClonePlugin();
    if (IsAway(done)) return std::nullopt;
    if (done.ok() && !std::exchange(installed_, true)) return std::nullopt;
    return StepOutcome::Stop(
        Failure(Reason::kClonePluginMissing,
                absl::StrCat("the clone plugin went with the old mysql.plugin table, and cannot be "
                             "installed again; put plugin-load-add=mysql_clone.so into my.cnf",
                             done.ok() ? "" : ": ", done.message())));
  }

  StepContext& context_;
  CloneWatch watch_;
  DownServer down_;
  bool installed_ = false;
};

}  // namespace

absl::Status LockedOut(const absl::Status& look) {
  return Failure(Reason::kLockedOutAfterClone,
                 absl::StrCat("the clone brought the donor's accounts, and the agent's is not "
                              "among them or has another password there: ",
                              look.message()));
}

// Advance: a new server process answers and says that this run is Completed; or, to clone, that
// the copy still runs.
StepOutcome AwaitRestartStep(StepContext& context) {
  context.ReleaseDonor(/*copied=*/true);  // its clone session is gone
  StepOutcome outcome = RestartWait(context).Run();
  context.operation.progress.note.clear();
  return outcome;
}

}  // namespace graft
