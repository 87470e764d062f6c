// A folder that is removed at the end, or, when the running test has failed, kept, with the tails
// of its logs on stderr.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace graft {

class TempFolder {
 public:
  enum class OnFailure { kKeep, kRemove };

  // Under $TMPDIR; the path is short enough for a socket in it.
  explicit TempFolder(absl::string_view hint, OnFailure on_failure = OnFailure::kKeep);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const OnFailure on_failure_;
};

}  // namespace graft
