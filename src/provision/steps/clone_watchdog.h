// CloneWatchdog: knows when a running copy stands still, says why, and does something about it.
//
// MySQL itself waits: a year for a metadata lock in DROP DATA, five minutes for a donor that is
// gone, and its STATE says "In Progress" all the while. Used by the clone step, on the operation's
// thread, after each look at the clone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "provision/operation/step_context.h"

namespace graft {

class CloneWatchdog {
 public:
  explicit CloneWatchdog(StepContext& context)
      : context_(context), moved_(context.clock().Now()), asked_(moved_) {}

  // Ends connections that block DROP DATA, and writes into the operation's note what the copy waits
  // for. OK: the copy may go on. UNAVAILABLE with the reason DONOR_GONE or CLONE_STALLED: the
  // caller should end the copy.
  absl::Status Check();

 private:
  bool Moved();
  void EndBlockers();
  absl::Status JudgeStandstill(absl::Duration still);
  void AskDonor();
  void AskSource();
  void CountFiles();

  StepContext& context_;
  std::optional<CloneStage> stage_;
  int64_t bytes_ = -1;
  absl::Time moved_;                              // when bytes or stage moved last
  int64_t files_ = -1;                            // of the recipient; -1: not counted
  absl::Time made_files_ = absl::InfinitePast();  // when there were more than before last
  absl::Time asked_;                              // when sessions or donor were read last
  std::string donor_hangs_;                       // why its commits, and perhaps the copy, hang
  absl::Time source_asked_ = absl::InfinitePast();
  std::string source_hangs_;                      // why its commits hang; empty: they do not
  absl::Time donor_lost_ = absl::InfinitePast();  // InfinitePast(): it answers
};

}  // namespace graft
