#include "bench/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace graft {

JsonObject& JsonObject::Number(absl::string_view name, double value) {
  return Raw(name, absl::StrFormat("%.4f", value));
}

JsonObject& JsonObject::Integer(absl::string_view name, int64_t value) {
  return Raw(name, absl::StrCat(value));
}

JsonObject& JsonObject::Text(absl::string_view name, absl::string_view value) {
  return Raw(name, JsonText(value));
}

JsonObject& JsonObject::Raw(absl::string_view name, absl::string_view json) {
  members_.push_back(absl::StrCat(JsonText(name), ": ", json));
  return *this;
}

std::string JsonObject::ToString() const {
  return absl::StrCat("{", absl::StrJoin(members_, ", "), "}");
}

std::string JsonNumbers(const std::vector<double>& values) {
  const auto format = [](std::string* out, double value) {
    absl::StrAppendFormat(out, "%.4f", value);
  };
  return absl::StrCat("[", absl::StrJoin(values, ", ", format), "]");
}

std::string JsonArray(const std::vector<std::string>& elements) {
  if (elements.empty()) return "[]";
  return absl::StrCat("[\n  ", absl::StrJoin(elements, ",\n  "), "\n]");
}

std::string JsonText(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace graft
