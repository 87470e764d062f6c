#include "cli/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace graft::cli {
namespace {

absl::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Does the first of these that is set name UTF-8?
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = absl::AsciiStrToLower(Environment(name));
    if (value.empty()) continue;
    return absl::StrContains(value, "utf-8") || absl::StrContains(value, "utf8");
  }
  return false;
}

int NumberOr(absl::string_view text, int otherwise) {
  int number = 0;
  return absl::SimpleAtoi(text, &number) && number > 0 ? number : otherwise;
}

// A terminal that does not know its own size says 0.
ScreenSize SizeOfOutput() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    return {size.ws_col, size.ws_row};
  }
  return {NumberOr(Environment("COLUMNS"), 80), NumberOr(Environment("LINES"), 24)};
}

// Past the C library's stream, which hands a terminal line by line what should appear at once. A
// terminal that is gone is no error of ours.
void WriteToOutput(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return;
    pollfd output = {STDOUT_FILENO, POLLOUT, 0};
    poll(&output, 1, -1);
  }
}

constexpr absl::string_view kHideCursor = "\x1b[?25l";
constexpr absl::string_view kShowCursor = "\x1b[?25h";
constexpr absl::string_view kEraseLine = "\x1b[K";   // from the cursor on
constexpr absl::string_view kEraseBelow = "\x1b[J";  // all from the cursor on

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

Screen LookAtScreen() {
  Screen screen;
  screen.utf8 = LocaleIsUtf8();
  const absl::string_view term = Environment("TERM");
  screen.terminal = isatty(STDOUT_FILENO) == 1 && !term.empty() && term != "dumb";
  if (!screen.terminal) return screen;
  screen.colour = Environment("NO_COLOR").empty();
  screen.size = SizeOfOutput;
  screen.write = WriteToOutput;
  return screen;
}

void Drawing::Draw(const std::function<std::vector<Line>(const Layout&)>& lines) {
  const ScreenSize size = screen_.size();
  // A character in the last column would make some terminals begin another line, and what has
  // scrolled off the screen cannot be redrawn.
  const int columns = std::max(1, size.columns - 1);
  std::string text = absl::StrCat(kHideCursor, Back(size.columns));
  drawn_.clear();
  for (const Line& line : lines({columns, std::max(1, size.rows - 1), screen_.utf8})) {
    absl::StrAppend(&text, ToText(line, columns, screen_.colour), kEraseLine, "\n");
    drawn_.push_back(std::min(columns, WidthOf(line)));
  }
  absl::StrAppend(&text, kEraseBelow, kShowCursor);
  screen_.write(text);
}

void Drawing::Clear() {
  screen_.write(absl::StrCat(Back(screen_.size().columns), kEraseBelow));
  drawn_.clear();
}

// To the beginning of what was drawn. A terminal that has become narrower since has broken its
// lines into several.
std::string Drawing::Back(int columns) const {
  int rows = 0;
  for (const int width : drawn_) rows += std::max(1, (width + columns - 1) / columns);
  return rows > 0 ? absl::StrCat("\r\x1b[", rows, "A") : "\r";
}

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
