#include "mysqld/mysqld_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr int kMysqldFailureExit = 2;   // MYSQLD_FAILURE_EXIT in MySQL's sql/sql_const.h
constexpr int kMysqldRestartExit = 16;  // MYSQLD_RESTART_EXIT

bool IsProgram(const std::string& path) {
  return access(path.c_str(), X_OK) == 0;
}

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

ExitStatus ExitStatus::FromWait(int wait_status) {
  ExitStatus status;
  if (WIFSIGNALED(wait_status)) {
    status.signal = WTERMSIG(wait_status);
  } else {
    status.code = WEXITSTATUS(wait_status);
  }
  return status;
}

std::string ExitStatus::ToString() const {
  if (signal == 0) return absl::StrCat("exit code ", code);
  const char* name = sigdescr_np(signal);
  return absl::StrCat("signal ", signal, " (", name == nullptr ? "unknown" : name, ")");
}

RestartDecision RestartPolicy::OnExit(const ExitStatus& status, absl::Time now) {
  using Kind = RestartDecision::Kind;
  const bool exited = status.signal == 0;
  if (exited && status.code == kMysqldRestartExit) return {Kind::kRestart, {}, 0};
  if (exited && status.code != kMysqldFailureExit) return {Kind::kExit, {}, status.code};
  while (!crashes_.empty() && crashes_.front() <= now - limits_.window) crashes_.pop_front();
  crashes_.push_back(now);
  const int crashes = static_cast<int>(crashes_.size());
  if (crashes >= limits_.max_crashes) return {Kind::kGiveUp, {}, 1};
  if (crashes == 1) return {Kind::kRestart, {}, 0};
  absl::Duration delay = limits_.backoff;
  for (int i = 2; i < crashes && delay < limits_.max_backoff; ++i) delay *= 2;
  return {Kind::kRestart, std::min(delay, limits_.max_backoff), 0};
}

absl::StatusOr<pid_t> SpawnChild(const ChildCommand& command) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (command.stdout_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, command.stdout_fd, STDOUT_FILENO);
  }
  if (command.inherit_fd >= 0) {
    // dup2 onto itself clears close-on-exec here (glibc 2.29).
    posix_spawn_file_actions_adddup2(&actions, command.inherit_fd, command.inherit_fd);
  }
  std::vector<char*> argv;
  argv.reserve(command.argv.size() + 1);
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  const std::string text = absl::StrCat("cannot start ", command.argv[0], ": ", strerror(error));
  return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
}

Fd MemoryFile() {
  return Fd(memfd_create("graft-mysqld", MFD_CLOEXEC));
}

std::string PathOf(const Fd& file) {
  return absl::StrCat("/proc/self/fd/", file.get());
}

SignalQueue::SignalQueue(std::initializer_list<int> signals) {
  sigemptyset(&signals_);
  for (const int signal : signals) sigaddset(&signals_, signal);
  sigprocmask(SIG_BLOCK, &signals_, &before_);
}

SignalQueue::~SignalQueue() {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalQueue::Next(absl::Duration limit) {
  const timespec timeout =
      absl::ToTimespec(std::clamp(limit, absl::ZeroDuration(), absl::Hours(24)));
  const int signal = sigtimedwait(&signals_, nullptr, &timeout);
  return signal > 0 ? std::optional<int>(signal) : std::nullopt;
}

ExitStatus AwaitChild(pid_t pid, SignalQueue& signals, const std::function<void()>& on_stop) {
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) != pid) {
    const std::optional<int> signal = signals.Next(absl::InfiniteDuration());
    if (signal == SIGHUP) {
      kill(pid, SIGHUP);
    } else if (signal == SIGTERM || signal == SIGINT) {
      on_stop();
      kill(pid, SIGTERM);
    }
  }
  return ExitStatus::FromWait(status);
}

absl::StatusOr<std::string> FindMysqld(const std::string& flag) {
  if (!flag.empty()) {
    if (IsProgram(flag)) return flag;
    return absl::NotFoundError(absl::StrCat("--mysqld ", flag, " is no program that can be run"));
  }
  const std::string home = Variable("GRAFT_MYSQL_HOME");
  if (!home.empty()) {
    for (const char* dir : {"/bin/mysqld", "/sbin/mysqld"}) {
      if (IsProgram(home + dir)) return home + dir;
    }
    return absl::NotFoundError(
        absl::StrCat("GRAFT_MYSQL_HOME is ", home, ", but there is no bin/mysqld or sbin/mysqld"));
  }
  std::vector<std::string> dirs = absl::StrSplit(Variable("PATH"), ':', absl::SkipEmpty());
  dirs.insert(dirs.end(), {"/usr/sbin", "/usr/local/sbin"});
  for (const std::string& dir : dirs) {
    const std::string path = dir + "/mysqld";
    if (IsProgram(path)) return path;
  }
  return absl::NotFoundError(
      "no mysqld in --mysqld, GRAFT_MYSQL_HOME or PATH: install MySQL 8.0.17 or newer, or set "
      "GRAFT_MYSQL_HOME to what scripts/setup --print-mysql-home prints");
}

absl::StatusOr<ServerVersion> ParseMysqldVersion(absl::string_view printed) {
  const absl::string_view shown = absl::StripAsciiWhitespace(printed);
  if (absl::StrContains(printed, "MariaDB")) {
    return absl::FailedPreconditionError(
        absl::StrCat("this mysqld is MariaDB's, which has no CLONE: ", shown));
  }
  const size_t at = printed.find("Ver ");
  const absl::StatusOr<ServerVersion> version =
      ServerVersion::Parse(at == absl::string_view::npos ? "" : printed.substr(at + 4));
  if (!version.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("mysqld --version prints no version: \"", shown, "\""));
  }
  if (!version->AtLeast(8, 0, 17)) {
    return absl::FailedPreconditionError(
        absl::StrCat("mysqld is ", version->ToString(), "; CLONE needs 8.0.17 or newer"));
  }
  return *version;
}

absl::StatusOr<ServerVersion> MysqldVersion(const std::string& mysqld) {
  const Fd output = MemoryFile();
  if (!output.ok()) return absl::UnavailableError(absl::StrCat("memfd: ", strerror(errno)));
  ChildCommand command;
  command.argv = {mysqld, "--no-defaults", "--version"};
  command.stdout_fd = output.get();
  GRAFT_ASSIGN_OR_RETURN(const pid_t pid, SpawnChild(command));
  waitpid(pid, nullptr, 0);
  GRAFT_ASSIGN_OR_RETURN(const std::string printed, ReadFile(PathOf(output)));
  absl::StatusOr<ServerVersion> version = ParseMysqldVersion(printed);
  if (!version.ok()) return Annotate(version.status(), mysqld);
  return version;
}

}  // namespace graft
