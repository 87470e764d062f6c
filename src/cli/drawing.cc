#include "cli/drawing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace graft::cli {
namespace {

constexpr absl::string_view kHideCursor = "\x1b[?25l";
constexpr absl::string_view kShowCursor = "\x1b[?25h";
constexpr absl::string_view kEraseLine = "\x1b[K";   // from the cursor on
constexpr absl::string_view kEraseBelow = "\x1b[J";  // all from the cursor on

}  // namespace

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

}  // namespace graft::cli
