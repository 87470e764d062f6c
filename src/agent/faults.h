// Faults: the faults of a command line, collected so that all of them are reported at once.
#ifndef GRAFT_AGENT_FAULTS_H_
#define GRAFT_AGENT_FAULTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace graft {

class Faults {
 public:
  void Add(absl::string_view text) { texts_.emplace_back(text); }

  template <typename T>
  void Take(absl::string_view flag, absl::StatusOr<T> value, T& target) {
    if (value.ok()) {
      target = *std::move(value);
    } else {
      Add(absl::StrCat(flag, ": ", value.status().message()));
    }
  }

  absl::Status ToStatus() const {
    if (texts_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(texts_, "\n"));
  }

 private:
  std::vector<std::string> texts_;
};

}  // namespace graft

#endif  // GRAFT_AGENT_FAULTS_H_
