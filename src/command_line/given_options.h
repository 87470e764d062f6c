// GivenOptions: the options of a program that do not have their default, and the origin of each
// value. A program logs them at its start.
//
// Pure functions, except that they read the environment and the configuration file again.
#ifndef GRAFT_COMMAND_LINE_GIVEN_OPTIONS_H_
#define GRAFT_COMMAND_LINE_GIVEN_OPTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace graft {

enum class OptionSource { kCommandLine, kConfigFile, kEnvironment };

struct GivenOption {
  std::string name;   // "--grpc-port", "ALIAS"
  std::string value;  // a secret's is "set"; of a flag that is on empty
  OptionSource source = OptionSource::kCommandLine;
};

// An option that holds a secret: its value is called PASSWORD, or its name ends with "password".
bool IsSecret(const CLI::Option& option);

// Of an app that has parsed, and of the command that was given: in the order of their definition.
std::vector<GivenOption> GivenOptions(const CLI::App& app, int argc, const char* const* argv);

// "--grpc-port=15999 --restore-with-clone", quoted as a shell would want it.
std::string ToCommandLine(const std::vector<GivenOption>& options, OptionSource source);

// version, options, options_from_file, options_from_environment: as fields of a log line. Empty
// fields are left out.
std::vector<std::pair<absl::string_view, std::string>> StartFields(
    const std::vector<GivenOption>& options);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_GIVEN_OPTIONS_H_
