// Topology: what an operation needs to know and say about its shard. The layout behind it (keys,
// records) is src/topo's; the core sees only this.
//
// Safe for use from several threads. Besides the codes named below every call may return
// UNAVAILABLE or DEADLINE_EXCEEDED when the store cannot be reached.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/key_value_store.h"
#include "graft/tablet.h"

namespace graft {

class Topology {
 public:
  virtual ~Topology() = default;

  // NOT_FOUND: no such cell, or no such tablet; the text says which.
  virtual absl::StatusOr<Tablet> GetTablet(const TabletAlias& alias) = 0;

  // NOT_FOUND: no such keyspace, or no such shard; the text says which.
  virtual absl::StatusOr<Shard> GetShard(absl::string_view keyspace, absl::string_view shard) = 0;

  // The tablets of one shard, from every cell that answers. An empty list is no error; it is an
  // error if no cell answers. Many cells that are away delay the call no longer than one.
  virtual absl::StatusOr<TabletList> ListShardTablets(absl::string_view keyspace,
                                                      absl::string_view shard) = 0;

  // Reads, changes and writes the record by compare-and-swap; starts again if another writer came
  // first. Fields of the record that Tablet does not hold survive. NOT_FOUND; if `change` returns
  // an error, the call returns that error and writes nothing.
  virtual absl::Status UpdateTablet(const TabletAlias& alias,
                                    const std::function<absl::Status(Tablet&)>& change) = 0;
};

// QueueLocks: named locks of the whole topology whose waiters form a queue, under Vitess's
// named-lock scheme. A donor is claimed with one, the recipients of a shard stand in line in one,
// and so is a shard's right to repair a tablet.
//
// A place in the queue lasts as long as its lease: an owner that dies loses its place within the
// lease's time. Safe for use from several threads. Besides the codes named below every call may
// return UNAVAILABLE or DEADLINE_EXCEEDED when the store cannot be reached.

// The owner of a place in the queue, and its purpose.
struct QueueEntry {
  TabletAlias tablet;     // of the agent that entered
  std::string operation;  // its id
  std::string action;     // for people: "clone zone1-0000000101 from zone1-0000000100"
  // In the line of a shard's recipients:
  bool waiting = false;       // for a donor; false: it has one, or no longer needs one
  TabletAlias wants{};        // the only donor that it waits for; empty: any
  TabletAlias holds{};        // the donor that it copies
  bool acknowledges = false;  // it is, or was until its fence, a semi-synchronous replica

  friend bool operator==(const QueueEntry& a, const QueueEntry& b) {
    return std::tie(a.tablet, a.operation, a.action, a.waiting, a.wants, a.holds, a.acknowledges) ==
           std::tie(b.tablet, b.operation, b.action, b.waiting, b.wants, b.holds, b.acknowledges);
  }
};

// The caller's place in a queue. The destructor gives the place up, if the store can be reached.
class QueuePlace {
 public:
  virtual ~QueuePlace() = default;

  // How many places are before this one; 0: this place holds the lock. ABORTED: the place is lost.
  virtual absl::StatusOr<int> Ahead() = 0;

  // To be called more often than every QueueLocks::lease_time(). ABORTED: the place is lost.
  virtual absl::Status KeepAlive() = 0;

  // Says something else of the place, which stays where it is. ABORTED: the place is lost.
  virtual absl::Status Change(const QueueEntry& entry) = 0;

  // Gives the place up now; OK if the place was lost already.
  virtual absl::Status Leave() = 0;
};

class QueueLocks {
 public:
  virtual ~QueueLocks() = default;

  // Joins the queue at its end. An earlier process of the same tablet's agent may have left a place
  // in the queue: if it belongs to the same operation, this call takes that place over; otherwise
  // it gives that place up. INVALID_ARGUMENT: a name with other characters than [A-Za-z0-9_.-].
  virtual absl::StatusOr<std::unique_ptr<QueuePlace>> Enter(absl::string_view name,
                                                            const QueueEntry& entry) = 0;

  // The places in the queue, the holder first. Entries of others (Vitess's own) have an empty
  // tablet.
  virtual absl::StatusOr<std::vector<QueueEntry>> List(absl::string_view name) = 0;

  // Calls `on_change`, on a thread of the store, after each change to a queue: somebody came, left
  // or says something else. It must not call the store. A change may be missed while the store is
  // away, so whoever waits also looks by himself now and then.
  virtual absl::StatusOr<std::unique_ptr<Watch>> WatchQueue(absl::string_view name,
                                                            std::function<void()> on_change) = 0;

  virtual absl::Duration lease_time() const = 0;
};

// The names of graft's locks.
std::string DonorLockName(const TabletAlias& donor);  // "graft-donor-zone1-0000000100"
std::string RepairLockName(absl::string_view keyspace, absl::string_view shard);
std::string ShardLineName(absl::string_view keyspace, absl::string_view shard);

}  // namespace graft
