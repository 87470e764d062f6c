// JSON is read by nlohmann-json. What is written is a small part of YAML that its readers agree on:
// block maps and sequences, texts bare or in double quotes.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/characters.h"
#include "cli/output.h"

namespace graft::cli {
namespace {

using Json = nlohmann::ordered_json;

// Words that YAML 1.1 or 1.2 reads as something other than a text.
bool IsWordOfYaml(absl::string_view text) {
  for (const char* word : {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}) {
    if (absl::EqualsIgnoreCase(text, word)) return true;
  }
  return false;
}

// "123", "1:20" and "2026-11-20" would become numbers and dates; what begins with a letter and
// holds nothing special is a text to every reader.
bool MayStandBare(absl::string_view text) {
  const auto plain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-./", c);
  };
  return !text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), plain) && !IsWordOfYaml(text);
}

// Control characters and what separates lines are written as numbers, since readers break lines at
// some of it and refuse other.
std::string TextOf(absl::string_view text) {
  if (MayStandBare(text)) return std::string(text);
  std::string quoted = "\"";
  for (const Character& character : Characters(text)) {
    const bool shown = character.kind == CharacterKind::kPrintable || character.code == U' ';
    if (character.code == U'"' || character.code == U'\\') {
      absl::StrAppend(&quoted, "\\", character.bytes);
    } else if (character.code == U'\n') {
      quoted += "\\n";
    } else if (shown) {
      absl::StrAppend(&quoted, character.bytes);
    } else {
      absl::StrAppendFormat(&quoted, "\\U%08x", static_cast<uint32_t>(character.code));
    }
  }
  return quoted + "\"";
}

// "1e+20" is a number in JSON, but a text in YAML 1.1.
std::string NumberOf(const Json& number) {
  std::string text = number.dump();
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && !absl::StrContains(text, '.')) text.insert(exponent, ".0");
  return text;
}

bool HasMembers(const Json& value) {
  return value.is_structured() && !value.empty();
}

std::string ScalarOf(const Json& value) {
  if (value.is_string()) return TextOf(value.get_ref<const std::string&>());
  return value.is_number() ? NumberOf(value) : value.dump();  // true, null, {} and [] are the same
}

// Each line begins with `indent` blanks and ends with a newline.
std::string Block(const Json& value, size_t indent) {
  const std::string blanks(indent, ' ');
  std::string text;
  if (!HasMembers(value)) return absl::StrCat(blanks, ScalarOf(value), "\n");
  if (value.is_array()) {
    for (const Json& element : value) {
      std::string block = Block(element, indent + 2);
      block[indent] = '-';
      text += block;
    }
    return text;
  }
  for (const auto& [key, member] : value.items()) {
    absl::StrAppend(&text, blanks, TextOf(key), ":");
    absl::StrAppend(&text, HasMembers(member) ? absl::StrCat("\n", Block(member, indent + 2))
                                              : absl::StrCat(" ", ScalarOf(member), "\n"));
  }
  return text;
}

}  // namespace

std::string YamlOf(absl::string_view json) {
  // Without exceptions: what is no JSON becomes null, which no caller gives.
  const Json value = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  return Block(value.is_discarded() ? Json() : value, 0);
}

}  // namespace graft::cli
