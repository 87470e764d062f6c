// CommandView: what a program's CLI11 definitions say of its options and commands, as plain values.
// Manual pages and completions are written from it, so they cannot say other things than --help.
//
// Plain values, and a pure function.
#ifndef GRAFT_COMMAND_LINE_COMMAND_VIEW_H_
#define GRAFT_COMMAND_LINE_COMMAND_VIEW_H_

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace graft {

struct OptionView {
  std::vector<std::string> names;      // "-h", "--help"; empty: it is known by its place
  std::vector<std::string> off_names;  // "--no-compression": the same, turned off
  std::string place;                   // "ALIAS", of an argument; empty: it has names
  std::string value;                   // what stands for its value, "FILE"; empty: it takes none
  std::vector<std::string> choices;    // all that its value may be; empty: anything
  std::string limits;                  // "1 to 128"; empty: none
  std::string default_value;           // of a flag "true", or empty
  std::string environment;             // the variable it may come from; empty: none
  std::string description;
  std::string group;
  std::vector<std::string> excludes;  // names of those that cannot be given beside it
  bool required = false;
  bool repeatable = false;
};

struct CommandView {
  std::string path;  // behind the program's name: "topo add-cell"; empty: the program itself
  std::vector<std::string> aliases;  // of its last word
  std::string description;
  std::string footer;
  std::vector<OptionView> options;    // in the order of their definition, hidden ones left out
  std::vector<CommandView> commands;  // hidden ones left out
  bool options_may_follow = false;    // behind a command's name, too
};

CommandView LookAt(const CLI::App& app);

// Of the command and all below it, the program itself first.
std::vector<const CommandView*> AllCommands(const CommandView& program);

// The last word of its path: "add-cell".
std::string CommandName(const CommandView& command);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_COMMAND_VIEW_H_
