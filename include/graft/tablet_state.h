// TabletState: what is true about this tablet and must survive anything. One durable value.
//
// Its one owner is TabletOwner (src/provision/operation/tablet_owner.h); everybody else reads
// immutable snapshots. The journal keeps one for each operation; the one with the highest sequence
// number is the present.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/operation_request.h"
#include "graft/replication_channel.h"
#include "graft/tablet.h"

namespace graft {

// A CLONE that was sent, or was about to be sent, and whose end the server has not shown yet: the
// marks that tell this run from any other run, and the server's facts just before CLONE.
struct SentClone {
  std::string not_before;     // the server's time just before it was sent
  std::string begin_time;     // clone_status.BEGIN_TIME, once seen; empty before
  int64_t connection_id = 0;  // of the CLONE session; 0: not known to have been sent
  std::string process;        // of the server it was sent to; ServerFacts::process
  DonorChoice choice;         // of the request that sent it
  TabletAlias donor;
  HostPort donor_mysql;
  std::string donor_gtid;                   // the donor's gtid_executed then; empty: unknown
  std::string gtid_before;                  // the recipient's
  std::vector<std::string> schemas_before;  // the recipient's
  bool copied = false;  // the server has said that all is copied; the restart is what is missing
};

// The settings before the fence, so that graft can restore them.
struct FenceRecord {
  bool up = false;
  bool replication_was_running = false;
  bool acknowledged = false;  // it was a semi-synchronous replica
  struct Persisted {
    std::string name;
    std::string value;                     // of @@global, before
    std::optional<std::string> persisted;  // in mysqld-auto.cnf, before
  };
  std::vector<Persisted> variables;
  std::vector<Persisted> clone_settings;  // clone_* variables that the request changed
};

// A cancel that the API has granted: durable before it was answered.
struct GrantedCancel {
  CancelWish wish = CancelWish::kIfNothingDropped;
  absl::Time granted = absl::InfinitePast();
};

// Of the recipient's default channel before it was rebuilt; the new one gets them too.
struct ReplicationSettings {
  absl::Duration delay;                    // whole seconds; SOURCE_DELAY
  std::vector<ReplicationFilter> filters;  // those that no option sets
};

struct TabletState {
  int64_t sequence = 0;  // one more at each transition; order is this number, never a time
  // The newest one; its data_state is the tablet's. An empty id: there was none yet.
  Operation operation;
  DataState data_before = DataState::kIntact;  // when this attempt began
  std::optional<SentClone> clone;
  FenceRecord fence;
  std::optional<GrantedCancel> cancel;            // of `operation`
  CloneSettings throttle;                         // of `operation`: bandwidths that were granted
  TabletType type_before = TabletType::kUnknown;  // the record's when `operation` began
  TabletType type_after = TabletType::kUnknown;   // the record's when all is well
  std::vector<FailedAttempt> earlier_failures;    // of the operation before: rank donors
  // Of the recipient, as preflight saw it.
  std::string data_directory;  // @@datadir, to be read while it is down
  std::string error_log;       // @@log_error
  std::string server_uuid;     // which CLONE keeps
  ReplicationSettings replication;
  // Of the donor, likewise.
  std::string donor_uuid;
  std::string donor_gtid;   // gtid_executed; empty: not asked
  std::string source_uuid;  // the server of operation.source, as it answered last
};

// Compares sequence numbers. Records of an old graft have no sequence number (0); they are older
// than every record with a number. Among them an unfinished operation is the newest, and the time
// of the request orders the others.
bool IsOlder(const TabletState& a, const TabletState& b);

// Journal: operations that outlive the agent. Saved before each step acts.
//
// Implementations: FileJournal, FakeJournal. Safe for use from several threads.

// A record that cannot be read, and why; the texts are for the operator.
struct DamagedRecord {
  std::string file;
  std::string why;
};

struct LoadedJournal {
  std::vector<TabletState> states;  // oldest first, as IsOlder() has it
  std::vector<DamagedRecord> damaged;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // The record is on stable storage when Save() returns; it replaces the record with the same id.
  // The journal keeps only the newest operations. UNAVAILABLE: the disk refused. INVALID_ARGUMENT:
  // Load() could not read this record again. If Save() fails, the earlier record stays whole.
  virtual absl::Status Save(const TabletState& state) = 0;

  // All records: those that can be read, and those that cannot. UNAVAILABLE: the journal cannot be
  // read at all.
  virtual absl::StatusOr<LoadedJournal> Load() = 0;

  // Renames the damaged records, so that Load() no longer sees them. OK if there is none.
  // UNAVAILABLE.
  virtual absl::Status SetDamagedAside() = 0;
};

}  // namespace graft
