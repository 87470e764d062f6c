// Interrupts: SIGINT, SIGTERM and SIGWINCH as calls on a thread of its own.
//
// The handlers do nothing but write the signal's number into a pipe. One object at a time in a
// process; the former handlers are back when it is gone. A signal that is ignored at its beginning,
// as a shell has it for what runs in the background, stays ignored.
#pragma once

#include <signal.h>

#include <array>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace graft::cli {

class Interrupts {
 public:
  // `on_signal` may be called until the destructor returns, one call at a time, and must not block
  // for long: those that follow wait.
  explicit Interrupts(std::function<void(Interrupts& interrupts, int signal)> on_signal);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // The former handlers are back: the next interrupt ends the process, whatever it waits for.
  // Idempotent; may be called by `on_signal`.
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGWINCH};

  void Serve();

  const std::function<void(Interrupts&, int)> on_signal_;
  int read_end_ = -1;
  int write_end_ = -1;
  absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = true;
  std::array<struct sigaction, kSignals.size()> before_ ABSL_GUARDED_BY(mutex_) = {};
  std::thread thread_;
};

}  // namespace graft::cli
