// TabletRecord: the tablet's record in the topology, and its only writer.
//
// The fields of the record that it writes:
//   type              RESTORE from the fence on until the data is verified and follows its source;
//                     the type that it replaced again after that, or after a failure that left the
//                     data whole. What somebody else sets meanwhile is left, unless it would serve
//   graft.type_before while it is RESTORE: the type that RESTORE replaced
//   graft.step        while an operation runs: the step, "clone"
//   graft.progress    while it copies: percent, "42%"
//   graft.data_state  INTACT, PARTIAL, EMPTY, CLONED
//   graft.queue_place while it waits for its donor: 1 is next
//   graft.donor       alias
//   graft.operation   id
//   graft.reason      after a failure, or while the tablet is held out of service: why, as a word
//   graft.sequence    number of the state that was written
//   graft.server_uuid of the tablet's own mysqld
//   and the tags of DonorHealth
// An older state never overwrites a newer one. Safe for use from several threads: writers take
// turns. Its arguments must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "graft/reason.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"
#include "graft/topology.h"

namespace graft {

// Facts about the tablet beside its operations. Plain values.
struct TabletFacts {
  HostPort mysql;           // port 0: not known yet
  std::string server_uuid;  // empty: not known yet
  DonorHealth health;
  // The type to publish instead of a RESTORE that replaced no type and has no cause any more;
  // nullopt: the newest operation's, if there is one.
  std::optional<TabletType> type;
  // True if the tablet is empty and was never provisioned: it must not be donor and must not serve.
  bool never_provisioned = false;
  // Why graft holds the tablet out of service; kNone: it does not.
  Reason held_back = Reason::kNone;
};

// The type that RESTORE replaced, as the record's tag keeps it; UNKNOWN: the record does not say.
TabletType ReplacedType(const Tablet& tablet);

// Sets type and graft.* tags of `tablet` from the state and the facts; keeps all else.
void ApplyPublishedState(const TabletState& state, const TabletFacts& facts, Tablet& tablet);

class TabletRecord {
 public:
  TabletRecord(Topology& topology, const TabletAlias& alias) : topology_(topology), alias_(alias) {}

  void Note(const TabletFacts& facts) {
    absl::MutexLock lock(&mutex_);
    facts_ = facts;
  }
  TabletFacts facts() const {
    absl::MutexLock lock(&mutex_);
    return facts_;
  }

  // Writes the record from `state` and the noted facts, and returns the record's type. NOT_FOUND:
  // there is no record; others as of Topology::UpdateTablet. If the record has a newer state
  // already, writes nothing and returns OK.
  absl::StatusOr<TabletType> Publish(const TabletState& state);

 private:
  Topology& topology_;
  const TabletAlias alias_;
  absl::Mutex turn_;  // held over the write: one at a time
  int64_t published_ ABSL_GUARDED_BY(turn_) = -1;
  mutable absl::Mutex mutex_;
  TabletFacts facts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
