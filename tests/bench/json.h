// Just enough JSON to write figures down. Pure.
#ifndef GRAFT_BENCH_JSON_H_
#define GRAFT_BENCH_JSON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace graft {

class JsonObject {
 public:
  JsonObject& Number(absl::string_view name, double value);  // four digits behind the point
  JsonObject& Integer(absl::string_view name, int64_t value);
  JsonObject& Text(absl::string_view name, absl::string_view value);
  JsonObject& Raw(absl::string_view name, absl::string_view json);

  std::string ToString() const;

 private:
  std::vector<std::string> members_;
};

std::string JsonNumbers(const std::vector<double>& values);
// Of elements that are JSON already; each on a line of its own.
std::string JsonArray(const std::vector<std::string>& elements);
std::string JsonText(absl::string_view text);

}  // namespace graft

#endif  // GRAFT_BENCH_JSON_H_
