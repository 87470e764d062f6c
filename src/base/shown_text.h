// Text of a server's as it may be shown, logged and journalled: one line of valid UTF-8 without
// secrets.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace graft {

// A SQL statement, up to the first word after which a secret may stand (IDENTIFIED …).
std::string ShowStatement(absl::string_view text);

// A line of mysqld's error log, with an ellipsis in place of the options' values that it repeats.
std::string ShowLogLine(absl::string_view text);

}  // namespace graft
