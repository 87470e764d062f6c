// Is a text fit for one line of a file?
#ifndef GRAFT_MYSQLD_PRINTABLE_H_
#define GRAFT_MYSQLD_PRINTABLE_H_

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace graft {

// No control character; UTF-8 is fine.
inline bool IsPrintableLine(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

}  // namespace graft

#endif  // GRAFT_MYSQLD_PRINTABLE_H_
