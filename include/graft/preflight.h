// The findings of preflight, as plain values. The table of checks is
// src/provision/preflight/preflight.cc.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/tablet.h"

namespace graft {

enum class CheckOutcome {
  kPassed,
  kWarning,    // CLONE may be tried; somebody should know
  kUnchecked,  // its facts could not be read; stops the operation unless allowed
  kFatal,
};
absl::string_view CheckOutcomeName(CheckOutcome outcome);  // "WARNING"

// The side that can repair it. If the donor is at fault, another donor may do.
enum class CheckSide { kRecipient, kDonor, kSource };

struct CheckResult {
  std::string id;  // "DISK_SPACE": a word of graft/reason.h
  CheckSide side = CheckSide::kRecipient;
  CheckOutcome outcome = CheckOutcome::kPassed;
  std::string looks_at;  // "free space for the donor's data"
  std::string found;     // what is wrong, or what was seen
  std::string remedy;    // what to do; empty if passed
  friend bool operator==(const CheckResult& a, const CheckResult& b) {
    return a.id == b.id && a.side == b.side && a.outcome == b.outcome && a.looks_at == b.looks_at &&
           a.found == b.found && a.remedy == b.remedy;
  }
};

struct PreflightReport {
  TabletAlias recipient;
  TabletAlias donor;
  TabletAlias source;
  std::vector<CheckResult> results;  // every check, in the table's order
  absl::Time made = absl::InfinitePast();
};

}  // namespace graft
