// The documents that every program prints about itself.
//
// Not safe for use from several threads. What is added lives as long as the app.
#ifndef GRAFT_COMMAND_LINE_DOCUMENTS_H_
#define GRAFT_COMMAND_LINE_DOCUMENTS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "command_line/man_page.h"

namespace graft {

// --version, and, hidden from --help, --man (the manual page) and --completion SHELL. Each ends the
// parsing as --help does: app.exit() prints it. To be called when all else is defined. Fills in the
// text's version and date.
void AddDocuments(CLI::App& app, ManPageText text);

// The same script as a command: `completion bash`. The program's name is the app's.
void AddCompletionCommand(CLI::App& app);

// A flag that may be turned off as well, --name=false, and whose default is known to help, manual
// page and log: the target's value now.
CLI::Option* AddSwitch(CLI::App& app, const std::string& name, bool& target,
                       const std::string& text);

// Lets every option that has no variable yet, and may stand in a configuration file, come from one
// of the environment: GRAFT_GRPC_PORT.
void NameVariables(CLI::App& app);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_DOCUMENTS_H_
