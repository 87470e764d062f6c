#include "cli/output.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"

namespace graft::cli {

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

}  // namespace graft::cli
