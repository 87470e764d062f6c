// Completion scripts for bash, zsh and fish: a table made from a program's CLI11 definitions, and
// for each shell one short script that looks the words of the command line up in the table.
//
// Pure functions. The scripts ask nobody while they complete.
#ifndef GRAFT_COMMAND_LINE_COMPLETION_H_
#define GRAFT_COMMAND_LINE_COMPLETION_H_

#include <string>

namespace CLI {
class App;
}

namespace graft {

// One line for each word that may stand on the command line, with five fields:
//   command|word|value|not after|text
// - command: behind which command, "topo add-cell"; empty: the program itself; *: any of them.
// - word: a command, an option, or empty: an argument, known by its place.
// - value: of a command its path. Of an option or argument FILE, DIR, the choices in small letters,
//   or the name of a free value in capitals; of a flag empty.
// - not after: the options that rule this word out once they are given.
// - text: the first sentence of the description.
// What is hidden from --help is left out.
std::string CompletionTable(const CLI::App& app);

// For "bash", "zsh" or "fish"; empty for any other shell. To be read with `source`, or to lie where
// the shell looks for completions.
std::string CompletionScript(const std::string& shell, const std::string& program,
                             const std::string& table);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_COMPLETION_H_
