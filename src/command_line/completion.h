// Completion scripts for bash, zsh and fish, made from a program's CLI11 definitions: its commands,
// options, the values of those that have a fixed set, and names of files and folders.
//
// Pure functions. The scripts ask nobody while they complete.
#ifndef GRAFT_COMMAND_LINE_COMPLETION_H_
#define GRAFT_COMMAND_LINE_COMPLETION_H_

#include <string>

#include "command_line/command_view.h"

namespace graft {

inline constexpr char kShells[] = "bash|zsh|fish";

// Of one of kShells; empty for any other name. To be read with `source`, or to lie where the shell
// looks for completions.
std::string Completion(const CommandView& view, const std::string& program,
                       const std::string& shell);

std::string BashCompletion(const CommandView& view, const std::string& program);
std::string ZshCompletion(const CommandView& view, const std::string& program);
std::string FishCompletion(const CommandView& view, const std::string& program);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_COMPLETION_H_
