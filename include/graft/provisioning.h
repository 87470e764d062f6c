// Provisioning: what the API may ask of the agent. Implemented by src/provision, used by src/rpc.
//
// Safe for use from several threads. No method waits for MySQL, the topology or the disk beyond one
// write of the journal: each changes state under a lock, enqueues, or answers what is known.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"
#include "graft/preflight.h"
#include "graft/tablet.h"

namespace graft {

// A client's request; the agent's options supply every unset member.
struct ReprovisionCall {
  std::string id;  // empty: the agent makes one
  std::optional<DonorChoice> donor;
  std::optional<ReplicateFrom> replicate_from;
  CloneSettings settings;
  Allowances allow;
  bool if_needed = false;           // copies only if the old data cannot catch up
  bool fallback_to_backup = false;  // if no tablet can be the donor
};

// An operator's word that the tablet's data is good.
struct ReleaseCall {
  std::string id;    // empty: the agent makes one
  ReleaseWord word;  // `by` is never empty
};

// The agent's tablet, its server and its replication, as last seen.
struct TabletSnapshot {
  TabletAlias alias;
  std::string keyspace;
  std::string shard;
  TabletType type = TabletType::kUnknown;
  bool mysql_reachable = false;
  std::string mysql_error;  // why not
  std::string mysql_version;
  std::string gtid_executed;
  bool super_read_only = false;
  bool acknowledges = false;  // its source's commits, as a semi-synchronous replica
  std::vector<ReplicationChannel> replication;
  std::optional<bool> donating;  // its data is being cloned; nullopt: its sessions cannot be seen
  int64_t donations_seen = 0;    // by this agent; one that began and ended between two looks is not
  bool fenced = false;  // by graft: read-only, replication off, also at the server's next start
  // Why the agent holds its tablet out of service, for people: "a record of the journal …".
  std::vector<std::string> held_back;
  absl::Time read_at = absl::InfinitePast();  // InfinitePast(): never yet
};

// A running subscription; destruction ends it and waits until its callback has returned, so it must
// not happen inside that callback.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

using PreflightDone = std::function<void(absl::StatusOr<PreflightReport>)>;

class Provisioning {
 public:
  virtual ~Provisioning() = default;

  // Starts an operation, or returns the operation that has this id and the same parameters.
  // INVALID_ARGUMENT: no donor given, and the agent has no default. ALREADY_EXISTS: an operation
  // has this id and other parameters. FAILED_PRECONDITION: another operation runs. UNAVAILABLE: the
  // journal cannot be written, or the agent is stopping.
  virtual absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) = 0;

  // Starts an operation that takes the fence down, makes the tablet serve again and journals who
  // asked. Or returns the operation that has this id and the same parameters. ALREADY_EXISTS: as
  // for Reprovision. FAILED_PRECONDITION with the reason DATA_NOT_GOOD (the data is PARTIAL or
  // EMPTY, and `data_is_good` is not set) or OPERATION_RUNNING. UNAVAILABLE: as for Reprovision. If
  // neither the state nor the server has a fence, and the record has its type, the operation itself
  // ends with NOTHING_TO_RELEASE; while a copy runs, with CLONE_STILL_RUNS.
  virtual absl::StatusOr<Operation> Release(const ReleaseCall& call) = 0;

  // Here and below an empty id means the newest. NOT_FOUND: no such operation, or none at all.
  virtual absl::StatusOr<Operation> Get(absl::string_view id) = 0;

  // Newest first.
  virtual std::vector<Operation> List() = 0;

  // Returns the operation right after the cancel was granted. The operation ends a little later;
  // its data state then says what the cancel cost. NOT_FOUND; FAILED_PRECONDITION with the reason
  // OPERATION_ENDED, DATA_DROPPED (the request lacks `even_if_dropped`) or TOO_LATE (the copy is
  // complete).
  virtual absl::StatusOr<Operation> Cancel(absl::string_view id, CancelWish wish) = 0;

  // Changes the bandwidths of a clone that runs, or is about to run, within a second.
  // INVALID_ARGUMENT: settings that MySQL reads only at the start of a clone. NOT_FOUND;
  // FAILED_PRECONDITION: the operation has ended, or its copy is complete.
  virtual absl::StatusOr<Operation> Throttle(absl::string_view id,
                                             const CloneSettings& settings) = 0;

  // Makes all checks, changes nothing, and calls `on_done` once, from another thread, perhaps much
  // later. INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND: there is no donor to check;
  // UNAVAILABLE: the recipient's server or the topology does not answer, or the agent stops.
  virtual void Preflight(const ReprovisionCall& call, PreflightDone on_done) = 0;

  // Calls `on_change` with the present state at once (perhaps before Subscribe returns), then with
  // each later one, from other threads but one call at a time and in order. The last call has an
  // outcome other than kRunning. `on_change` must not block. NOT_FOUND: it is never called.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      absl::string_view id, std::function<void(const Operation&)> on_change) = 0;

  virtual TabletSnapshot Tablet() = 0;
};

}  // namespace graft
