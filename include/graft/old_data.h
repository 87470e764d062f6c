// OldData: what an operation that copies only if needed has found about the recipient's old data.
// Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace graft {

enum class OldDataVerdict {
  kNotJudged,   // the request does not ask for it, or graft has not looked yet
  kCatchingUp,  // it can be used, as far as the servers show
  kCopySaved,   // it has caught up: no copy was made
  kCopyNeeded,  // and so it stays for the whole operation
};
absl::string_view OldDataVerdictName(OldDataVerdict verdict);  // "copy_saved"

struct OldData {
  OldDataVerdict verdict = OldDataVerdict::kNotJudged;
  std::string found;        // what graft saw before it touched anything, with numbers
  std::string why_copied;   // for kCopyNeeded, with numbers
  std::string gtid_before;  // the recipient's gtid_executed when graft looked first
  std::string gtid_after;   // for kCopySaved: the same, caught up; without errant transactions
  int64_t transactions_behind = 0;     // the source had so many more when graft looked first
  int64_t transactions_caught_up = 0;  // for kCopySaved: that replication has brought
};

}  // namespace graft
