// CloneReport: performance_schema.clone_status and clone_progress, as plain values. Facts about
// both tables: docs/architecture.md, "The truth about a clone".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

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

// How far an operation is: the server's report, and graft's estimate from that report. Plain
// values; src/provision/progress/ makes one sample, and every reader gets the same
// sample.

// The phases of an operation, in order: the time before CLONE, its stages, the time after.
enum class Phase {
  kRestoreBackup,  // of an operation whose donor serves a backup
  kPrepare,        // until the first stage of CLONE: donor, preflight, queue, fence
  kDropData,
  kFileCopy,
  kPageCopy,
  kRedoCopy,
  kFileSync,
  kRestart,
  kRecovery,
  kFinish,  // verify, replicate, catch up, publish
};
inline constexpr int kPhaseCount = 10;
absl::string_view PhaseName(Phase phase);  // "PREPARE", "FILE COPY"
std::optional<Phase> ParsePhase(absl::string_view name);
inline Phase PhaseOf(CloneStage stage) {
  return static_cast<Phase>(static_cast<int>(stage) + static_cast<int>(Phase::kDropData));
}

struct PhaseProgress {
  Phase phase = Phase::kPrepare;
  double share = 0;       // of the operation's time, 0 to 1: always an estimate
  double done = 0;        // of this phase, 0 to 1
  bool measured = false;  // `done` is bytes or the server's own word; else it is guessed from time
  absl::Duration took;    // until now, or until its end
};

// The time left, counted from Progress::sampled.
struct Eta {
  absl::Duration likely;
  absl::Duration low;  // four of five operations should end between the two
  absl::Duration high;
};

struct Progress {
  std::optional<CloneStage> stage;    // nullopt outside of CLONE
  std::vector<CloneStageRow> stages;  // as the server showed them last
  int64_t bytes_done = 0;
  int64_t bytes_expected = 0;   // the donor's data until CLONE tells; grows with PAGE and REDO COPY
  double bytes_per_second = 0;  // over the last seconds
  absl::Time last_byte = absl::InfinitePast();
  std::string clone_sent;  // the recipient's time just before CLONE was sent; empty before
  std::string note;        // the cause of its wait, for people: "donor unreachable for 12s; …"

  // Of the whole attempt: never falls within an attempt, and is below 100 until the tablet
  // replicates.
  double percent = 0;
  std::optional<Eta> eta;  // nullopt: it stands in a queue, stands still, or has ended
  std::vector<PhaseProgress> phases;
  int learnt_from = 0;                              // earlier operations; 0: typical figures
  std::optional<double> recovery_percent;           // of the redo log, as the error log tells
  absl::Time phase_began = absl::InfinitePast();    // the one that runs
  absl::Time sampled = absl::InfinitePast();        // when all of this was so
  absl::Time waiting_since = absl::InfinitePast();  // for what `note` says; InfinitePast(): no wait
};

}  // namespace graft
