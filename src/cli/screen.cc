#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

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

}  // namespace graft::cli
