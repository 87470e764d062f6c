#include "cli/text.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <cmath>

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

}  // namespace graft::cli
