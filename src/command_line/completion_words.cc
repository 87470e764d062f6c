#include "command_line/completion_words.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace graft {

ValueKind KindOf(const OptionView& option) {
  if (!option.choices.empty()) return ValueKind::kChoices;
  if (option.value == "FILE") return ValueKind::kFile;
  return option.value == "DIR" ? ValueKind::kFolder : ValueKind::kAnything;
}

bool StandsAlone(const OptionView& option) {
  return !option.names.empty() &&
         (option.names.back() == "--help" || option.names.back() == "--version");
}

std::vector<std::string> NamesOf(const OptionView& option) {
  std::vector<std::string> names = option.names;
  names.insert(names.end(), option.off_names.begin(), option.off_names.end());
  return names;
}

std::vector<std::string> CalledAs(const CommandView& command) {
  const std::string name = CommandName(command);
  std::string above = command.path.substr(0, command.path.size() - name.size());
  if (above.empty()) above = " ";
  std::vector<std::string> all = {absl::StrCat(above, name)};
  for (const std::string& alias : command.aliases) all.push_back(absl::StrCat(above, alias));
  return all;
}

std::vector<const OptionView*> OptionsWithValue(const CommandView& program) {
  std::vector<const OptionView*> found;
  std::set<std::string> seen;
  for (const CommandView* command : AllCommands(program)) {
    for (const OptionView& option : command->options) {
      if (option.value.empty() || option.names.empty()) continue;
      if (seen.insert(option.names.back()).second) found.push_back(&option);
    }
  }
  return found;
}

std::string FunctionName(absl::string_view program, absl::string_view path) {
  const std::string name = absl::StrCat("_", program, path.empty() ? "" : "_", path);
  return absl::StrReplaceAll(name, {{"-", "_"}, {" ", "_"}});
}

std::string ShortText(absl::string_view description) {
  const std::string line = absl::StrReplaceAll(description, {{"\n", " "}});
  const std::string first = line.substr(0, line.find(". "));
  return std::string(absl::StripSuffix(first, "."));
}

}  // namespace graft
