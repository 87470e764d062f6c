// VitessTopology: Vitess's records on any key-value store, as vttablet and vtctldclient read them.
//
// Safe for use from several threads. A cell's store is opened at its first use and kept until the
// topology's end. What Deps refers to must outlive it. Besides the codes named below every call may
// return UNAVAILABLE, DEADLINE_EXCEEDED, PERMISSION_DENIED or UNAUTHENTICATED from the store,
// DATA_LOSS for a value that is no such record, and INVALID_ARGUMENT for a malformed name. Each
// text names the key or the thing, and what to do about it.
//
// Nothing but <alias>/Tablet is ever written below a cell's "tablets": Vitess decodes all of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft {

struct Cell {
  std::string name;
  std::string server_address;  // of the store that holds the cell's tablets
  std::string root;            // of the cell's keys there
};

// Which tablets to list; an empty member means any.
struct TabletFilter {
  std::string cell;
  std::string keyspace;
  std::string shard;
};

struct DamagedShard {
  std::string name;  // without the keyspace
  absl::Status why;
};

class VitessTopology : public Topology {
 public:
  using OpenStore =
      std::function<absl::StatusOr<std::shared_ptr<KeyValueStore>>(const std::string& address)>;

  struct Deps {
    Clock& clock;
    KeyValueStore& global;
    std::string global_root;
    std::string global_server_address;  // a cell at this address is kept in `global`
    OpenStore open_cell_store;
  };

  explicit VitessTopology(Deps deps) : deps_(std::move(deps)) {}

  const std::string& global_root() const { return deps_.global_root; }

  // ALREADY_EXISTS: the cell is there with another address or root; with the same ones: OK.
  absl::Status AddCell(const Cell& cell);
  absl::StatusOr<Cell> GetCell(absl::string_view name);  // NOT_FOUND
  // Without the damaged ones, which come into `damaged`.
  absl::StatusOr<std::vector<Cell>> ListCells(std::vector<MissingCell>* damaged);

  absl::StatusOr<Tablet> GetTablet(const TabletAlias& alias) override;
  absl::StatusOr<Shard> GetShard(absl::string_view keyspace, absl::string_view shard) override;
  absl::StatusOr<TabletList> ListShardTablets(absl::string_view keyspace,
                                              absl::string_view shard) override;
  // ABORTED: others kept writing in between.
  absl::Status UpdateTablet(const TabletAlias& alias,
                            const std::function<absl::Status(Tablet&)>& change) override;

  // Asks all cells at the same time. The list names each cell that does not answer, or whose
  // records cannot all be read. If no cell answers, the call fails. NOT_FOUND: the filter's cell.
  absl::StatusOr<TabletList> ListTablets(const TabletFilter& filter);
  // Ordered by keyspace and name; of all keyspaces if `keyspace` is empty. A damaged record hides
  // no other shard; what is wrong with it comes into `damaged`.
  absl::StatusOr<std::vector<Shard>> ListShards(absl::string_view keyspace,
                                                std::vector<DamagedShard>* damaged);

  // Announces a tablet as vttablet does at its start: makes keyspace, shard and replication records
  // where they are missing, creates the tablet's record or takes it over, with start_time now and
  // no shutdown_time. Returns the record as written. Of a record taken over these stay:
  //   tags that `tablet` does not set, and fields graft does not know
  //   type RESTORE: whether that rebuild is over is for its operation to say
  //   type PRIMARY, while the shard agrees or has an older term; conversely the shard's primary
  //   always becomes PRIMARY
  // NOT_FOUND: the cell; FAILED_PRECONDITION: the alias belongs to another keyspace or shard.
  absl::StatusOr<Tablet> RegisterTablet(const Tablet& tablet);

  // A clean stop, as vttablet's: hosts, ports and start_time cleared, shutdown_time now; type and
  // tags stay. `self` needs alias, hostname and port_map["graft"] as registered.
  // FAILED_PRECONDITION: another process has taken the record over; it is left alone.
  absl::Status UnregisterTablet(const Tablet& self);

  // As KeyValueStore's, for all cells' stores.
  void EndCallsBy(absl::Time when);

  // Records the shard's primary, for shards that no Vitess manages: a new term in Shard, the tablet
  // PRIMARY, the former primary REPLICA. Changes no server. NOT_FOUND; FAILED_PRECONDITION: the
  // tablet is of another shard, or is being rebuilt.
  absl::Status SetPrimary(absl::string_view keyspace, absl::string_view shard,
                          const TabletAlias& alias);

 private:
  struct Place {
    std::shared_ptr<KeyValueStore> store;
    std::string root;
  };

  absl::StatusOr<Place> OpenCell(absl::string_view name);
  absl::StatusOr<Place> OpenCell(const Cell& cell);
  struct CellAnswer;
  CellAnswer ListCellTablets(const Cell& cell, const TabletFilter& filter);
  std::vector<CellAnswer> AskCells(const std::vector<Cell>& cells, const TabletFilter& filter);
  absl::Status EnsureKeyspace(absl::string_view keyspace);
  absl::Status EnsureShard(absl::string_view keyspace, absl::string_view shard);
  absl::Status EnsureReplicationNode(const Place& place, const Tablet& tablet);
  absl::Status CheckMayBecomePrimary(absl::string_view keyspace, absl::string_view shard,
                                     const TabletAlias& alias);

  const Deps deps_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<KeyValueStore>> cell_stores_
      ABSL_GUARDED_BY(mutex_);  // by server address
  absl::Time end_calls_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace graft
