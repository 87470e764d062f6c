// The only file of this library that includes CLI11. Its header takes seconds to compile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "command_line/command_line.h"

namespace graft {
namespace {

// As CLI11 ends parsing for --version: exit() prints the text and an end of line.
[[noreturn]] void Print(const std::string& text) {
  throw CLI::CallForVersion(std::string(absl::StripSuffix(text, "\n")), 0);
}

CLI::Option* AddShell(CLI::App& command, const std::string& name, CLI::App& program) {
  const auto print = [&program](const std::string& shell) {
    Print(CompletionScript(shell, program.get_name(), CompletionTable(program)));
  };
  return command.add_option_function<std::string>(name, print, "whose script")
      ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh", "fish"}));
}

// And what it was probably meant to be.
std::string SayUnknown(const CLI::App& command, const std::string& given) {
  const std::string word = given.substr(0, given.find('='));
  const bool flag = absl::StartsWith(word, "-");
  std::vector<std::string> known;
  for (const CLI::App* app = &command; flag && app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  if (!flag) {
    for (const CLI::App* below : command.get_subcommands(nullptr))
      known.push_back(below->get_name());
  }
  const char* fault = flag ? "unknown" : known.empty() ? "one argument too many" : "no command";
  return absl::StrCat("\"", word, "\" is ", fault, DidYouMean(word, known));
}

// CLI11 reports missing arguments first, and then does not report unknown ones. Its own text does
// not name the command whose --help would help.
std::string SayFault(const CLI::App* program, const CLI::Error& error) {
  const CLI::App* command = program;
  std::string name = program->get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    absl::StrAppend(&name, " ", command->get_name());
  }
  const std::vector<std::string> unknown = program->remaining(/*recurse=*/true);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  std::string text = error.what();
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if ((missing || extra) && !unknown.empty()) {
    text = SayUnknown(*command, unknown.front());
  } else if (missing && text == "A subcommand is required") {
    text = "a command is required";
  }
  return absl::StrCat(name, ": ", text, "\n", name, " --help says more\n");
}

[[noreturn]] void PrintHelp(const CLI::App& program, const std::vector<std::string>& words) {
  const CLI::App* command = &program;
  std::string name = program.get_name();
  for (const std::string& word : words) {
    const auto found = command->get_subcommands(
        [&word](const CLI::App* below) { return below->check_name(word); });
    if (found.empty()) throw CLI::ValidationError(SayUnknown(*command, word));
    command = found.front();
    absl::StrAppend(&name, " ", command->get_name());
  }
  Print(command->get_formatter()->make_help(command, name, CLI::AppFormatMode::Normal));
}

bool IsFlag(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

// CLI11 writes a value's kind and its checks as one text: "TEXT:{donor,primary}",
// "MIB:INT in [0 - 1048576]", and ours "donor|primary".
std::string ValueOf(const CLI::Option& option) {
  if (IsFlag(option)) return "";
  const std::string type = option.get_type_name();
  if (const size_t open = type.find('{'); open != std::string::npos) {
    const std::string choices = type.substr(open + 1, type.find('}') - open - 1);
    return absl::StrReplaceAll(choices, {{",", " "}});
  }
  if (absl::StrContains(type, '|')) return absl::StrReplaceAll(type, {{"|", " "}});
  const std::string kind = type.substr(0, type.find(':'));
  const bool free = kind != "FILE" && kind != "DIR";
  return free && option.get_positional() ? option.get_name(true) : kind;
}

// --help and --version: each command has its own, and nothing else is given beside them.
bool StandsAlone(const CLI::Option& option) {
  return option.check_lname("help") || option.check_lname("version");
}

// The first sentence, in one line, without the table's separator, and without backslashes, which
// fish reads within quotes, too.
std::string ShortText(const std::string& description) {
  const std::string line = absl::StrReplaceAll(description, {{"\n", " "}, {"|", "/"}, {"\\", "/"}});
  return std::string(absl::StripSuffix(line.substr(0, line.find(". ")), "."));
}

void AddRow(std::string& table, const std::vector<std::string>& fields) {
  absl::StrAppend(&table, absl::StrJoin(fields, "|"), "\n");
}

void AddOptionRows(const CLI::Option& option, const std::string& command, std::string& table) {
  const std::string text = ShortText(option.get_description());
  if (option.get_positional()) return AddRow(table, {command, "", ValueOf(option), "", text});
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  std::set<std::string> not_after;  // sorted, since CLI11 keeps the excluded ones by address
  if (IsFlag(option) || option.get_expected_max() < CLI::detail::expected_max_vector_size) {
    not_after.insert(names.begin(), names.end());
    for (const CLI::Option* other : option.get_excludes()) not_after.insert(other->get_name());
  }
  for (const std::string& name : names) {
    AddRow(table, {command, name, ValueOf(option), absl::StrJoin(not_after, " "), text});
  }
}

void AddRows(const CLI::App& app, const std::string& path, std::string& table) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    const bool anywhere = path.empty() && app.get_fallthrough() && !StandsAlone(*option);
    AddOptionRows(*option, anywhere ? "*" : path, table);
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_group().empty() || command->get_name().empty()) continue;
    const std::string below = absl::StrCat(path, path.empty() ? "" : " ", command->get_name());
    std::vector<std::string> names = command->get_aliases();
    names.insert(names.begin(), command->get_name());
    for (const std::string& name : names) {
      AddRow(table, {path, name, below, "", ShortText(command->get_description())});
    }
    AddRows(*command, below, table);
  }
}

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

