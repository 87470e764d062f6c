// What the three shells' scripts have in common.
#ifndef GRAFT_COMMAND_LINE_COMPLETION_WORDS_H_
#define GRAFT_COMMAND_LINE_COMPLETION_WORDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "command_line/command_view.h"

namespace graft {

enum class ValueKind { kAnything, kChoices, kFile, kFolder };
ValueKind KindOf(const OptionView& option);

// --help and --version: nothing else is given beside them, and each command has its own.
bool StandsAlone(const OptionView& option);

// With those that turn it off.
std::vector<std::string> NamesOf(const OptionView& option);

// What the command may be called behind those above it, each with their path in front and a space:
// "topo add-cell", or " status".
std::vector<std::string> CalledAs(const CommandView& command);

// The options of every command that take a value, the first of each name.
std::vector<const OptionView*> OptionsWithValue(const CommandView& program);

// "_graft_mysqld", as shells name functions.
std::string FunctionName(absl::string_view program, absl::string_view path = "");

// One line, without what stands behind its first sentence.
std::string ShortText(absl::string_view description);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_COMPLETION_WORDS_H_
