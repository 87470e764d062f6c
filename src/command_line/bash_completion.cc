#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "command_line/completion.h"
#include "command_line/completion_words.h"

namespace graft {
namespace {

// bash parts --option=value into three words; $previous is the option's name either way.
constexpr char kBegin[] = R"(() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command= word i options= words=
  COMPREPLY=()
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
)";

constexpr char kEnd[] = R"(  if [[ $current == -* || -z $words ]]; then
    words=$options
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
)";

std::string PatternOf(const std::vector<const OptionView*>& options) {
  std::vector<std::string> names;
  for (const OptionView* option : options) {
    names.insert(names.end(), option->names.begin(), option->names.end());
  }
  return absl::StrJoin(names, " | ");
}

// Which command is meant, of the words in front of the one that is completed.
std::string FindCommand(const CommandView& view) {
  std::string script;
  if (const std::string valued = PatternOf(OptionsWithValue(view)); !valued.empty()) {
    absl::StrAppend(&script, "      ", valued,
                    ")\n        [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))\n"
                    "        ((i++))\n        continue\n        ;;\n");
  }
  absl::StrAppend(&script, "    esac\n    case \"$command $word\" in\n");
  for (const CommandView* command : AllCommands(view)) {
    if (command->path.empty()) continue;
    absl::StrAppend(&script, "      '", absl::StrJoin(CalledAs(*command), "' | '"), "') command='",
                    command->path, "' ;;\n");
  }
  return absl::StrCat(script, "    esac\n  done\n");
}

std::string ValuesOf(const OptionView& option) {
  const auto offer = [](absl::string_view what) {
    return absl::StrCat("      mapfile -t COMPREPLY < <(compgen ", what, " -- \"$current\")\n");
  };
  constexpr char kAreNames[] = "      compopt -o filenames 2>/dev/null\n";
  switch (KindOf(option)) {
    case ValueKind::kChoices:
      return offer(absl::StrCat("-W '", absl::StrJoin(option.choices, " "), "'"));
    case ValueKind::kFile:
      return absl::StrCat(kAreNames, offer("-f"));
    case ValueKind::kFolder:
      return absl::StrCat(kAreNames, offer("-d"));
    case ValueKind::kAnything:
      break;
  }
  return "";
}

std::string CompleteValue(const CommandView& view) {
  std::map<std::string, std::vector<const OptionView*>> by_values;
  for (const OptionView* option : OptionsWithValue(view)) {
    by_values[ValuesOf(*option)].push_back(option);
  }
  if (by_values.empty()) return "";
  std::string script = "  case $previous in\n";
  for (const auto& [values, options] : by_values) {
    absl::StrAppend(&script, "    ", PatternOf(options), ")\n", values, "      return\n      ;;\n");
  }
  return absl::StrCat(script, "  esac\n");
}

std::string OptionNames(const CommandView& command, bool with_help = true) {
  std::vector<std::string> names;
  for (const OptionView& option : command.options) {
    if (!with_help && StandsAlone(option)) continue;
    const std::vector<std::string> more = NamesOf(option);
    names.insert(names.end(), more.begin(), more.end());
  }
  return absl::StrJoin(names, " ");
}

// What else than an option may stand there. A space where an argument of any kind is expected, so
// that no options are offered in its stead.
std::string OtherWords(const CommandView& command) {
  std::vector<std::string> words;
  bool takes_argument = false;
  for (const CommandView& below : command.commands) words.push_back(CommandName(below));
  for (const OptionView& option : command.options) {
    takes_argument = takes_argument || !option.place.empty();
    if (option.place.empty()) continue;
    words.insert(words.end(), option.choices.begin(), option.choices.end());
  }
  if (words.empty() && takes_argument) return " ";
  return absl::StrJoin(words, " ");
}

}  // namespace

std::string BashCompletion(const CommandView& view, const std::string& program) {
  const std::string function = FunctionName(program);
  std::string script = absl::StrCat("# bash completion of ", program, "\n\n", function, kBegin,
                                    FindCommand(view), CompleteValue(view), "  case $command in\n");
  for (const CommandView* command : AllCommands(view)) {
    absl::StrAppend(&script, "    '", command->path, "')\n      options='", OptionNames(*command));
    if (!command->path.empty() && view.options_may_follow) {
      absl::StrAppend(&script, " ", OptionNames(view, false));
    }
    absl::StrAppend(&script, "'\n      words='", OtherWords(*command), "'\n      ;;\n");
  }
  return absl::StrCat(script, "  esac\n", kEnd, "\ncomplete -F ", function, " ", program, "\n");
}

}  // namespace graft
