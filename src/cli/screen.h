// What standard output is: a terminal that can be drawn on, or not. Safe for several threads.
#pragma once

#include <functional>

#include "absl/strings/string_view.h"

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

}  // namespace graft::cli
