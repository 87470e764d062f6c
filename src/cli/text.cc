#include "cli/text.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace graft::cli {
namespace {

// The thread's locale is UTF-8 while this lives. Where there is no such locale, it stays as it is
// and what is not ASCII counts as invalid.
class Utf8Locale {
 public:
  Utf8Locale() : before_(Ours() == nullptr ? nullptr : uselocale(Ours())) {}
  ~Utf8Locale() {
    if (before_ != nullptr) uselocale(before_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t Ours() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  const locale_t before_;
};

Character FirstOf(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  Character character = {text.substr(0, 1), CharacterKind::kPrintable, 1, first};
  if (absl::ascii_isspace(first)) character.kind = CharacterKind::kSpace;
  if (absl::ascii_isspace(first) || absl::ascii_isprint(first)) return character;
  wchar_t code = 0;
  mbstate_t state = {};
  const size_t length = mbrtowc(&code, text.data(), text.size(), &state);
  if (length == 0 || length > text.size()) {  // a zero byte; (size_t)-1 and -2 are errors
    character.kind = first == 0 ? CharacterKind::kControl : CharacterKind::kInvalid;
    return character;
  }
  character.bytes = text.substr(0, length);
  character.code = static_cast<char32_t>(code);
  const int width = wcwidth(code);
  if (width < 0 || iswcntrl(static_cast<wint_t>(code)) != 0) {
    character.kind = CharacterKind::kControl;
  } else {
    character.width = width;
  }
  return character;
}

const char* Filling(BarKind kind, bool utf8) {
  if (kind == BarKind::kGuessed) return utf8 ? "▒" : "=";
  return utf8 ? "█" : "#";
}

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

std::vector<Character> Characters(absl::string_view text) {
  const Utf8Locale locale;
  std::vector<Character> characters;
  characters.reserve(text.size());
  while (!text.empty()) {
    characters.push_back(FirstOf(text));
    text.remove_prefix(characters.back().bytes.size());
  }
  return characters;
}

std::string Bar(double fraction, int width, bool utf8, BarKind kind) {
  const double clamped = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  // Rounded down: a full bar is a finished one.
  const int filled = static_cast<int>(clamped * width);
  std::string bar = "[";
  for (int i = 0; i < width; ++i) {
    absl::StrAppend(&bar, i < filled ? Filling(kind, utf8) : utf8 ? "░" : ".");
  }
  return bar + "]";
}

std::vector<std::string> AlignColumns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(static_cast<size_t>(widths[i] - DisplayWidth(row[i]) + 2), ' ');
    }
    absl::StripTrailingAsciiWhitespace(&line);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string CutToWidth(absl::string_view text, int columns) {
  int used = 0;
  size_t end = 0;
  for (const Character& character : Characters(text)) {
    used += character.width;
    if (used > columns) break;
    end += character.bytes.size();
  }
  return std::string(text.substr(0, end));
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  for (const Character& character : Characters(text)) width += character.width;
  return width;
}

std::vector<std::string> WrapWords(absl::string_view text, int columns, absl::string_view indent) {
  if (columns < 1 || DisplayWidth(text) <= columns) return {std::string(text)};
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line = std::string(indent);
  };
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const bool fresh = line.empty() || (line == indent && !lines.empty());
    const int left = columns - DisplayWidth(line) - (fresh ? 0 : 1);
    if (!fresh && DisplayWidth(word) > left) end_line();
    if (!line.empty() && line.back() != ' ') line += ' ';
    while (DisplayWidth(line) + DisplayWidth(word) > columns) {
      const std::string part = CutToWidth(word, columns - DisplayWidth(line));
      if (part.empty()) break;  // not even one character: the line will be cut
      line += part;
      word.remove_prefix(part.size());
      end_line();
    }
    absl::StrAppend(&line, word);
  }
  lines.push_back(std::move(line));
  return lines;
}

std::string Printable(absl::string_view text, bool utf8) {
  std::string printable;
  for (const Character& character : Characters(text)) {
    if (character.kind == CharacterKind::kSpace) {
      printable += ' ';
    } else if (character.kind != CharacterKind::kPrintable ||
               (!utf8 && character.bytes.size() > 1)) {
      printable += '?';
    } else {
      absl::StrAppend(&printable, character.bytes);
    }
  }
  return printable;
}

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
