#include "cli/styled.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

constexpr absl::string_view kGap = "  ";

constexpr const char* kCodes[] = {
    "",      // kPlain
    "1",     // kStrong
    "32",    // kGood
    "1;31",  // kBad
    "35",    // kNotice: yellow is not legible on white, nor blue on black
    "2",     // kFaint
};
static_assert(std::size(kCodes) == static_cast<size_t>(Tone::kFaint) + 1);

int LeastWidth(const Piece& piece) {
  return piece.draw == nullptr ? DisplayWidth(piece.text) : piece.least;
}

int LeastWidth(const std::vector<Piece>& pieces) {
  int width = 0;
  for (const Piece& piece : pieces) width += LeastWidth(piece) + static_cast<int>(kGap.size());
  return std::max(0, width - static_cast<int>(kGap.size()));
}

// The one of `items` that gives way first; its end if none does.
template <typename Item>
auto FirstToGo(std::vector<Item>& items) {
  auto found = items.end();
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (item->rank > 0 && (found == items.end() || item->rank >= found->rank)) found = item;
  }
  return found;
}

}  // namespace

int WidthOf(const Line& line) {
  int width = 0;
  for (const Span& span : line.spans) width += DisplayWidth(span.text);
  return width;
}

std::string Toned(absl::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::kPlain || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", kCodes[static_cast<size_t>(tone)], "m", text, "\x1b[0m");
}

std::string ToText(const Line& line, int columns, bool colour) {
  std::string text;
  int left = columns;
  for (const Span& span : line.spans) {
    const std::string part = columns < 1 ? span.text : CutToWidth(span.text, left);
    left -= DisplayWidth(part);
    absl::StrAppend(&text, Toned(part, span.tone, colour));
    if (part.size() < span.text.size()) break;
  }
  return text;
}

Line Compose(std::vector<Piece> pieces, int columns) {
  pieces.erase(std::remove_if(
                   pieces.begin(), pieces.end(),
                   [](const Piece& piece) { return piece.draw == nullptr && piece.text.empty(); }),
               pieces.end());
  while (columns > 0 && LeastWidth(pieces) > columns) {
    const auto last = FirstToGo(pieces);
    if (last == pieces.end()) break;
    pieces.erase(last);
  }
  int left = columns - LeastWidth(pieces);
  Line line;
  for (Piece& piece : pieces) {
    if (!line.spans.empty()) line.spans.push_back({std::string(kGap)});
    if (piece.draw != nullptr) {
      const int width =
          columns < 1 ? piece.most : std::min(piece.most, piece.least + std::max(0, left));
      left -= width - piece.least;
      piece.text = piece.draw(width);
    }
    line.spans.push_back({std::move(piece.text), piece.tone});
  }
  if (!line.spans.empty()) absl::StripTrailingAsciiWhitespace(&line.spans.back().text);
  return line;
}

std::vector<Line> Fit(std::vector<Line> lines, int rows) {
  while (rows > 0 && lines.size() > static_cast<size_t>(rows)) {
    const auto last = FirstToGo(lines);
    lines.erase(last == lines.end() ? std::prev(lines.end()) : last);
  }
  return lines;
}

}  // namespace graft::cli
