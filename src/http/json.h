// JSON text, for what is no protobuf message. Pure functions.
#ifndef GRAFT_HTTP_JSON_H_
#define GRAFT_HTTP_JSON_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace graft::http {

std::string JsonText(
    absl::string_view text);  // quoted and escaped; bytes that are no UTF-8: U+FFFD

// An object, member by member in the order of the calls.
class JsonObject {
 public:
  JsonObject& Text(absl::string_view name, absl::string_view value) {
    return Json(name, JsonText(value));
  }
  JsonObject& Number(absl::string_view name, int64_t value);
  JsonObject& Flag(absl::string_view name, bool value) {
    return Json(name, value ? "true" : "false");
  }
  // `value` is JSON itself.
  JsonObject& Json(absl::string_view name, absl::string_view value);

  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// An array, item by item.
class JsonArray {
 public:
  JsonArray& Json(absl::string_view item);
  std::string str() const { return "[" + items_ + "]"; }

 private:
  std::string items_;
};

}  // namespace graft::http

#endif  // GRAFT_HTTP_JSON_H_
