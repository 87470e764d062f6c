#include "command_line/roff.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace graft {
namespace {

// "--from-any," is the option's name, and the comma behind it.
size_t OptionLength(absl::string_view word) {
  size_t length = 0;
  while (length < word.size() &&
         (word[length] == '-' || absl::ascii_isalnum(static_cast<unsigned char>(word[length])))) {
    ++length;
  }
  return length;
}

std::string Escaped(absl::string_view text) {
  // The last five are drawn as other characters, that no shell knows.
  return absl::StrReplaceAll(text, {{"\\", "\\e"},
                                    {"-", "\\-"},
                                    {"'", "\\(aq"},
                                    {"`", "\\(ga"},
                                    {"^", "\\(ha"},
                                    {"~", "\\(ti"},
                                    {"\"", "\\(dq"}});
}

}  // namespace

std::string RoffText(absl::string_view text) {
  std::vector<std::string> lines = absl::StrSplit(Escaped(text), '\n');
  for (std::string& line : lines) {
    // A line that begins with a dot would be a request.
    if (absl::StartsWith(line, ".")) line.insert(0, "\\&");
  }
  return absl::StrJoin(lines, "\n");
}

std::string RoffBold(absl::string_view text) {
  return absl::StrCat("\\fB", RoffText(text), "\\fR");
}

std::string RoffItalic(absl::string_view text) {
  return absl::StrCat("\\fI", RoffText(text), "\\fR");
}

std::string RoffProse(absl::string_view text) {
  std::vector<std::string> words = absl::StrSplit(RoffText(text), ' ');
  size_t i = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (absl::StartsWith(word, "--")) {
      const size_t length = OptionLength(word);
      words[i] = absl::StrCat(RoffBold(word.substr(0, length)), Escaped(word.substr(length)));
    }
    ++i;
  }
  return absl::StrJoin(words, " ");
}

std::string RoffArgument(absl::string_view text) {
  return absl::StrCat("\"", RoffText(text), "\"");
}

}  // namespace graft
