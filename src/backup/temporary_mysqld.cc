#include "backup/temporary_mysqld.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr char kLockName[] = "/graft-backup.lock";
constexpr char kMadeFolder[] = ", which made the folder ";
constexpr char kStoringName[] = "/storing";
// mysqld's own end, with its buffers to write.
constexpr absl::Duration kEndPatience = absl::Minutes(2);
constexpr absl::Duration kEndPause = absl::Milliseconds(200);

// Nobody needs what an earlier graft-backup's mysqld works on; and if its parent was killed, too,
// nobody else ends it.
absl::Status EndLeftMysqld(Clock& clock, const std::string& server) {
  Cancellation never;
  const absl::Time deadline = clock.Now() + kEndPatience;
  while (const std::optional<pid_t> pid = FindLiveMysqld(PathsOf(server))) {
    if (clock.Now() >= deadline) {
      return absl::FailedPreconditionError(
          absl::StrCat("the mysqld of an earlier graft-backup (process ", *pid, ") on ", server,
                       " did not end within ", HumanDuration(kEndPatience),
                       ": end it, then try "
                       "again"));
    }
    kill(*pid, SIGKILL);
    never.WaitFor(clock, kEndPause);
  }
  return absl::OkStatus();
}

// A folder that is not empty is ours only if the lock's file is in it.
absl::Status CheckOurs(const std::string& path) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(path));
  std::error_code error;
  if (names.empty() || fs::exists(path + kLockName, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--work-dir ", path, " holds ", names.front(),
                   ", which no graft-backup has made: nothing was changed; name another folder"));
}

// The highest part of `path` that does not exist; empty: all of it does.
std::string FirstMissing(const fs::path& path) {
  std::error_code ignored;
  std::string missing;
  for (fs::path part = path; !part.empty() && !fs::exists(part, ignored);
       part = part.parent_path()) {
    missing = part.string();
  }
  return missing;
}

// Who works, or worked, in the folder says what was made for it.
std::string MadeBefore(const std::string& path) {
  const std::string holder = ReadFile(path + kLockName).value_or("");
  const size_t at = holder.find(kMadeFolder);
  if (at == std::string::npos) return "";
  return std::string(absl::StripAsciiWhitespace(holder.substr(at + sizeof(kMadeFolder) - 1)));
}

// `top` and what lies between it and `path`, as far as nothing else is in there.
void RemoveMade(fs::path path, const std::string& top) {
  std::error_code error;
  while (path.string().size() >= top.size() && fs::remove(path, error)) path = path.parent_path();
}

absl::Status FillAnew(const std::string& data, const TemporaryMysqld::Fill& fill,
                      SignalQueue& signals) {
  std::error_code error;
  fs::remove_all(data, error);
  if (error) return FileError("remove", data, error.value());
  GRAFT_RETURN_IF_ERROR(MakeDirectory(data));
  std::atomic<bool> told = false;
  return fill(data, [&] {
    const std::optional<int> signal = signals.Next(absl::ZeroDuration());
    if (signal == SIGTERM || signal == SIGINT) told = true;
    return told.load();
  });
}

// Why the child gave up, code and text, for the parent.
std::string CausePath(const TabletPaths& paths) {
  return paths.dir + ".cause";
}

// Process `parent`'s child: it has no other thread.
int RunChild(const InitOptions& options, const TemporaryMysqld::Fill& fill, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  setpgid(0, 0);  // a terminal's Ctrl-C is for the parent, which stops this process in its turn
  SignalQueue signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP});
  close_range(STDERR_FILENO + 1, ~0U, 0);  // the lock of the work folder is the parent's alone
  if (getppid() != parent) return 1;
  const auto log = [](absl::string_view text) {
    std::cerr << "graft-backup: temporary mysqld: " << text << std::endl;
  };
  absl::Status made = InitTablet(options, signals);
  if (made.ok() && fill != nullptr) made = FillAnew(options.my_cnf.paths.data(), fill, signals);
  absl::StatusOr<int> code = 1;
  if (made.ok()) {
    RunOptions run;
    run.mysqld = options.mysqld;
    run.paths = options.my_cnf.paths;
    run.log = log;
    code = RunMysqld(run, signals);
    made = code.status();
  }
  if (!made.ok()) {
    log(made.message());
    WriteFile(CausePath(options.my_cnf.paths), absl::StrCat(made.raw_code(), " ", made.message()))
        .IgnoreError();
  }
  return made.ok() ? *code : 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkFolder>> WorkFolder::Open(Clock& clock,
                                                             const std::string& path) {
  std::error_code error;
  std::string whole = fs::absolute(path).lexically_normal().string();
  while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
  std::string made = FirstMissing(whole);
  if (made.empty()) made = MadeBefore(whole);
  fs::create_directories(whole, error);
  if (error) return FileError("make", whole, error.value());
  GRAFT_RETURN_IF_ERROR(CheckOurs(whole));
  absl::StatusOr<FileLock> lock =
      LockFile(whole + kLockName, absl::StrCat(getpid(), made.empty() ? "" : kMadeFolder, made));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(absl::StrCat("another graft-backup (process ",
                                                      lock.status().message(), ") works in ", whole,
                                                      ": wait for its end"));
  }
  GRAFT_RETURN_IF_ERROR(lock.status());
  std::unique_ptr<WorkFolder> folder(new WorkFolder(whole, made));
  GRAFT_RETURN_IF_ERROR(EndLeftMysqld(clock, folder->server()));
  folder->left_backup_ = ReadFile(whole + kStoringName).value_or("");
  for (const std::string& left :
       {folder->server(), CausePath(PathsOf(folder->server())), folder->journal()}) {
    if (fs::remove_all(left, error) > 0) folder->cleaned_ = true;
    if (error) return FileError("remove", left, error.value());
  }
  folder->lock_ = *std::move(lock);  // from here on the destructor removes what is there
  return folder;
}

