// VitessQueueLocks: queues under Vitess's named-lock scheme on any key-value store.
//
// A place is a key under the lock's name, bound to a lease of its own, so that the place ends with
// its owner. The key with the lowest create version holds the lock, whoever wrote it: graft also
// waits for a lock of Vitess's own. Unlike Vitess's, a place lasts as long as its owner keeps it
// alive. Safe for use from several threads. The store and the clock must outlive the locks, and the
// locks must outlive their places.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "graft/topology.h"

namespace graft {

class VitessQueueLocks : public QueueLocks {
 public:
  struct Deps {
    Clock& clock;
    KeyValueStore& global;  // so that a lock holds across cells
    std::string global_root;
  };
  struct Options {
    std::string host_name;  // shown to people who look at the lock
    std::string user_name;
    absl::Duration lease_time =
        absl::Seconds(30);  // whole seconds; as Vitess's --topo-etcd-lease-ttl
  };

  VitessQueueLocks(Deps deps, Options options)
      : deps_(std::move(deps)), options_(std::move(options)) {}

  absl::StatusOr<std::unique_ptr<QueuePlace>> Enter(absl::string_view name,
                                                    const QueueEntry& entry) override;
  absl::StatusOr<std::vector<QueueEntry>> List(absl::string_view name) override;
  absl::StatusOr<std::unique_ptr<Watch>> WatchQueue(absl::string_view name,
                                                    std::function<void()> on_change) override;
  absl::Duration lease_time() const override { return options_.lease_time; }

 private:
  // NOT_FOUND: none that could be taken up; those there were are given up.
  absl::StatusOr<std::unique_ptr<QueuePlace>> TakeUpFormerPlace(const std::string& prefix,
                                                                const QueueEntry& entry);
  absl::Status EndDoubtfulPlaces();
  std::string Contents(const QueueEntry& entry) const;
  std::unique_ptr<QueuePlace> PlaceAt(const std::string& prefix, std::string key, LeaseId lease);
  absl::StatusOr<std::unique_ptr<QueuePlace>> Join(const std::string& prefix,
                                                   const QueueEntry& entry);

  const Deps deps_;
  const Options options_;
  absl::Mutex mutex_;
  // Of places that may or may not have come to be, and that could not be given up at once.
  std::vector<LeaseId> doubtful_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
