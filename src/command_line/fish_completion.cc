#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "command_line/completion.h"
#include "command_line/completion_words.h"

namespace graft {
namespace {

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string Described(absl::string_view text) {
  return absl::StrCat(" -d ", Quoted(ShortText(text)));
}

std::string ActionOf(const OptionView& option) {
  switch (KindOf(option)) {
    case ValueKind::kChoices:
      return absl::StrCat(" -x -a ", Quoted(absl::StrJoin(option.choices, " ")));
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kFolder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kAnything:
      break;
  }
  return " -x";
}

// Prints the command that the words in front of the cursor name.
std::string FindCommand(const CommandView& view, const std::string& function) {
  std::string script = absl::StrCat("function ", function, R"(_command
    set -l command
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
)");
  std::vector<std::string> valued;
  for (const OptionView* option : OptionsWithValue(view)) {
    valued.insert(valued.end(), option->names.begin(), option->names.end());
  }
  if (!valued.empty()) {
    absl::StrAppend(&script, "            case ", absl::StrJoin(valued, " "),
                    "\n                set -e words[1]\n");
  }
  absl::StrAppend(&script, R"(            case '*'
                switch "$command $words[1]"
)");
  for (const CommandView* command : AllCommands(view)) {
    if (command->path.empty()) continue;
    absl::StrAppend(&script, "                    case '", absl::StrJoin(CalledAs(*command), "' '"),
                    "'\n                        set command '", command->path, "'\n");
  }
  return absl::StrCat(script, R"(                end
        end
        set -e words[1]
    end
    echo $command
end

function )",
                      function, R"(_at
    test ()",
                      function, R"(_command) = "$argv[1]"
end

)");
}

std::string OptionLines(const OptionView& option, const std::string& begin) {
  std::string lines;
  for (const std::string& name : NamesOf(option)) {
    const bool is_long = absl::StartsWith(name, "--");
    absl::StrAppend(&lines, begin, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1),
                    option.value.empty() ? "" : ActionOf(option), Described(option.description),
                    "\n");
  }
  return lines;
}

}  // namespace

std::string FishCompletion(const CommandView& view, const std::string& program) {
  const std::string function = absl::StrCat("_", FunctionName(program));
  std::string script = absl::StrCat("# fish completion of ", program, "\n\n",
                                    FindCommand(view, function), "complete -c ", program, " -f\n");
  for (const CommandView* command : AllCommands(view)) {
    const std::string at =
        absl::StrCat("complete -c ", program, " -n ",
                     Quoted(absl::StrCat(function, "_at '", command->path, "'")));
    for (const CommandView& below : command->commands) {
      absl::StrAppend(&script, at, " -a ", CommandName(below), Described(below.description), "\n");
    }
    const bool everywhere = command->path.empty() && view.options_may_follow;
    for (const OptionView& option : command->options) {
      if (option.place.empty()) {
        absl::StrAppend(
            &script, OptionLines(option, everywhere ? absl::StrCat("complete -c ", program) : at));
      } else if (!option.choices.empty()) {
        absl::StrAppend(&script, at, " -a ", Quoted(absl::StrJoin(option.choices, " ")), "\n");
      }
    }
  }
  return script;
}

std::string Completion(const CommandView& view, const std::string& program,
                       const std::string& shell) {
  if (shell == "bash") return BashCompletion(view, program);
  if (shell == "zsh") return ZshCompletion(view, program);
  return shell == "fish" ? FishCompletion(view, program) : "";
}

}  // namespace graft
