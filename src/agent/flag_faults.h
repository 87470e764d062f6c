// FlagFaults: collects what is wrong with the flags, so that all of it is reported at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace graft {

class Faults {
 public:
  void Add(absl::string_view text) { texts_.emplace_back(text); }

  template <typename T, typename Target>
  void Take(absl::string_view flag, absl::StatusOr<T> value, Target& target) {
    if (value.ok()) {
      target = *std::move(value);
    } else {
      Add(absl::StrCat(flag, ": ", value.status().message()));
    }
  }

  void CheckPort(absl::string_view flag, int port) {
    if (port < 0 || port > 65535) Add(absl::StrCat(flag, ": not a port"));
  }

  // INVALID_ARGUMENT, one fault a line.
  absl::Status ToStatus() const {
    if (texts_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(texts_, "\n"));
  }

 private:
  std::vector<std::string> texts_;
};

}  // namespace graft
