// GivenOptions: which options of a program were set to something other than their default, and by
// whom; for the line with which a program starts its log.
//
// Pure functions, but that they look at the environment and at the configuration file again.
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

// version, options, options_from_file, options_from_environment: as fields of a log line. What is
// empty is left out.
std::vector<std::pair<absl::string_view, std::string>> StartFields(
    const std::vector<GivenOption>& options);

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_GIVEN_OPTIONS_H_
