// An operation: one rebuild of one recipient, from the request to the end: request, place in the
// plan, history. Plain values; the API shows them. graft/tablet_state.h keeps the newest operation
// together with the other facts about the tablet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/observer.h"
#include "graft/old_data.h"
#include "graft/operation_request.h"
#include "graft/preflight.h"
#include "graft/progress.h"
#include "graft/tablet.h"

namespace graft {

// The steps of operations. The plan (graft/plan.h) says which steps an operation has, and in which
// order; the order here means nothing.
enum class Step {
  kResolveDonor,
  kPreflight,
  kClaimDonor,
  kFence,
  kClone,
  kAwaitRestart,
  kVerify,
  kReplicate,
  kCatchUp,
  kPublish,
  kRelease,
  kAssess,
  kRepoint,
  kRejoin,
  kRestoreBackup,
};
inline constexpr int kStepCount = 15;
absl::string_view StepName(Step step);  // "await_restart"
std::optional<Step> ParseStep(absl::string_view name);

enum class Outcome { kRunning, kDone, kFailed, kCancelled };
absl::string_view OutcomeName(Outcome outcome);  // "running"

// The state of the recipient's data, derived from the facts that its server shows.
enum class DataState {
  kIntact,   // the old data is whole
  kPartial,  // some of it is dropped
  kEmpty,    // dropped, nothing usable
  kCloned,   // the donor's, verified
};
absl::string_view DataStateName(DataState state);  // "INTACT"
// The old data is gone, and nothing that is known to be good has taken its place.
inline bool IsDropped(DataState data) {
  return data == DataState::kPartial || data == DataState::kEmpty;
}
// What is left of `data` as far as anybody knows, once some of it may be dropped.
inline DataState OnceDropped(DataState data) {
  return IsDropped(data) ? data : DataState::kPartial;
}

// A tablet of the shard that cannot be the donor, and why.
struct RefusedDonor {
  TabletAlias alias;
  std::string reason;  // "DONOR_UNREACHABLE"
  std::string text;
};

// An attempt that ended badly while the operation went on.
struct FailedAttempt {
  int attempt = 1;
  TabletAlias donor;
  Step step = Step::kResolveDonor;
  DataState data_state = DataState::kIntact;
  absl::Status error;
  absl::Time ended = absl::InfinitePast();
};

// A user's connection to the recipient that graft ended.
struct EndedSession {
  int64_t connection_id = 0;
  std::string user;
  std::string host;
};

// How the new data differs from the old data: the verify step proves it, and the API shows it from
// then on.
struct Proof {
  std::string gtid_before;     // the recipient's gtid_executed when its data was last whole
  std::string gtid_discarded;  // those of them that the new data lacks
  int64_t transactions_discarded = 0;
  std::vector<std::string> emptied_tables;   // "shop.log (MyISAM)": not InnoDB, so without rows now
  std::vector<std::string> disabled_events;  // "shop.tick": enabled on the donor, not on a replica
  std::string not_checked;                   // facts without proof, and why; empty: none
};

struct StepTime {
  Step step = Step::kResolveDonor;
  absl::Time started = absl::InfinitePast();
  absl::Time ended = absl::InfinitePast();  // InfinitePast(): still in it
};

inline constexpr size_t kMostEndedSessions = 50;  // graft only counts those beyond

struct Operation {
  OperationRequest request;
  TabletAlias recipient;
  Step step = Step::kResolveDonor;
  Outcome outcome = Outcome::kRunning;
  DataState data_state = DataState::kIntact;
  int attempt = 1;
  std::vector<FailedAttempt> failed_attempts;  // of this operation, oldest first
  std::vector<RefusedDonor> refused_donors;    // when the donor was chosen last; ten at most
  int refused_more = 0;                        // how many there were besides
  std::vector<CheckResult> findings;           // of the last preflight, without passed checks
  int queue_place = 0;                         // waiting for the donor: 1 is next; 0: not waiting
  bool claim_lost = false;                     // the claim on the donor ended before the copy did
  int resumptions = 0;  // agents that took it up after one that went away, in this step
  std::vector<EndedSession> ended_sessions;  // the first kMostEndedSessions
  int64_t ended_sessions_more = 0;
  Proof proof;
  OldData old_data;
  absl::Duration donor_patience = absl::Minutes(5);  // the server's own, when its donor is gone
  bool from_backup = false;  // its donor serves a backup; the plan has restore_backup
  std::string backup;        // that backup's name; empty until it is chosen
  TabletAlias donor;         // empty until resolved
  HostPort donor_mysql;
  TabletAlias source;  // replication source; empty until resolved
  HostPort source_mysql;
  absl::Time requested = absl::InfinitePast();
  absl::Time ended = absl::InfinitePast();
  std::vector<StepTime> times;
  absl::Status error;  // why it failed or was cancelled; the reason is a payload (base/errors.h)
  Progress progress;
};

// Its donor is the best one of the shard, and may be another one at each look.
inline bool TakesAnyDonor(const Operation& operation) {
  return operation.request.donor.kind == DonorChoice::Kind::kAny && !operation.from_backup;
}

// It failed by its request alone, as one for a primary does: the tablet is as it was.
bool IsRefusal(const Operation& operation);

}  // namespace graft
