// The options that every program has, how its other options are defined, which of them were given,
// and its completion scripts for bash, zsh and fish: a table made from a program's CLI11
// definitions, and for each shell one short script that looks the words of the command line up in
// the table, and asks nobody.
//
// Not safe for use from several threads. Added options live as long as the app.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace graft {

extern const char kVersion[];  // "0.1.0": which graft this is, as the build says

// --version, and, hidden from --help, --completion SHELL. Each ends the parsing as --help does:
// app.exit() prints it. To be called when all else is defined. The program's name is the app's.
void AddDocuments(CLI::App& app);

// The same script as a command, and the help of a command: `completion bash`, `help topo show`.
void AddDocumentCommands(CLI::App& app);

// "; did you mean reprovision?" for "repovision"; empty if no known word is within two letters.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& known);

// A flag that --name=false turns off. Help, manual page and log show its default, which is the
// present value of the target.
CLI::Option* AddSwitch(CLI::App& app, const std::string& name, bool& target,
                       const std::string& text);

// Lets every option that has no variable yet, and may stand in a configuration file, come from one
// of the environment: GRAFT_GRPC_PORT.
void NameVariables(CLI::App& app);

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

enum class OptionSource { kCommandLine, kConfigFile, kEnvironment };

// An option that does not have its default. A program logs them at its start.
struct GivenOption {
  std::string name;   // "--grpc-port", "ALIAS"
  std::string value;  // a secret's is "set"; of a flag that is on empty
  OptionSource source = OptionSource::kCommandLine;
};

// An option that holds a secret: its value is called PASSWORD, or its name ends with "password".
bool IsSecret(const CLI::Option& option);

// Of an app that has parsed, and of the command that was given: in the order of their definition.
// Reads the environment and the configuration file again.
std::vector<GivenOption> GivenOptions(const CLI::App& app, int argc, const char* const* argv);

// "--grpc-port=15999 --restore-with-clone", quoted as a shell would want it.
std::string ToCommandLine(const std::vector<GivenOption>& options, OptionSource source);

// version, options, options_from_file, options_from_environment: as fields of a log line. Empty
// fields are left out.
std::vector<std::pair<absl::string_view, std::string>> StartFields(
    const std::vector<GivenOption>& options);

}  // namespace graft
