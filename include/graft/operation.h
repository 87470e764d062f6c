// An operation: one re-provisioning of one recipient, from request to verdict. Plain values; the
// journal keeps them, the API shows them, src/provision changes them.
#ifndef GRAFT_OPERATION_H_
#define GRAFT_OPERATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/clone_report.h"
#include "graft/operation_request.h"
#include "graft/preflight.h"
#include "graft/progress.h"
#include "graft/step.h"
#include "graft/tablet.h"

namespace graft {

// Marks by which a clone is known as this operation's, and no other's.
struct CloneRun {
  std::string not_before;     // the server's time just before CLONE was sent
  std::string begin_time;     // clone_status.BEGIN_TIME, once seen; empty before
  int64_t connection_id = 0;  // of the CLONE session
};

// What the fence found, so that it can be taken down again.
struct FenceRecord {
  bool up = false;
  bool replication_was_running = false;
  struct Persisted {
    std::string name;
    std::string value;                     // of @@global, before
    std::optional<std::string> persisted;  // in mysqld-auto.cnf, before
  };
  std::vector<Persisted> variables;
  std::vector<Persisted> clone_settings;  // clone_* variables that the request changed
};

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

// A user's connection to the recipient that had to go.
struct EndedSession {
  int64_t connection_id = 0;
  std::string user;
  std::string host;
};

// What the new data means for the old: proved by verify, shown for ever after.
struct Proof {
  std::string gtid_before;     // the recipient's gtid_executed when its data was last whole
  std::string gtid_discarded;  // of those, what the new data does not hold
  int64_t transactions_discarded = 0;
  std::vector<std::string> emptied_tables;  // "shop.log (MyISAM)": not InnoDB, so without rows now
  std::string not_checked;                  // what could not be proved, and why; empty: all was
};

struct StepTime {
  Step step = Step::kResolveDonor;
  absl::Time started = absl::InfinitePast();
  absl::Time ended = absl::InfinitePast();  // InfinitePast(): still in it
};

struct Operation {
  OperationRequest request;
  TabletAlias recipient;
  Step step = Step::kResolveDonor;
  Outcome outcome = Outcome::kRunning;
  DataState data_state = DataState::kIntact;
  DataState data_before = DataState::kIntact;  // when it began: not kIntact after a bad clone
  int attempt = 1;
  std::vector<FailedAttempt> failed_attempts;   // of this operation, oldest first
  std::vector<FailedAttempt> earlier_failures;  // of the operation before it: rank donors
  std::vector<RefusedDonor> refused_donors;     // when the donor was chosen last
  std::vector<CheckResult> findings;            // of the last preflight, all but what passed
  int queue_place = 0;                          // waiting for the donor: 1 is next; 0: not waiting
  bool claim_lost = false;                      // the claim on the donor ended before the copy did
  int resumptions = 0;  // agents that took it up after one that went away, in this step
  std::vector<EndedSession> ended_sessions;
  Proof proof;
  absl::Duration donor_patience = absl::Minutes(5);  // the server's own, when its donor is gone
  TabletAlias donor;                                 // empty until resolved
  HostPort donor_mysql;
  TabletAlias source;  // whom it follows afterwards; empty until resolved
  HostPort source_mysql;
  TabletType type_before = TabletType::kUnknown;  // the record's when it began
  TabletType type_after = TabletType::kUnknown;   // the record's when all is well
  std::string data_directory;  // the recipient's @@datadir, to be looked at while it is down
  std::string error_log;       // its @@log_error
  std::string server_uuid;     // the recipient's own, which CLONE keeps
  std::string donor_uuid;
  CloneRun run;
  FenceRecord fence;
  absl::Time requested = absl::InfinitePast();
  absl::Time ended = absl::InfinitePast();
  std::vector<StepTime> times;
  absl::Status error;  // why it failed or was cancelled; the reason is a payload (base/errors.h)
  Progress progress;
};

}  // namespace graft

#endif  // GRAFT_OPERATION_H_
