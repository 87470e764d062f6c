#include "command_line/given_options.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "command_line/version.h"

namespace graft {
namespace {

constexpr char kSet[] = "set";

bool OnCommandLine(const CLI::Option& option, int argc, const char* const* argv) {
  if (option.get_positional()) return true;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view word = argv[i];
    for (const std::string& name : option.get_lnames()) {
      const std::string dashed = "--" + name;
      if (word == dashed || absl::StartsWith(word, dashed + "=")) return true;
    }
    for (const std::string& name : option.get_snames()) {
      if (!absl::StartsWith(word, "--") && absl::StartsWith(word, "-" + name)) return true;
    }
  }
  return false;
}

std::set<std::string> NamesInFile(const CLI::App& app) {
  std::set<std::string> names;
  const CLI::Option* config = app.get_config_ptr();
  if (config == nullptr || config->count() == 0) return names;
  try {
    for (const CLI::ConfigItem& item :
         app.get_config_formatter()->from_file(config->as<std::string>())) {
      names.insert(item.name);
    }
  } catch (const CLI::Error&) {
    names.clear();  // gone since it was parsed: where a value came from is then not known
  }
  return names;
}

bool IsFlag(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

// A flag may be given as 1, yes or true.
bool IsOn(const std::string& value) {
  return CLI::detail::to_flag_value(value) > 0;
}

// That a flag of no known default was turned off is worth telling.
bool IsDefault(const CLI::Option& option, const std::string& value) {
  const std::string by_default = option.get_default_str();
  if (!IsFlag(option)) return value == by_default;
  return !by_default.empty() && IsOn(value) == (by_default == "true");
}

GivenOption Given(const CLI::Option& option) {
  GivenOption given;
  given.name = option.get_name(option.get_positional());
  given.value = absl::StrJoin(option.results(), ",");
  if (IsFlag(option)) given.value = IsOn(given.value) ? "" : "false";
  if (IsSecret(option)) given.value = kSet;
  return given;
}

void Collect(const CLI::App& app, int argc, const char* const* argv,
             const std::set<std::string>& in_file, std::vector<GivenOption>& all) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0) continue;
    const std::string value = absl::StrJoin(option->results(), ",");
    if (!IsSecret(*option) && IsDefault(*option, value)) continue;
    GivenOption given = Given(*option);
    if (OnCommandLine(*option, argc, argv)) {
      given.source = OptionSource::kCommandLine;
    } else if (in_file.count(option->get_single_name()) > 0) {
      given.source = OptionSource::kConfigFile;
    } else {
      given.source = OptionSource::kEnvironment;
    }
    all.push_back(std::move(given));
  }
  for (const CLI::App* command : app.get_subcommands()) Collect(*command, argc, argv, in_file, all);
}

std::string Quoted(const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_./:,@%+", c);
  });
  if (plain && !value.empty()) return value;
  return absl::StrCat("'", absl::StrReplaceAll(value, {{"'", "'\\''"}}), "'");
}

}  // namespace

bool IsSecret(const CLI::Option& option) {
  if (option.get_type_name() == "PASSWORD") return true;
  const auto& names = option.get_lnames();
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return absl::EndsWith(name, "password"); });
}

std::vector<GivenOption> GivenOptions(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<GivenOption> all;
  Collect(app, argc, argv, NamesInFile(app), all);
  return all;
}

std::string ToCommandLine(const std::vector<GivenOption>& options, OptionSource source) {
  std::vector<std::string> words;
  for (const GivenOption& option : options) {
    if (option.source != source) continue;
    words.push_back(option.value.empty() ? option.name
                                         : absl::StrCat(option.name, "=", Quoted(option.value)));
  }
  return absl::StrJoin(words, " ");
}

std::vector<std::pair<absl::string_view, std::string>> StartFields(
    const std::vector<GivenOption>& options) {
  std::vector<std::pair<absl::string_view, std::string>> fields = {{"version", kVersion}};
  const auto add = [&](absl::string_view name, OptionSource source) {
    std::string line = ToCommandLine(options, source);
    if (!line.empty()) fields.emplace_back(name, std::move(line));
  };
  add("options", OptionSource::kCommandLine);
  add("options_from_file", OptionSource::kConfigFile);
  add("options_from_environment", OptionSource::kEnvironment);
  return fields;
}

}  // namespace graft
