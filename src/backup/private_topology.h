// PrivateTopology: the topology for graft-backup, which has no tablet of its own there. It reads
// everything and writes nothing; the record of the backup's own tablet is kept in memory.
#pragma once

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/topology.h"

namespace graft {

class PrivateTopology : public Topology {
 public:
  // `shared` must outlive it. Errors as of Topology.
  PrivateTopology(Topology& shared, Tablet own) : shared_(shared), own_(std::move(own)) {}

  absl::StatusOr<Tablet> GetTablet(const TabletAlias& alias) override {
    absl::MutexLock lock(&mutex_);
    return alias == own_.alias ? own_ : shared_.GetTablet(alias);
  }
  absl::StatusOr<Shard> GetShard(absl::string_view keyspace, absl::string_view shard) override {
    return shared_.GetShard(keyspace, shard);
  }
  absl::StatusOr<TabletList> ListShardTablets(absl::string_view keyspace,
                                              absl::string_view shard) override {
    return shared_.ListShardTablets(keyspace, shard);
  }
  // FAILED_PRECONDITION: it is not the own tablet.
  absl::Status UpdateTablet(const TabletAlias& alias,
                            const std::function<absl::Status(Tablet&)>& change) override {
    absl::MutexLock lock(&mutex_);
    if (alias == own_.alias) return change(own_);
    return absl::FailedPreconditionError("a backup does not write the record of " +
                                         alias.ToString());
  }

 private:
  Topology& shared_;
  absl::Mutex mutex_;
  Tablet own_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
