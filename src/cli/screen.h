// What standard output is: a terminal that can be drawn on, or not. Safe for several threads.
#pragma once

#include <signal.h>

#include <array>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cli/render.h"
#include "cli/text.h"

namespace graft::cli {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

struct Screen {
  bool terminal = false;  // one that obeys escape codes
  bool utf8 = false;
  bool colour = false;
  // Of a terminal alone: its size as it is now, and what writes on it, all of a text at once.
  std::function<ScreenSize()> size;
  std::function<void(absl::string_view)> write;
};

// Of this process, by what it is connected to and by TERM, NO_COLOR, COLUMNS, LINES and the locale.
Screen LookAtScreen();

// Drawing: lines on a terminal that are redrawn in place.
//
// Each drawing is one write, which hides the cursor at its beginning and shows it at its end: so no
// signal, not even SIGKILL or SIGSTOP, leaves a terminal without one. Not safe for use from several
// threads at once.
class Drawing {
 public:
  // `screen` is a terminal.
  explicit Drawing(Screen screen) : screen_(std::move(screen)) {}

  // The lines for the screen as it is now, in the place of those before.
  void Draw(const std::function<std::vector<Line>(const Layout&)>& lines);
  // Nothing, in their place.
  void Clear();
  bool empty() const { return drawn_.empty(); }

 private:
  std::string Back(int columns) const;

  const Screen screen_;
  std::vector<int> drawn_;  // widths of the lines on the screen
};

// Interrupts: SIGINT, SIGTERM and SIGWINCH as calls on a thread of its own.
//
// The handlers do nothing but write the signal's number into a pipe. One object at a time in a
// process; the former handlers are back when it is gone. A signal that is ignored at its beginning,
// as a shell has it for what runs in the background, stays ignored.
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