WorkFolder::~WorkFolder() {
  if (!lock_.has_value()) return;
  std::error_code ignored;
  for (const std::string& path : {server(), CausePath(PathsOf(server())), journal()}) {
    fs::remove_all(path, ignored);
  }
  if (!left_backup_.empty()) return;  // for the next one
  for (const std::string& path : {path_ + kStoringName, path_ + kLockName}) {
    fs::remove(path, ignored);
  }
  if (!made_.empty()) RemoveMade(path_, made_);
}

absl::Status WorkFolder::NoteBackup(const std::string& folder) const {
  GRAFT_RETURN_IF_ERROR(ReplaceFile(path_ + kStoringName, folder));
  return SyncDirectory(path_);
}

absl::StatusOr<std::unique_ptr<TemporaryMysqld>> TemporaryMysqld::Start(const InitOptions& options,
                                                                        const Fill& fill) {
  const pid_t parent = getpid();
  std::cerr.flush();
  const pid_t pid = fork();
  if (pid < 0) return FileError("fork for", options.mysqld, errno);
  if (pid == 0) _exit(RunChild(options, fill, parent));
  return std::unique_ptr<TemporaryMysqld>(new TemporaryMysqld(pid, options.my_cnf.paths));
}

absl::Status TemporaryMysqld::Ended(int wait_status) {
  pid_ = 0;
  const ExitStatus status = ExitStatus::FromWait(wait_status);
  if (status.signal == 0 && status.code == 0) return absl::OkStatus();
  const std::string cause = ReadFile(CausePath(paths_)).value_or("");
  const std::pair<std::string, std::string> parts = absl::StrSplit(cause, absl::MaxSplits(' ', 1));
  int code = 0;
  if (absl::SimpleAtoi(parts.first, &code)) {
    return absl::Status(static_cast<absl::StatusCode>(code),
                        absl::StrCat("the temporary mysqld: ", parts.second));
  }
  const std::string errors = LastErrors(paths_.error_log());
  return absl::UnavailableError(absl::StrCat("the temporary mysqld ended with ", status.ToString(),
                                             errors.empty() ? "" : ": ", errors));
}

bool TemporaryMysqld::HasEnded() {
  int status = 0;
  if (pid_ != 0 && waitpid(pid_, &status, WNOHANG) == pid_) end_ = Ended(status);
  return pid_ == 0;
}

absl::Status TemporaryMysqld::CheckRuns() {
  if (!HasEnded()) return absl::OkStatus();
  return end_.ok() ? absl::UnavailableError("the temporary mysqld has ended") : end_;
}

absl::Status TemporaryMysqld::Stop(absl::Duration patience) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  Cancellation never;
  const absl::Time deadline = clock->Now() + patience;
  if (!HasEnded()) kill(pid_, SIGTERM);
  while (!HasEnded() && clock->Now() < deadline) never.WaitFor(*clock, kEndPause);
  if (!HasEnded()) {
    kill(pid_, SIGKILL);
    while (!HasEnded()) never.WaitFor(*clock, kEndPause);
    end_ = absl::UnavailableError(
        absl::StrCat("the temporary mysqld did not end within ", HumanDuration(patience)));
  }
  // A parent that was killed leaves its mysqld.
  while (const std::optional<pid_t> mysqld = FindLiveMysqld(paths_)) {
    kill(*mysqld, SIGKILL);
    never.WaitFor(*clock, kEndPause);
  }
  return end_;
}

// What it holds is not needed any more.
TemporaryMysqld::~TemporaryMysqld() {
  Stop(absl::Seconds(30)).IgnoreError();
}

}  // namespace graft
