// await_restart: the copy is made; the server goes down and comes back on it. Supervised, it does
// so by itself; otherwise it ended with 3707 and whoever runs mysqld starts it.

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/steps/clone_watch.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(10);
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);
constexpr absl::Duration kLookAtFilesEvery = absl::Seconds(1);
constexpr absl::Duration kReadErrorLogEvery = absl::Milliseconds(250);
// Down for so long without a sign of a start: it was not supervised, or its supervisor is gone.
constexpr absl::Duration kAskForStartAfter = absl::Seconds(5);
// A server that starts, dies and starts again shows activity for ever: an end all the same.
constexpr int kMostBudgets = 12;

absl::Status TimedOut(absl::Duration budget, const absl::Status& last) {
  return WithReason(
      absl::DeadlineExceededError(absl::StrCat(
          "mysqld did not come back, and did nothing visible, within ", HumanDuration(budget),
          " (--clone-restart-wait-timeout) after the copy; the copy is on disk and completes when "
          "mysqld is started. Last: ",
          last.message())),
      Reason::kRestartTimeout);
}

// The donor's accounts have replaced the local ones.
absl::Status LockedOut(const absl::Status& status) {
  return WithReason(
      absl::UnauthenticatedError(absl::StrCat(
          "the clone brought the donor's accounts, and the agent's is not among them or has "
          "another password there: ",
          status.message())),
      Reason::kLockedOutAfterClone);
}

// The wait for one restart. Its budget runs anew with each sign of life.
class RestartWait {
 public:
  explicit RestartWait(StepContext& context)
      : context_(context),
        watch_(context),
        budget_(context.options.restart_wait_timeout),
        began_(context.clock().Now()),
        last_sign_(began_),
        looked_at_files_(began_) {}

  absl::Status Run() {
    absl::Duration pause = kFirstLook;
    absl::Status last = absl::UnavailableError("not asked yet");
    while (!OverBudget()) {
      const auto verdict = watch_.Look();
      last = verdict.status();
      if (verdict.ok()) {
        if (*verdict == CloneVerdict::kCompleted) return absl::OkStatus();
        GRAFT_RETURN_IF_ERROR(JudgeAnswer(*verdict));
        last = absl::UnavailableError("the server that made the copy has not gone down yet");
      } else if (HasReason(last, Reason::kClonePluginMissing)) {
        GRAFT_RETURN_IF_ERROR(InstallPlugin());
      } else if (absl::IsUnauthenticated(last) || absl::IsPermissionDenied(last)) {
        return LockedOut(last);
      } else if (absl::IsFailedPrecondition(last)) {
        return Annotate(last, "after the restart");
      } else {
        LookAtDownServer();
      }
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      pause = std::min(2 * pause, kLookEvery);
    }
    return TimedOut(budget_, last);
  }

 private:
  bool OverBudget() const {
    const absl::Time now = context_.clock().Now();
    return now - last_sign_ >= budget_ || now - began_ >= kMostBudgets * budget_;
  }

  absl::Status JudgeAnswer(CloneVerdict verdict) {
    switch (verdict) {
      case CloneVerdict::kCrashed:
      case CloneVerdict::kFailed:
        return watch_.Failure(verdict);
      case CloneVerdict::kNoTrace:
        return WithReason(absl::AbortedError("the connection was lost before CLONE began; the "
                                             "server shows no trace of it"),
                          Reason::kCloneNotStarted);
      case CloneVerdict::kRunning:  // still copying: the wait for a restart has not begun
        began_ = last_sign_ = context_.clock().Now();
        break;
      case CloneVerdict::kStopping:
      case CloneVerdict::kCompleted:
        break;
    }
    return absl::OkStatus();
  }

  // mysql.plugin is the donor's now, and the donor loads its plugin in another way (1146). The row
  // of clone_status is there again once the plugin is.
  absl::Status InstallPlugin() {
    if (std::exchange(installed_, true)) {
      return WithReason(absl::FailedPreconditionError(
                            "the clone plugin went with the old mysql.plugin table, and cannot be "
                            "installed again; put plugin-load-add=mysql_clone.so into my.cnf"),
                        Reason::kClonePluginMissing);
    }
    const absl::Status done = context_.recipient().InstallClonePlugin();
    if (absl::IsUnavailable(done)) installed_ = false;
    return absl::IsUnavailable(done) ? absl::OkStatus() : Annotate(done, "after the restart");
  }

  // What the error log says of the start; shown, and no more than that.
  void ReadErrorLog() {
    const absl::Time now = context_.clock().Now();
    if (now - read_error_log_ < kReadErrorLogEvery || context_.sampler == nullptr) return;
    read_error_log_ = now;
    const Operation& operation = context_.operation;
    const auto signs =
        context_.deps.host.ReadStartup(operation.data_directory, operation.error_log);
    if (!signs.ok() || *signs == startup_) return;
    startup_ = *signs;
    last_sign_ = now;
    context_.sampler->NoteStartup(startup_);
    context_.ReportProgress();
  }

  std::string HowItStarts() const {
    if (!startup_.starting) return "mysqld is down or recovering; its files are moving";
    if (!startup_.batch_percent.has_value()) return "mysqld is starting";
    return absl::StrCat("mysqld is recovering: ", *startup_.batch_percent, "% of redo batch ",
                        startup_.batch);
  }

  // Nobody answers: is somebody starting?
  void LookAtDownServer() {
    ReadErrorLog();
    const absl::Time now = context_.clock().Now();
    if (now - looked_at_files_ < kLookAtFilesEvery) return;
    looked_at_files_ = now;
    const Operation& operation = context_.operation;
    const auto activity =
        context_.deps.host.Activity(operation.data_directory, operation.error_log);
    if (activity.ok() && *activity != activity_) {
      if (!activity_.empty()) last_sign_ = now;
      activity_ = *activity;
    }
    const absl::Duration silent = now - last_sign_;
    Note(silent < kAskForStartAfter
             ? HowItStarts()
             : absl::StrCat("mysqld is down and nothing moves for ",
                            HumanDuration(absl::Trunc(silent, absl::Seconds(1))),
                            "; is anybody going to start it?"));
    if (silent >= kAskForStartAfter) AskForStart();
  }

  void AskForStart() {
    if (asked_for_start_ || context_.deps.start_server == nullptr) return;
    asked_for_start_ = true;
    const absl::Status asked = context_.deps.start_server();
    Note(asked.ok() ? "mysqld was down after the copy; its start was asked for"
                    : absl::StrCat("mysqld is down, and could not be started: ", asked.message()));
  }

  void Note(std::string note) {
    std::string& shown = context_.operation.progress.note;
    if (shown == note) return;
    shown = std::move(note);
    context_.ReportProgress();
  }

  StepContext& context_;
  CloneWatch watch_;
  const absl::Duration budget_;
  absl::Time began_;
  absl::Time last_sign_;
  absl::Time looked_at_files_;
  absl::Time read_error_log_ = absl::InfinitePast();
  StartupSigns startup_;
  std::string activity_;
  bool installed_ = false;
  bool asked_for_start_ = false;
};

}  // namespace

// OK: a new server process answers and says that this run is Completed.
absl::Status AwaitRestartStep(StepContext& context) {
  context.control->Seal();
  absl::Status status = RestartWait(context).Run();
  context.operation.progress.note.clear();
  return status;
}

}  // namespace graft
