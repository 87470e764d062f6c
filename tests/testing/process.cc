#include "testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "testing/realtime_waits.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

// PR_SET_PDEATHSIG speaks when the thread that forked ends, not when its process does: so all forks
// are made on one thread that never ends.
class Spawner {
 public:
  static Spawner& Get() {
    static auto* const spawner = new Spawner();
    return *spawner;
  }

  pid_t Run(const std::function<pid_t()>& fork_one) {
    std::packaged_task<pid_t()> task(fork_one);
    std::future<pid_t> result = task.get_future();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return result.get();
  }

 private:
  Spawner() { std::thread(&Spawner::Loop, this).detach(); }

  void Loop() {
    while (true) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return !tasks_.empty(); });
      std::packaged_task<pid_t()> task = std::move(tasks_.back());
      tasks_.pop_back();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::packaged_task<pid_t()>> tasks_;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> Environment(const std::vector<std::string>& extra) {
  // execve's callee takes the first of two entries with one name.
  std::vector<std::string> result = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) result.emplace_back(*entry);
  return result;
}

std::string FindProgram(const std::string& name) {
  if (absl::StrContains(name, "/")) return name;
  const char* path = getenv("PATH");
  std::istringstream dirs(path == nullptr ? "" : path);
  for (std::string dir; std::getline(dirs, dir, ':');) {
    std::string candidate = absl::StrCat(dir, "/", name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return name;
}

void Redirect(const std::string& file, int flags, int target) {
  if (file.empty()) return;
  const int fd = open(file.c_str(), flags, 0644);
  if (fd >= 0) dup2(fd, target);
}

// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void Become(const char* program, char* const* argv, char* const* env,
                         const ProcessOptions& options, pid_t parent) {
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  Redirect(options.stdin_file.empty() ? "/dev/null" : options.stdin_file, O_RDONLY, STDIN_FILENO);
  Redirect(options.log_file, kAppend, STDOUT_FILENO);
  Redirect(options.log_file, kAppend, STDERR_FILENO);
  Redirect(options.stdout_file, kAppend, STDOUT_FILENO);
  if (options.forbid_realtime_waits && !ForbidRealtimeWaits()) _exit(126);
  execve(program, argv, env);
  _exit(127);
}

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const std::vector<std::string>& argv,
                                                        const ProcessOptions& options) {
  const std::string program = FindProgram(argv[0]);
  if (access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat("no program ", argv[0], ": build it, or run scripts/setup"));
  }
  const std::vector<std::string> environment = Environment(options.env);
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> variables = Pointers(environment);
  const pid_t parent = getpid();
  const pid_t pid = Spawner::Get().Run([&] {
    const pid_t child = fork();
    if (child == 0) Become(program.c_str(), arguments.data(), variables.data(), options, parent);
    return child;
  });
  if (pid < 0) return absl::UnavailableError(absl::StrCat("fork: ", strerror(errno)));
  return std::unique_ptr<Process>(new Process(pid));
}

Process::~Process() {
  if (status_.has_value()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Process::running() {
  return !Wait(absl::ZeroDuration()).ok();
}

void Process::Kill(int signal) {
  if (!status_.has_value()) kill(pid_, signal);
}

absl::Status Process::Suspend() {
  Kill(SIGSTOP);
  siginfo_t info = {};
  int result = 0;
  // kill(2) returns before that. WNOWAIT: an end that is seen here is Wait()'s to report.
  do {
    result = waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
  } while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_code == CLD_STOPPED) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("process ", pid_, " has ended"));
}

absl::StatusOr<ExitStatus> Process::Wait(absl::Duration timeout) {
  if (status_.has_value()) return *status_;
  int status = 0;
  if (!AwaitProcessEnd(pid_, timeout) || waitpid(pid_, &status, 0) != pid_) {
    return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " still runs"));
  }
  status_ = ExitStatus::FromWait(status);
  return *status_;
}

absl::StatusOr<std::string> RunAndRead(const std::vector<std::string>& argv, ProcessOptions options,
                                       absl::Duration timeout) {
  const TempFolder folder("run", TempFolder::OnFailure::kRemove);
  options.stdout_file = folder.path() + "/out";
  options.log_file = folder.path() + "/err";
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(argv, options);
  if (!process.ok()) return process.status();
  const absl::StatusOr<ExitStatus> status = (*process)->Wait(timeout);
  if (status.ok() && status->signal == 0 && status->code == 0) return ReadText(options.stdout_file);
  return absl::UnavailableError(
      absl::StrCat(argv[0], ": ", status.ok() ? status->ToString() : status.status().ToString(),
                   ": ", ReadText(options.stdout_file), ReadText(options.log_file)));
}

bool AwaitProcessEnd(pid_t pid, absl::Duration timeout) {
  // glibc 2.36's <sys/pidfd.h> declares no C linkage.
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno == ESRCH;
  const absl::Time deadline = absl::Now() + timeout;
  pollfd waiting = {fd, POLLIN, 0};
  int result = 0;
  do {
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    result = poll(&waiting, 1, left > 0 ? static_cast<int>(left) : 0);
  } while (result < 0 && errno == EINTR);
  close(fd);
  return result > 0;
}

}  // namespace graft
