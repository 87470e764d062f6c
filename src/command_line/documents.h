// The options that every program has, and how its other options are defined.
//
// Not safe for use from several threads. Added options live as long as the app.
#ifndef GRAFT_COMMAND_LINE_DOCUMENTS_H_
#define GRAFT_COMMAND_LINE_DOCUMENTS_H_

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace graft {

// --version, and, hidden from --help, --completion SHELL. Each ends the parsing as --help does:
// app.exit() prints it. To be called when all else is defined. The program's name is the app's.
void AddDocuments(CLI::App& app);

// The same script as a command: `completion bash`.
void AddCompletionCommand(CLI::App& app);

// A flag that --name=false turns off. Help, manual page and log show its default, which is the
// present value of the target.
CLI::Option* AddSwitch(CLI::App& app, const std::string& name, bool& target,
                       const std::string& text);

// Lets every option that has no variable yet, and may stand in a configuration file, come from one
// of the environment: GRAFT_GRPC_PORT.
void NameVariables(CLI::App& app);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_DOCUMENTS_H_
