// ManPage: a program's manual page in roff's man macros, made from its CLI11 definitions.
//
// Options with their groups, defaults, limits and variables, commands and their arguments, and the
// exit codes of the footer come from the definitions; the prose from ManPageText, which lives
// beside the program's flags. Pure functions over plain values.
#ifndef GRAFT_COMMAND_LINE_MAN_PAGE_H_
#define GRAFT_COMMAND_LINE_MAN_PAGE_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace graft {

struct ManPageText {
  // A word that is explained: a file, a variable of the environment.
  struct Entry {
    std::string term;
    std::string text;
  };
  struct Example {
    std::string text;  // what it is good for
    std::string command;
  };

  std::string program;  // "graftctl"
  int section = 1;      // 1: a user's command, 8: a daemon
  std::string version;
  std::string date;                      // of the version, "2026-11-21"
  std::string summary;                   // one line behind the name, as whatis shows it
  std::vector<std::string> description;  // paragraphs
  std::vector<Entry> environment;        // beside the options' own variables
  std::vector<Entry> files;
  std::vector<Example> examples;
  std::vector<std::string> see_also;  // "graftd(8)"
};

// The exit codes are the lines of the app's footer that begin with a number.
std::string ManPage(const CLI::App& app, const ManPageText& text);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_MAN_PAGE_H_
