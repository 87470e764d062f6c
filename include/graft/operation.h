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
#include "graft/tablet.h"

namespace graft {

// The rows of the step table (src/provision/step_table.cc), in order.
enum class Step {
  kResolveDonor,
  kPreflight,
  kFence,
  kClone,
  kAwaitRestart,
  kVerify,
  kReplicate,
  kCatchUp,
  kPublish,
};
inline constexpr int kStepCount = 9;
absl::string_view StepName(Step step);  // "await_restart"
std::optional<Step> ParseStep(absl::string_view name);

enum class Outcome { kRunning, kDone, kFailed, kCancelled };
absl::string_view OutcomeName(Outcome outcome);  // "running"

// What the recipient's data is, derived from what its server shows.
enum class DataState {
  kIntact,   // the old data is whole
  kPartial,  // some of it is dropped
  kEmpty,    // dropped, nothing usable
  kCloned,   // the donor's, verified
};
absl::string_view DataStateName(DataState state);  // "INTACT"

struct DonorChoice {
  enum class Kind { kPrimary, kTablet };
  Kind kind = Kind::kPrimary;
  TabletAlias tablet;  // for kTablet
  friend bool operator==(const DonorChoice& a, const DonorChoice& b) {
    return a.kind == b.kind && a.tablet == b.tablet;
  }
};

enum class ReplicateFrom { kDonor, kPrimary };

struct OperationRequest {
  std::string id;  // supplied by the client or made by the agent; unique per agent
  DonorChoice donor;
  ReplicateFrom replicate_from = ReplicateFrom::kDonor;
  friend bool operator==(const OperationRequest& a, const OperationRequest& b) {
    return a.id == b.id && a.donor == b.donor && a.replicate_from == b.replicate_from;
  }
};

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
};

struct StepTime {
  Step step = Step::kResolveDonor;
  absl::Time started = absl::InfinitePast();
  absl::Time ended = absl::InfinitePast();  // InfinitePast(): still in it
};

struct Progress {
  std::optional<CloneStage> stage;    // nullopt outside of CLONE
  std::vector<CloneStageRow> stages;  // as the server showed them last
  int64_t bytes_done = 0;
  int64_t bytes_expected = 0;   // grows when PAGE COPY and REDO COPY begin
  double bytes_per_second = 0;  // over the last seconds
  absl::Time last_byte = absl::InfinitePast();
};

struct Operation {
  OperationRequest request;
  TabletAlias recipient;
  Step step = Step::kResolveDonor;
  Outcome outcome = Outcome::kRunning;
  DataState data_state = DataState::kIntact;
  DataState data_before = DataState::kIntact;  // when it began: not kIntact after a bad clone
  int attempt = 1;
  TabletAlias donor;  // empty until resolved
  HostPort donor_mysql;
  TabletAlias source;  // whom it follows afterwards; empty until resolved
  HostPort source_mysql;
  TabletType type_before = TabletType::kUnknown;  // the record's when it began
  TabletType type_after = TabletType::kUnknown;   // the record's when all is well
  std::string server_uuid;                        // the recipient's own, which CLONE keeps
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
