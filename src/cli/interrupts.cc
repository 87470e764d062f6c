#include "cli/interrupts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <utility>

namespace graft::cli {
namespace {

// Where the handlers write; below 0: nowhere.
std::atomic<int> pipe_of_handlers{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler reads it");

extern "C" void OnSignal(int signal) {
  const int saved = errno;
  const int descriptor = pipe_of_handlers.load();
  const auto number = static_cast<unsigned char>(signal);
  // A pipe that is full holds signals enough.
  [[maybe_unused]] const ssize_t written = descriptor < 0 ? 0 : write(descriptor, &number, 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts(std::function<void(Interrupts&, int)> on_signal)
    : on_signal_(std::move(on_signal)) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;  // no descriptor left: signals do what they did
  read_end_ = ends[0];
  write_end_ = ends[1];
  fcntl(write_end_, F_SETFL, O_NONBLOCK);
  pipe_of_handlers = write_end_;
  thread_ = std::thread([this] { Serve(); });
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action = {};
    action.sa_handler = OnSignal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupts::~Interrupts() {
  if (!thread_.joinable()) return;
  Release();
  pipe_of_handlers = -1;
  close(write_end_);  // ends what reads it
  thread_.join();
  close(read_end_);
}

void Interrupts::Release() {
  absl::MutexLock lock(&mutex_);
  if (!held_ || read_end_ < 0) return;
  held_ = false;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

void Interrupts::Serve() {
  while (true) {
    unsigned char number = 0;
    const ssize_t got = read(read_end_, &number, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1) return;
    on_signal_(*this, number);
  }
}

}  // namespace graft::cli
