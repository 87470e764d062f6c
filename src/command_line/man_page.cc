#include "command_line/man_page.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "command_line/command_view.h"
#include "command_line/roff.h"

namespace graft {
namespace {

using Entries = std::vector<ManPageText::Entry>;

void Section(std::string& page, absl::string_view name) {
  absl::StrAppend(&page, ".SH ", name, "\n");
}

void Tagged(std::string& page, absl::string_view tag, absl::string_view text) {
  absl::StrAppend(&page, ".TP\n", tag, "\n", text, "\n");
}

// "it runs" as a sentence. A first word that is a name stays as it is: "etcd2:", "mysqld's".
std::string Sentence(absl::string_view text) {
  std::string sentence(absl::StripAsciiWhitespace(text));
  if (sentence.empty()) return sentence;
  const size_t end = sentence.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  if (end == std::string::npos || absl::StrContains(" ,;:", sentence[end])) {
    sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  }
  if (!absl::EndsWith(sentence, ".")) sentence.push_back('.');
  return sentence;
}

std::string ValueOf(const OptionView& option) {
  if (option.choices.empty()) return RoffItalic(absl::AsciiStrToLower(option.value));
  return absl::StrJoin(option.choices, "|", [](std::string* out, const std::string& choice) {
    out->append(RoffBold(choice));
  });
}

std::string Tag(const OptionView& option) {
  if (option.names.empty() && option.off_names.empty()) return RoffItalic(option.place);
  std::vector<std::string> names;
  names.reserve(option.names.size() + option.off_names.size());
  for (const std::string& name : option.names) names.push_back(RoffBold(name));
  for (const std::string& name : option.off_names) names.push_back(RoffBold(name));
  const std::string joined = absl::StrJoin(names, ", ");
  return option.value.empty() ? joined : absl::StrCat(joined, " ", ValueOf(option));
}

std::string Explained(const OptionView& option) {
  std::vector<std::string> sentences = {Sentence(option.description)};
  const bool is_flag = option.value.empty() && option.place.empty();
  if (option.required) sentences.emplace_back("Required.");
  if (!option.place.empty() && !option.choices.empty()) {
    sentences.push_back(absl::StrCat("One of ", absl::StrJoin(option.choices, ", "), "."));
  }
  if (!option.limits.empty()) sentences.push_back(absl::StrCat("From ", option.limits, "."));
  if (is_flag && option.default_value == "true") {
    sentences.push_back(absl::StrCat("On unless turned off with ", option.names.back(), "=false."));
  } else if (!option.default_value.empty()) {
    sentences.push_back(absl::StrCat("Default: ", option.default_value, "."));
  }
  if (option.repeatable) sentences.emplace_back("May be given several times.");
  if (!option.excludes.empty()) {
    sentences.push_back(absl::StrCat("Not with ", absl::StrJoin(option.excludes, " or "), "."));
  }
  return RoffProse(absl::StrJoin(sentences, " "));
}

void Options(std::string& page, const CommandView& command) {
  std::vector<std::string> groups;
  for (const OptionView& option : command.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) {
      groups.push_back(option.group);
    }
  }
  for (const std::string& group : groups) {
    const bool named = groups.size() > 1 && command.path.empty();
    if (named) absl::StrAppend(&page, ".SS ", RoffArgument(group), "\n");
    for (const OptionView& option : command.options) {
      if (option.group == group) Tagged(page, Tag(option), Explained(option));
    }
  }
}

// "[option ...] ALIAS [OPERATION_ID]"
std::string Usage(const CommandView& command) {
  std::vector<std::string> words;
  const bool has_names = std::any_of(command.options.begin(), command.options.end(),
                                     [](const OptionView& o) { return o.place.empty(); });
  if (has_names) words.push_back(absl::StrCat("[", RoffItalic("option"), " ...]"));
  for (const OptionView& option : command.options) {
    if (option.place.empty()) continue;
    const std::string word = RoffItalic(option.place);
    words.push_back(option.required ? word : absl::StrCat("[", word, "]"));
  }
  if (!command.commands.empty()) words.push_back(RoffItalic("command"));
  return absl::StrJoin(words, " ");
}

std::string Meaning(const CommandView& command) {
  const std::string sentence = Sentence(command.description);
  if (command.aliases.empty()) return sentence;
  return absl::StrCat(sentence, " Also called ", absl::StrJoin(command.aliases, ", "), ".");
}

void Commands(std::string& page, const CommandView& program, const ManPageText& text) {
  for (const CommandView* command : AllCommands(program)) {
    if (command->path.empty() || !command->commands.empty()) continue;
    absl::StrAppend(&page, ".SS ", RoffArgument(command->path), "\n",
                    RoffBold(absl::StrCat(text.program, " ", command->path)), " ", Usage(*command),
                    "\n.PP\n", RoffProse(Meaning(*command)), "\n");
    CommandView own = *command;
    own.options.erase(std::remove_if(own.options.begin(), own.options.end(),
                                     [](const OptionView& option) {
                                       return absl::c_linear_search(option.names, "--help");
                                     }),
                      own.options.end());
    Options(page, own);
  }
}

// The variables of all options, each once, in one paragraph.
std::string OptionVariables(const CommandView& program) {
  std::vector<std::string> variables;
  for (const CommandView* command : AllCommands(program)) {
    for (const OptionView& option : command->options) {
      if (option.environment.empty() || option.names.empty()) continue;
      variables.push_back(
          absl::StrCat(RoffBold(option.environment), " (", RoffBold(option.names.back()), ")"));
    }
  }
  return absl::StrJoin(variables, ",\n");
}

void Environment(std::string& page, const CommandView& program, const ManPageText& text) {
  const std::string variables = OptionVariables(program);
  if (variables.empty() && text.environment.empty()) return;
  Section(page, "ENVIRONMENT");
  if (!variables.empty()) {
    absl::StrAppend(&page, "An option that is not given may come from its variable:\n", variables,
                    ".\n");
  }
  for (const auto& [term, meaning] : text.environment) {
    Tagged(page, RoffBold(term), RoffProse(meaning));
  }
}

Entries ExitCodes(absl::string_view footer) {
  Entries codes;
  for (absl::string_view line : absl::StrSplit(footer, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t end = line.find_first_not_of("0123456789");
    if (end == 0 || end == absl::string_view::npos) continue;
    codes.push_back(
        {std::string(line.substr(0, end)), Sentence(absl::StripAsciiWhitespace(line.substr(end)))});
  }
  return codes;
}

void List(std::string& page, absl::string_view name, const Entries& entries) {
  if (entries.empty()) return;
  Section(page, name);
  for (const auto& [term, meaning] : entries) Tagged(page, RoffBold(term), RoffProse(meaning));
}

void Examples(std::string& page, const std::vector<ManPageText::Example>& examples) {
  if (examples.empty()) return;
  Section(page, "EXAMPLES");
  bool first = true;
  for (const auto& [meaning, command] : examples) {
    absl::StrAppend(&page, first ? "" : ".PP\n", RoffProse(meaning), "\n.PP\n.RS 4\n.nf\n",
                    RoffText(command), "\n.fi\n.RE\n");
    first = false;
  }
}

void SeeAlso(std::string& page, const std::vector<std::string>& names) {
  if (names.empty()) return;
  Section(page, "SEE ALSO");
  absl::StrAppend(&page,
                  absl::StrJoin(names, ",\n",
                                [](std::string* out, const auto& name) {
                                  const size_t open = name.find('(');
                                  absl::StrAppend(
                                      out, RoffBold(name.substr(0, open)),
                                      open == std::string::npos ? "" : RoffText(name.substr(open)));
                                }),
                  "\n");
}

}  // namespace

std::string ManPage(const CLI::App& app, const ManPageText& text) {
  const CommandView program = LookAt(app);
  std::string page =
      absl::StrCat(".TH ", RoffArgument(absl::AsciiStrToUpper(text.program)), " ", text.section,
                   " ", text.date, " ", RoffArgument(absl::StrCat("graft ", text.version)), " ",
                   RoffArgument("graft manual"), "\n");
  Section(page, "NAME");
  absl::StrAppend(&page, RoffText(text.program), " \\- ", RoffText(text.summary), "\n");
  Section(page, "SYNOPSIS");
  absl::StrAppend(&page, RoffBold(text.program), " ", Usage(program), "\n");
  Section(page, "DESCRIPTION");
  absl::StrAppend(&page,
                  absl::StrJoin(text.description, "\n.PP\n",
                                [](std::string* out, const std::string& paragraph) {
                                  out->append(RoffProse(paragraph));
                                }),
                  "\n");
  Section(page, "OPTIONS");
  Options(page, program);
  if (!program.commands.empty()) {
    Section(page, "COMMANDS");
    Commands(page, program, text);
  }
  Environment(page, program, text);
  List(page, "FILES", text.files);
  List(page, "EXIT STATUS", ExitCodes(program.footer));
  Examples(page, text.examples);
  SeeAlso(page, text.see_also);
  return page;
}

}  // namespace graft
