// Drawing: lines on a terminal that are redrawn in place.
//
// Each drawing is one write, which hides the cursor at its beginning and shows it at its end: so no
// signal, not even SIGKILL or SIGSTOP, leaves a terminal without one. Not safe for use from several
// threads at once.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/render.h"
#include "cli/screen.h"
#include "cli/styled.h"

namespace graft::cli {

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

}  // namespace graft::cli
