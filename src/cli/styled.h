// Lines for a terminal: spans of text with a tone, pieces that give way where there is no room, and
// lines that do. Plain values and pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace graft::cli {

// What a text says by its colour, too; never by that alone. Chosen to be legible on dark and on
// light backgrounds.
enum class Tone { kPlain, kStrong, kGood, kBad, kNotice, kFaint };

struct Span {
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Line {
  std::vector<Span> spans;
  int rank = 0;  // of those that do not fit, the highest go first, and of equals the last
};

int WidthOf(const Line& line);

// Cut to `columns` (below 1: uncut). Escape codes only with `colour`.
std::string ToText(const Line& line, int columns, bool colour);

// `text` in escape codes, if `colour`.
std::string Toned(absl::string_view text, Tone tone, bool colour);

// A part of a line. One with `draw` takes what room is left: draw(n) is n columns wide.
struct Piece {
  std::string text;
  Tone tone = Tone::kPlain;
  int rank = 0;  // as a line's; 0 never gives way
  std::function<std::string(int)> draw = nullptr;
  int least = 0;  // columns of one that is drawn
  int most = 0;
};

// The pieces with two blanks between them, without those for which `columns` (below 1: any number)
// have no room.
Line Compose(std::vector<Piece> pieces, int columns);

// Without the lines for which `rows` (below 1: any number) have no room.
std::vector<Line> Fit(std::vector<Line> lines, int rows);

}  // namespace graft::cli
