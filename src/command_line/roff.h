// Text as roff's man macros want it.
#ifndef GRAFT_COMMAND_LINE_ROFF_H_
#define GRAFT_COMMAND_LINE_ROFF_H_

#include <string>

#include "absl/strings/string_view.h"

namespace graft {

// The text as it is: no character of it means anything to roff, wherever it stands in a line.
// Hyphens become minus signs, so that what is copied from the page can be typed.
std::string RoffText(absl::string_view text);

// The same in bold, or as a placeholder.
std::string RoffBold(absl::string_view text);
std::string RoffItalic(absl::string_view text);

// Prose: names of options in bold, the rest as it is.
std::string RoffProse(absl::string_view text);

// Between double quotes, as one argument of a macro.
std::string RoffArgument(absl::string_view text);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_ROFF_H_
