#include "cli/characters.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include "absl/strings/ascii.h"

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

}  // namespace graft::cli
