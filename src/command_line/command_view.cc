#include "command_line/command_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace graft {
namespace {

// CLI11 writes a value's kind and its checks as one text: "TEXT:{donor,primary}",
// "MIB:INT in [0 - 1048576]", and ours "donor|primary".
void TakeTypeName(absl::string_view type, OptionView& view) {
  const std::vector<std::string> parts = absl::StrSplit(type, absl::MaxSplits(':', 1));
  view.value = parts[0];
  if (absl::StrContains(parts[0], '|')) view.choices = absl::StrSplit(parts[0], '|');
  if (parts.size() < 2) return;
  const std::string& check = parts[1];
  const size_t open = check.find_first_of("{[");
  if (open == std::string::npos) return;
  const size_t close = check.find_first_of("]}", open);
  if (close == std::string::npos) return;
  const std::string inner = check.substr(open + 1, close - open - 1);
  if (check[open] == '[') {
    view.limits = absl::StrReplaceAll(inner, {{" - ", " to "}});
  } else {
    view.choices = absl::StrSplit(inner, ',');
    view.value = absl::StrReplaceAll(inner, {{",", "|"}});
  }
}

void TakeNames(const CLI::Option& option, OptionView& view) {
  if (option.get_positional()) {
    view.place = option.get_name(true);
    return;
  }
  const auto take = [&](const std::string& dashes, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const bool off = option.check_fname(name) && option.get_flag_value(name, "") == "false";
      (off ? view.off_names : view.names).push_back(dashes + name);
    }
  };
  take("-", option.get_snames());
  take("--", option.get_lnames());
}

OptionView ViewOf(const CLI::Option& option) {
  OptionView view;
  TakeNames(option, view);
  const bool takes_value = option.get_items_expected_max() > 0;
  if (takes_value) {
    TakeTypeName(option.get_type_name(), view);
    view.default_value = option.get_default_str();
    view.repeatable = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  } else if (option.get_default_str() == "true") {
    view.default_value = "true";
  }
  view.environment = option.get_envname();
  view.description = option.get_description();
  view.group = option.get_group();
  view.required = option.get_required();
  for (const CLI::Option* excluded : option.get_excludes()) {
    view.excludes.push_back(excluded->get_name());
  }
  std::sort(view.excludes.begin(), view.excludes.end());  // CLI11 keeps them by address
  return view;
}

CommandView ViewOf(const CLI::App& app, const std::string& path) {
  CommandView view;
  view.path = path;
  view.description = app.get_description();
  view.aliases = app.get_aliases();
  view.footer = app.get_footer();
  view.options_may_follow = app.get_fallthrough();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) view.options.push_back(ViewOf(*option));
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_group().empty() || command->get_name().empty()) continue;
    view.commands.push_back(
        ViewOf(*command, absl::StrCat(path, path.empty() ? "" : " ", command->get_name())));
  }
  return view;
}

}  // namespace

CommandView LookAt(const CLI::App& app) {
  return ViewOf(app, "");
}

std::vector<const CommandView*> AllCommands(const CommandView& program) {
  std::vector<const CommandView*> all = {&program};
  for (const CommandView& command : program.commands) {
    const std::vector<const CommandView*> below = AllCommands(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::string CommandName(const CommandView& command) {
  const size_t space = command.path.rfind(' ');
  return space == std::string::npos ? command.path : command.path.substr(space + 1);
}

}  // namespace graft
