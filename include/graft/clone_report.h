// CloneReport: performance_schema.clone_status and clone_progress, as plain values. Facts about
// both tables: docs/architecture.md, "The truth about a clone".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace graft {

enum class CloneState { kNotStarted, kInProgress, kCompleted, kFailed };

// In MySQL's own order.
enum class CloneStage {
  kDropData,
  kFileCopy,
  kPageCopy,
  kRedoCopy,
  kFileSync,
  kRestart,
  kRecovery
};
inline constexpr int kCloneStageCount = 7;

absl::string_view CloneStageName(CloneStage stage);  // "DROP DATA"
absl::string_view CloneStateName(CloneState state);  // "In Progress"
std::optional<CloneStage> ParseCloneStage(absl::string_view name);
std::optional<CloneState> ParseCloneState(absl::string_view name);

// One row of clone_progress. Times are the server's, UTC, as text; empty: not yet. All times of a
// report have three digits, rounded, and compare as text: with each other, and with an earlier
// ServerFacts::now. ServerFacts::now is cut, not rounded, so a later ServerFacts::now may seem up
// to a millisecond earlier than these times.
struct CloneStageRow {
  CloneStage stage = CloneStage::kDropData;
  CloneState state = CloneState::kNotStarted;
  std::string begin_time;
  std::string end_time;
  int64_t estimate_bytes = 0;  // 0 for stages that have none; known when the stage begins
  int64_t data_bytes = 0;
  int64_t network_bytes = 0;
};

// The one row of clone_status.
struct CloneStatus {
  int64_t connection_id = 0;  // of the CLONE session; 0 after any restart of the server
  CloneState state = CloneState::kNotStarted;
  std::string begin_time;  // "2026-11-20 13:00:00.123" UTC; tells attempts apart
  std::string end_time;
  std::string source;       // "host:port"
  std::string destination;  // "LOCAL INSTANCE" in place
  int error_no = 0;
  std::string error_message;
  absl::Status failure;       // what the two mean; codes and reasons as of StartClone's `on_end`
  std::string gtid_executed;  // filled after the recovery only
};

struct CloneReport {
  std::optional<CloneStatus> status;  // nullopt: no clone was ever tried here
  std::vector<CloneStageRow> stages;  // empty while the checks before the first stage run
};

}  // namespace graft
