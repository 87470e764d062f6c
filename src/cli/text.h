// UTF-8 text on a terminal: bars, columns, and the part that a terminal can show. Pure functions,
// whatever the process's locale is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace graft::cli {

enum class CharacterKind { kPrintable, kSpace, kControl, kInvalid };

// With the room that it takes on a terminal, as the C library knows it.
struct Character {
  absl::string_view bytes;  // of the text given
  CharacterKind kind = CharacterKind::kPrintable;
  int width = 1;      // columns: 0, 1 or 2
  char32_t code = 0;  // its code point; of what is invalid, the byte
};

std::vector<Character> Characters(absl::string_view text);

// `width` cells, `fraction` of them (0 to 1) filled. A guessed one is filled otherwise than a
// measured one.
enum class BarKind { kMeasured, kGuessed };
std::string Bar(double fraction, int width, bool utf8, BarKind kind = BarKind::kMeasured);

// Columns as wide as their widest cell, two blanks between them, none at a line's end.
std::vector<std::string> AlignColumns(const std::vector<std::vector<std::string>>& rows);

// As many whole characters from the beginning of UTF-8 `text` as fit into so many columns.
std::string CutToWidth(absl::string_view text, int columns);

// Columns that UTF-8 `text` takes on a terminal: two for a wide character, none for a combining
// one. A byte that is no UTF-8 counts as one.
int DisplayWidth(absl::string_view text);

// Broken between words, or within those that are longer than a line; lines after the first begin
// with `indent`. `columns` below 1: unbroken.
std::vector<std::string> WrapWords(absl::string_view text, int columns, absl::string_view indent);

// On one line and without what a terminal would obey: blanks for white space, '?' for other control
// characters and for what is no UTF-8, and, without `utf8`, for all that is not ASCII.
std::string Printable(absl::string_view text, bool utf8);

// Lines for a terminal: spans of text with a tone, pieces that give way where there is no room, and
// lines that do. Plain values and pure functions.

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
