#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "command_line/completion.h"
#include "command_line/completion_words.h"

namespace graft {
namespace {

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// Of _arguments and _describe: a colon or a bracket would end the text.
std::string Plain(absl::string_view text) {
  return absl::StrReplaceAll(ShortText(text),
                             {{"\\", "\\\\"}, {":", "\\:"}, {"[", "\\["}, {"]", "\\]"}});
}

std::string ActionOf(const OptionView& option) {
  switch (KindOf(option)) {
    case ValueKind::kChoices:
      return absl::StrCat("(", absl::StrJoin(option.choices, " "), ")");
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kFolder:
      return "_files -/";
    case ValueKind::kAnything:
      break;
  }
  return " ";
}

std::vector<std::string> SpecsOf(const OptionView& option) {
  if (!option.place.empty()) {
    // Where anything may stand options are still offered to who has begun one.
    const std::string action = KindOf(option) == ValueKind::kAnything
                                   ? absl::StrCat("_guard \"^-*\" ", option.place)
                                   : ActionOf(option);
    return {Quoted(absl::StrCat(option.required ? ":" : "::", option.place, ":", action))};
  }
  const std::vector<std::string> names = NamesOf(option);
  // Who is given once is not offered again, under whatever name.
  std::vector<std::string> not_with = option.excludes;
  if (!option.repeatable) not_with.insert(not_with.end(), names.begin(), names.end());
  const std::string group =
      StandsAlone(option) ? "(- *)" : absl::StrCat("(", absl::StrJoin(not_with, " "), ")");
  std::vector<std::string> specs;
  specs.reserve(names.size());
  for (const std::string& name : names) {
    std::string spec =
        absl::StrCat(option.repeatable ? "*" : group, name, option.value.empty() ? "" : "=", "[",
                     Plain(option.description), "]");
    if (!option.value.empty()) {
      absl::StrAppend(&spec, ":", Plain(option.value), ":", ActionOf(option));
    }
    specs.push_back(Quoted(spec));
  }
  return specs;
}

std::string Specs(const CommandView& command, bool with_arguments) {
  std::string lines;
  for (const OptionView& option : command.options) {
    if (!with_arguments && !option.place.empty()) continue;
    for (const std::string& spec : SpecsOf(option)) absl::StrAppend(&lines, " \\\n    ", spec);
  }
  return lines;
}

// Of a command with commands below: which one, and then that one's own.
std::string Choose(const CommandView& command, const std::string& program) {
  std::string script = R"( \
    '1: :->command' '*:: :->argument'
  case $state in
    command)
      commands=()";
  for (const CommandView& below : command.commands) {
    absl::StrAppend(&script, "\n        ",
                    Quoted(absl::StrCat(CommandName(below), ":", Plain(below.description))));
  }
  absl::StrAppend(&script, R"()
      _describe -t commands command commands
      ;;
    argument)
      case $line[1] in
)");
  for (const CommandView& below : command.commands) {
    std::vector<std::string> names = below.aliases;
    names.push_back(CommandName(below));
    absl::StrAppend(&script, "        ", absl::StrJoin(names, "|"), ") ",
                    FunctionName(program, below.path), " ;;\n");
  }
  return absl::StrCat(script, "      esac\n      ;;\n  esac\n");
}

}  // namespace

std::string ZshCompletion(const CommandView& view, const std::string& program) {
  std::string script = absl::StrCat("#compdef ", program, "\n");
  for (const CommandView* command : AllCommands(view)) {
    absl::StrAppend(&script, "\n", FunctionName(program, command->path), R"(() {
  local curcontext=$curcontext state line
  local -a commands
  local -A opt_args
  _arguments -C)",
                    Specs(*command, true));
    if (!command->path.empty() && view.options_may_follow) {
      CommandView others = view;
      others.options.erase(
          std::remove_if(others.options.begin(), others.options.end(), StandsAlone),
          others.options.end());
      absl::StrAppend(&script, Specs(others, false));
    }
    absl::StrAppend(&script, command->commands.empty() ? "\n" : Choose(*command, program), "}\n");
  }
  const std::string function = FunctionName(program);
  // Found in fpath its text is the function's first call; sourced it only makes itself known.
  return absl::StrCat(script, "\nif [[ $funcstack[1] == ", function, " ]]; then\n  ", function,
                      " \"$@\"\nelse\n  compdef ", function, " ", program, "\nfi\n");
}

}  // namespace graft