void Collect(const CLI::App& app, int argc, const char* const* argv,
             const std::set<std::string>& in_file, std::vector<GivenOption>& all) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0) continue;
    const std::string value = absl::StrJoin(option->results(), ",");
    if (!IsSecret(*option) && IsDefault(*option, value)) continue;
    GivenOption given{option->get_name(option->get_positional()), value,
                      OptionSource::kEnvironment};
    if (IsFlag(*option)) given.value = IsOn(value) ? "" : "false";
    if (IsSecret(*option)) given.value = "set";
    if (OnCommandLine(*option, argc, argv)) {
      given.source = OptionSource::kCommandLine;
    } else if (in_file.count(option->get_single_name()) > 0) {
      given.source = OptionSource::kConfigFile;
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

const char kVersion[] = GRAFT_VERSION;

std::string CompletionTable(const CLI::App& app) {
  std::string table;
  AddRows(app, "", table);
  return table;
}

void AddDocuments(CLI::App& app) {
  app.failure_message(SayFault);
  app.set_version_flag("--version", kVersion, "print the version and exit");
  AddShell(app, "--completion", app)->configurable(false)->group("");
}

void AddDocumentCommands(CLI::App& app) {
  CLI::App* completion =
      app.add_subcommand("completion", "print a script that completes this program's commands");
  AddShell(*completion, "SHELL", app)->required();
  CLI::App* help = app.add_subcommand("help", "print the help of a command");
  const CLI::Option* words = help->add_option_function<std::vector<std::string>>(
      "COMMAND", [](const std::vector<std::string>& /*read below*/) {}, "e.g. topo show");
  help->callback([&app, words] { PrintHelp(app, words->results()); });
}

CLI::Option* AddSwitch(CLI::App& app, const std::string& name, bool& target,
                       const std::string& text) {
  // Of several the last one counts, as in Vitess; CLI11 itself would add them up.
  return app.add_flag("--" + name, target, text)
      ->default_str(target ? "true" : "false")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void NameVariables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const bool own = option->get_configurable() && !option->get_lnames().empty();
    if (!own || !option->get_envname().empty()) continue;
    option->envname(absl::StrCat("GRAFT_", absl::AsciiStrToUpper(absl::StrReplaceAll(
                                               option->get_lnames().front(), {{"-", "_"}}))));
  }
}

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
