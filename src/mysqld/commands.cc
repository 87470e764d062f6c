#include "mysqld/commands.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/clocks.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/files.h"

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
  const std::string off = FindMyCnfValue(text, "skip_networking").value_or("OFF");
  if (off == "ON" || off == "1") return absl::OkStatus();
  int port = 3306;
  const std::optional<std::string> value = FindMyCnfValue(text, "port");
  // A port that is no number is mysqld's to refuse.
  if (value.has_value() && !absl::SimpleAtoi(*value, &port)) return absl::OkStatus();
  return CheckPortFree(FindMyCnfValue(text, "bind_address").value_or(""), port);
}

namespace fs = std::filesystem;

// Everything is made in here, inside the directory, which may be a mount point, and moved up when
// whole; my.cnf last.
constexpr char kWorkName[] = ".graft-init";

// Names that do not make a directory used: ours of an init that was killed, and a file system's.
bool IsIgnored(const std::string& name) {
  return name == kWorkName || name == "graft-mysqld.lock" || name == "lost+found";
}

absl::Status CheckEmpty(const std::string& dir) {
  std::error_code error;
  if (!fs::exists(dir, error)) return absl::OkStatus();
  fs::directory_iterator entries(dir, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot list ", dir, ": ", error.message()));
  }
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (IsIgnored(name)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(dir, " is not empty (it holds ", name,
                     "): nothing was changed; give an empty or a new --data-dir"));
  }
  return absl::OkStatus();
}

std::string WithoutSecrets(std::string text, const Accounts& accounts) {
  for (const Account* account : {&accounts.dba, &accounts.repl, &accounts.clone}) {
    const std::string& password = account->password.Reveal();
    if (!password.empty()) absl::StrReplaceAll({{password, "<secret>"}}, &text);
  }
  return text;
}

// mysqld --initialize in the work folder, with the tablet's own settings.
absl::Status Initialize(const InitOptions& options, const std::string& work, const std::string& sql,
                        SignalQueue& signals) {
  const Fd secret = MemoryFile();  // so that no password ever lies on a disk
  if (!secret.ok() || !WriteFile(PathOf(secret), sql).ok()) {
    return absl::UnavailableError(absl::StrCat("memfd: ", strerror(errno)));
  }
  ChildCommand command;
  command.inherit_fd = secret.get();
  command.argv = {options.mysqld, absl::StrCat("--defaults-file=", work, "/my.cnf"),
                  "--initialize-insecure", absl::StrCat("--datadir=", work, "/data"),
                  absl::StrCat("--log-error=", work, "/error.log"), "--init-file=" + PathOf(secret),
                  // Else the accounts would be transactions of this server's own, errant ones for
                  // any other.
                  "--disable-log-bin"};
  GRAFT_ASSIGN_OR_RETURN(const pid_t pid, SpawnChild(command));
  bool interrupted = false;
  const ExitStatus status = AwaitChild(pid, signals, [&] { interrupted = true; });
  if (interrupted) return absl::CancelledError("interrupted");
  if (status.signal == 0 && status.code == 0) return absl::OkStatus();
  const std::string errors = LastErrors(work + "/error.log");
  return absl::UnavailableError(absl::StrCat(
      "mysqld --initialize ended with ", status.ToString(), ": ",
      errors.empty() ? "it logged no error" : WithoutSecrets(errors, options.accounts)));
}

absl::Status MoveUp(const std::string& work, const std::string& dir) {
  for (const char* name : {"data", "error.log", "my.cnf"}) {
    std::error_code error;
    fs::rename(absl::StrCat(work, "/", name), absl::StrCat(dir, "/", name), error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot move ", name, " to ", dir, ": ", error.message()));
    }
  }
  return absl::OkStatus();
}

void Discard(const TabletPaths& paths, bool made_dir) {
  std::error_code ignored;
  for (const std::string& path : {paths.my_cnf(), paths.error_log(), paths.data(),
                                  absl::StrCat(paths.dir, "/", kWorkName), paths.lock()}) {
    fs::remove_all(path, ignored);
  }
  if (made_dir) fs::remove(paths.dir, ignored);
}

absl::Status FillDirectory(const InitOptions& options, const std::string& sql,
                           SignalQueue& signals) {
  const TabletPaths& paths = options.my_cnf.paths;
  const std::string work = absl::StrCat(paths.dir, "/", kWorkName);
  std::error_code error;
  fs::remove_all(work, error);
  if (mkdir(work.c_str(), 0750) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make ", work, ": ", strerror(errno)));
  }
  GRAFT_RETURN_IF_ERROR(WriteFile(work + "/my.cnf", MyCnfText(options.my_cnf)));
  GRAFT_RETURN_IF_ERROR(Initialize(options, work, sql, signals));
  GRAFT_RETURN_IF_ERROR(MoveUp(work, paths.dir));
  fs::remove_all(work, error);
  return absl::OkStatus();
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

absl::Status InitTablet(const InitOptions& options, SignalQueue& signals) {
  const TabletPaths& paths = options.my_cnf.paths;
  GRAFT_RETURN_IF_ERROR(CheckMyCnfOptions(options.my_cnf));
  GRAFT_ASSIGN_OR_RETURN(const std::string sql, AccountSql(options.accounts));
  GRAFT_RETURN_IF_ERROR(CheckEmpty(paths.dir));
  std::error_code error;
  const bool made_dir = fs::create_directories(paths.dir, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", paths.dir, ": ", error.message()));
  }
  // The socket lies in here, and accounts may have no password.
  if (made_dir) chmod(paths.dir.c_str(), 0750);
  GRAFT_ASSIGN_OR_RETURN(const FileLock lock, LockTablet(paths));
  // Again, now that nobody else can fill it.
  GRAFT_RETURN_IF_ERROR(CheckEmpty(paths.dir));
  absl::Status status = FillDirectory(options, sql, signals);
  if (!status.ok()) Discard(paths, made_dir);
  return status;
}

}  // namespace graft
