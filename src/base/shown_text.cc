#include "base/shown_text.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr absl::string_view kBeforeSecrets[] = {"IDENTIFIED", "PASSWORD", "SECRET"};

// Of the UTF-8 character at `text`'s begin; 0: none.
size_t CharacterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                        : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  // Overlong forms, surrogates, and code points above U+10FFFF.
  const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                   (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

std::string Printable(absl::string_view text) {
  std::string line;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      line += '?';
    } else if (length == 1 && absl::ascii_iscntrl(static_cast<unsigned char>(text[0]))) {
      line += ' ';
    } else {
      absl::StrAppend(&line, text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return line;
}

bool IsInWord(absl::string_view text, size_t at) {
  return at < text.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
}

// Behind the first word after which a secret may stand, or `text`'s end. `alone`: parts of longer
// words, as of option names, do not count.
size_t EndBeforeSecrets(absl::string_view text, bool alone) {
  const std::string upper = absl::AsciiStrToUpper(text);
  size_t end = text.size();
  for (const absl::string_view keyword : kBeforeSecrets) {
    for (size_t at = upper.find(keyword.data(), 0, keyword.size()); at != std::string::npos;
         at = upper.find(keyword.data(), at + 1, keyword.size())) {
      const size_t behind = at + keyword.size();
      const bool part = (at > 0 && IsInWord(text, at - 1)) || IsInWord(text, behind);
      if (!part || !alone) end = std::min(end, behind);
    }
  }
  return end;
}

// The begin of the value in the quoted text that begins at `quote`, "'name=value'", or `quote`'s
// own if the text before it says that a value follows; npos: it has none.
size_t ValueIn(absl::string_view text, size_t quote) {
  const absl::string_view before = text.substr(0, quote);
  if (absl::EndsWithIgnoreCase(before, "value ")) return quote + 1;
  size_t at = quote + 1;
  while (IsInWord(text, at) || (at < text.size() && (text[at] == '-' || text[at] == '.'))) ++at;
  return at < text.size() && text[at] == '=' ? at + 1 : absl::string_view::npos;
}

// A value may hold quotes itself: it ends before " to '…'", else at the line's last quote.
std::string WithoutValues(absl::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\'' && text[at] != '"') continue;
    const size_t value = ValueIn(text, at);
    if (value == absl::string_view::npos) continue;
    size_t end = text.rfind("' to '");
    if (end == absl::string_view::npos || end < value) end = text.rfind(text[at]);
    if (end == absl::string_view::npos || end < value) end = text.size();
    return absl::StrCat(text.substr(0, value), "…", text.substr(end));
  }
  return std::string(text);
}

std::string Cut(absl::string_view text, size_t end) {
  const std::string shown = Printable(text.substr(0, end));
  return end < text.size() ? absl::StrCat(shown, " ...") : shown;
}

}  // namespace

std::string ShowStatement(absl::string_view text) {
  return Cut(text, EndBeforeSecrets(text, /*alone=*/false));
}

std::string ShowLogLine(absl::string_view text) {
  const std::string line = WithoutValues(text);
  return Cut(line, EndBeforeSecrets(line, /*alone=*/true));
}

}  // namespace graft
