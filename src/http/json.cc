#include "http/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace graft::http {
namespace {

// Bytes of the UTF-8 sequence that `text` begins with; 0: it begins with none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const size_t length = byte < 0x80                   ? 1
                        : byte >= 0xC2 && byte < 0xE0 ? 2
                        : byte >= 0xE0 && byte < 0xF0 ? 3
                        : byte >= 0xF0 && byte < 0xF5 ? 4
                                                      : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

void AppendAscii(char c, std::string& json) {
  if (c == '"' || c == '\\') {
    json += '\\';
    json += c;
  } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == 0x7F) {
    // '<', so that no browser takes a part of it for markup whatever it takes the answer for.
    absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  } else {
    json += c;
  }
}

}  // namespace

std::string JsonText(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 1) {
      AppendAscii(text[0], json);
    } else if (length == 0) {
      json += "\\ufffd";
    } else {
      absl::StrAppend(&json, text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + "\"";
}

JsonObject& JsonObject::Number(absl::string_view name, int64_t value) {
  return Json(name, absl::StrCat(value));
}

JsonObject& JsonObject::Json(absl::string_view name, absl::string_view value) {
  absl::StrAppend(&members_, members_.empty() ? "\n" : ",\n", JsonText(name), ":", value);
  return *this;
}

JsonArray& JsonArray::Json(absl::string_view item) {
  absl::StrAppend(&items_, items_.empty() ? "\n" : ",\n", item);
  return *this;
}

}  // namespace graft::http
