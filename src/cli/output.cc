// JSON is read by nlohmann-json and YAML written by yaml-cpp, which would leave a text such as "12"
// or "on" bare: whether to quote is decided here.
#include "cli/output.h"

#include <google/protobuf/util/json_util.h>
#include <signal.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

using Json = nlohmann::ordered_json;

// "123", "1:20" and "2026-11-20" would become numbers and dates, and "on" and "n" true and false.
// What begins with a letter, holds nothing special and is no such word is a text to every reader.
bool MayStandBare(const std::string& text) {
  static const auto* const words =
      new std::set<std::string>{"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  const auto plain = [](char c) { return absl::ascii_isalnum(c) || absl::StrContains("_-./", c); };
  return !text.empty() && absl::ascii_isalpha(text.front()) &&
         std::all_of(text.begin(), text.end(), plain) &&
         words->count(absl::AsciiStrToLower(text)) == 0;
}

void EmitText(const std::string& text, YAML::Emitter& out) {
  if (!MayStandBare(text)) {
    // Readers break lines at some characters that the emitter would leave as they are, and refuse
    // others.
    const std::vector<Character> characters = Characters(text);
    const bool shown = std::all_of(characters.begin(), characters.end(), [](const Character& c) {
      return c.kind == CharacterKind::kPrintable || c.code < 0x7F;
    });
    out << YAML::DoubleQuoted << (shown ? YAML::EmitNonAscii : YAML::EscapeNonAscii);
  }
  out << text;
}

// "1e+20" is a number in JSON, but a text in YAML 1.1.
std::string NumberOf(const Json& number) {
  std::string text = number.dump();
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && !absl::StrContains(text, '.')) text.insert(exponent, ".0");
  return text;
}

void Emit(const Json& value, YAML::Emitter& out) {
  if (value.is_structured() && value.empty()) out << YAML::Flow;  // {} and [] on the key's line
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key;
      EmitText(key, out);
      out << YAML::Value;
      Emit(member, out);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& element : value) Emit(element, out);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    EmitText(value.get_ref<const std::string&>(), out);
  } else if (value.is_boolean()) {
    out << value.get<bool>();
  } else if (value.is_number()) {
    out << NumberOf(value);
  } else {
    out << YAML::Null;
  }
}

}  // namespace

std::string YamlOf(absl::string_view json) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  // Without exceptions: what is no JSON becomes null, which no caller gives.
  Emit(Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false), out);
  return out.c_str() + std::string("\n");
}

void WriteObject(OutputFormat format, const std::string& json, std::ostream& out) {
  if (format == OutputFormat::kYaml) {
    out << "---\n" << YamlOf(json);
  } else {
    out << json << '\n';
  }
  out.flush();
}

void WriteLines(const std::vector<std::string>& lines, std::ostream& out) {
  for (const std::string& line : lines) out << line << '\n';
  out.flush();
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  // Fails only for a timestamp out of range, which the agent cannot have meant.
  return status.ok() ? json : absl::StrCat("{\"error\": \"", message.GetTypeName(), "\"}");
}

ExitCode ExitCodeOf(const absl::Status& status) {
  using Code = absl::StatusCode;
  static const auto* const codes =
      new std::map<Code, ExitCode>{{Code::kOk, ExitCode::kDone},
                                   {Code::kInvalidArgument, ExitCode::kUsage},
                                   {Code::kNotFound, ExitCode::kNotFound},
                                   {Code::kUnavailable, ExitCode::kUnreachable},
                                   {Code::kDeadlineExceeded, ExitCode::kUnreachable},
                                   {Code::kFailedPrecondition, ExitCode::kRefused},
                                   {Code::kAlreadyExists, ExitCode::kRefused},
                                   {Code::kAborted, ExitCode::kRefused},
                                   {Code::kResourceExhausted, ExitCode::kRefused},
                                   {Code::kUnimplemented, ExitCode::kRefused},
                                   {Code::kCancelled, ExitCode::kCancelled},
                                   {Code::kPermissionDenied, ExitCode::kDenied},
                                   {Code::kUnauthenticated, ExitCode::kDenied}};
  const auto known = codes->find(status.code());
  return known == codes->end() ? ExitCode::kInternal : known->second;
}

ExitCode ExitCodeOf(const v1::Operation& operation) {
  if (operation.outcome() != v1::FAILED && operation.outcome() != v1::CANCELLED) {
    return ExitCode::kDone;
  }
  // However it ended: a tablet without data needs help now. An unknown state counts as that.
  if (operation.data_state() != v1::INTACT && operation.data_state() != v1::CLONED) {
    return ExitCode::kFailedDataGone;
  }
  return operation.outcome() == v1::CANCELLED ? ExitCode::kCancelled : ExitCode::kFailed;
}

ExitCode ExitCodeOf(const ShardRebuild& rebuild) {
  ExitCode code = ExitCode::kDone;
  for (const ShardRebuild::Member& member : rebuild.members) {
    if (member.data_gone) return ExitCode::kFailedDataGone;
    if (member.outcome == MemberOutcome::kFailed) code = ExitCode::kFailed;
    const bool left = member.outcome == MemberOutcome::kWaiting;
    if (left && code == ExitCode::kDone) code = ExitCode::kCancelled;
  }
  return code;
}

ExitCode ExitCodeOf(const v1::PreflightReport& report, const Allowances& allow) {
  const auto passes = [&allow](const v1::CheckResult& result) {
    return result.outcome() == v1::PASSED || result.outcome() == v1::WARNING ||
           (result.outcome() == v1::UNCHECKED && allow.Unchecked(result.id()));
  };
  const auto& results = report.results();
  const bool passed = !results.empty() && std::all_of(results.begin(), results.end(), passes);
  return passed ? ExitCode::kDone : ExitCode::kRefused;
}

ExitCode ExitCodeOfCancelled(const v1::Operation& operation) {
  if (operation.outcome() == v1::DONE) return ExitCode::kRefused;
  const ExitCode code = ExitCodeOf(operation);
  return code == ExitCode::kCancelled ? ExitCode::kDone : code;
}

absl::string_view ExitCodeHelp() {
  return "Exit status:\n"
         "  0  done (reprovision without --watch: accepted; preflight: CLONE may be tried)\n"
         "  1  the operation failed; the tablet's data is whole (INTACT or CLONED)\n"
         "  2  usage error or invalid argument\n"
         "  3  no such tablet, operation, cell, keyspace or shard\n"
         "  4  agent or topology unreachable, or no end within --timeout\n"
         "  5  refused: precondition or preflight check, id in use, too late to cancel\n"
         "  6  the operation ended and the tablet's data is PARTIAL or EMPTY\n"
         "  7  the operation was cancelled; the tablet's data is whole\n"
         "  8  permission denied\n"
         "  9  internal error or damaged record\n"
         "  130  interrupted while watching; the operation goes on\n"
         "  143  the same by SIGTERM\n";
}

void ExitWith(ExitCode code) {
  const int status = static_cast<int>(code);
  if (code == ExitCode::kInterrupted || code == ExitCode::kTerminated) {
    const int number = status - 128;
    signal(number, SIG_DFL);
    raise(number);
  }
  std::exit(status);
}

}  // namespace graft::cli
