#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/files.h"
#include "mysqld/commands.h"

namespace graft {
namespace {

size_t SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<size_t>(size);
}

class Parent {
 public:
  Parent(const RunOptions& options, SignalQueue& signals)
      : options_(options), signals_(signals), policy_(options.limits) {}

  absl::StatusOr<int> Run() {
    while (true) {
      GRAFT_RETURN_IF_ERROR(Start());
      bool stopping = false;
      const ExitStatus status = AwaitChild(pid_, signals_, [&] {
        options_.log("stopping mysqld");
        stopping = true;
      });
      if (stopping) return Stopped(status);
      AddToErrorLog(status);
      const RestartDecision decision = policy_.OnExit(status, clock_->Now());
      Tell(status, decision);
      if (decision.kind != RestartDecision::Kind::kRestart) return decision.exit_code;
      if (!Pause(decision.delay)) return 0;
    }
  }

 private:
  absl::Status Start() {
    log_offset_ = SizeOf(options_.paths.error_log());
    const absl::StatusOr<int> stale = RemoveStaleDoublewrite(options_.paths.data());
    if (!stale.ok()) {
      options_.log(absl::StrCat("doublewrite files of the data before the clone: ",
                                stale.status().message()));
    } else if (*stale > 0) {
      options_.log(
          absl::StrCat("removed ", *stale, " doublewrite files of the data before the clone"));
    }
    ChildCommand command;
    command.argv = {options_.mysqld, "--defaults-file=" + options_.paths.my_cnf()};
    GRAFT_ASSIGN_OR_RETURN(pid_, SpawnChild(command));
    options_.log(absl::StrCat("mysqld started as process ", pid_, " on ", options_.paths.dir));
    return absl::OkStatus();
  }

  // After our SIGTERM. 16: it had been asked to restart at the same moment.
  int Stopped(const ExitStatus& status) {
    const bool clean = status.signal == 0 && (status.code == 0 || status.code == 16);
    options_.log(absl::StrCat("mysqld ended with ", status.ToString()));
    if (clean) return 0;
    return status.signal == 0 ? status.code : 1;
  }

  // graftd reads there how mysqld ended (src/host/error_log.cc); mysqld itself cannot say it.
  void AddToErrorLog(const ExitStatus& status) const {
    const std::string time =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", clock_->Now(), absl::UTCTimeZone());
    AppendToFile(options_.paths.error_log(),
                 absl::StrCat(time, " 0 [Note] [graft-mysqld] mysqld (process ", pid_,
                              ") ended with ", status.ToString(), "\n"))
        .IgnoreError();
  }

  void Tell(const ExitStatus& status, const RestartDecision& decision) {
    std::string text = absl::StrCat("mysqld (process ", pid_, ") ended with ", status.ToString());
    const std::string errors = LastErrors(options_.paths.error_log(), log_offset_);
    if (!errors.empty() && decision.kind != RestartDecision::Kind::kRestart) {
      absl::StrAppend(&text, ": ", errors);
    }
    if (decision.kind == RestartDecision::Kind::kRestart) {
      absl::StrAppend(&text, "; starting it again");
      if (decision.delay > absl::ZeroDuration()) {
        absl::StrAppend(&text, " in ", HumanDuration(decision.delay));
      }
    } else if (decision.kind == RestartDecision::Kind::kGiveUp) {
      absl::StrAppend(&text, "; giving up after ", options_.limits.max_crashes, " crashes within ",
                      HumanDuration(options_.limits.window), "; see ", options_.paths.error_log());
    } else if (decision.exit_code != 0) {
      absl::StrAppend(&text, "; not starting it again; see ", options_.paths.error_log());
    }
    options_.log(text);
  }

  // Waits, unless told to stop. Returns whether to go on.
  bool Pause(absl::Duration delay) {
    const absl::Time until = clock_->Now() + delay;
    for (absl::Time now = clock_->Now(); now < until; now = clock_->Now()) {
      const std::optional<int> signal = signals_.Next(until - now);
      if (signal == SIGTERM || signal == SIGINT) return false;
    }
    return true;
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  const RunOptions& options_;
  SignalQueue& signals_;
  RestartPolicy policy_;
  pid_t pid_ = 0;
  size_t log_offset_ = 0;
};

absl::Status CheckDirectory(const TabletPaths& paths) {
  std::error_code error;
  if (!std::filesystem::exists(paths.my_cnf(), error)) {
    return absl::FailedPreconditionError(absl::StrCat(
        paths.dir, " holds no my.cnf: it is not initialised; run graft-mysqld init first"));
  }
  return absl::OkStatus();
}

absl::Status CheckNoMysqld(const TabletPaths& paths) {
  const std::optional<pid_t> pid = FindLiveMysqld(paths);
  if (!pid.has_value()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("a mysqld (process ", *pid, ") already runs on ", paths.dir,
                   ", left by an earlier parent or started by somebody else; end it with "
                   "kill -TERM ",
                   *pid, ", then run again"));
}

absl::Status CheckPort(const TabletPaths& paths) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(paths.my_cnf()));
  int port = 3306;
  const std::optional<std::string> value = FindMyCnfValue(text, "port");
  // A port that is no number is mysqld's to refuse.
  if (value.has_value() && !absl::SimpleAtoi(*value, &port)) return absl::OkStatus();
  return CheckPortFree(FindMyCnfValue(text, "bind_address").value_or(""), port);
}

}  // namespace

absl::StatusOr<int> RunMysqld(const RunOptions& options, SignalQueue& signals) {
  GRAFT_RETURN_IF_ERROR(CheckDirectory(options.paths));
  GRAFT_ASSIGN_OR_RETURN(const FileLock lock, LockTablet(options.paths));
  GRAFT_RETURN_IF_ERROR(CheckNoMysqld(options.paths));
  GRAFT_RETURN_IF_ERROR(CheckPort(options.paths));
  setenv("MYSQLD_PARENT_PID", absl::StrCat(getpid()).c_str(), /*overwrite=*/1);
  return Parent(options, signals).Run();
}

}  // namespace graft
