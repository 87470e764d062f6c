// UTF-8 text as characters, with the room that each takes on a terminal, as the C library knows it.
// Pure, whatever the process's locale is.
#ifndef GRAFT_CLI_CHARACTERS_H_
#define GRAFT_CLI_CHARACTERS_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace graft::cli {

enum class CharacterKind { kPrintable, kSpace, kControl, kInvalid };

struct Character {
  absl::string_view bytes;  // of the text given
  CharacterKind kind = CharacterKind::kPrintable;
  int width = 1;      // columns: 0, 1 or 2
  char32_t code = 0;  // its code point; of what is invalid, the byte
};

std::vector<Character> Characters(absl::string_view text);

}  // namespace graft::cli

#endif  // GRAFT_CLI_CHARACTERS_H_
