// WatchFeed: one operation's states as bytes for the wire, made once for all its watchers.
//
// Takes each state from Provisioning on the operation's thread. That costs the thread a copy and a
// wake-up, with any number of watchers. Safe for use from several threads; `provisioning` must
// outlive it. Not to be destroyed inside `on_change`.
#ifndef GRAFT_RPC_WATCH_FEED_H_
#define GRAFT_RPC_WATCH_FEED_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "graft/provisioning.h"

namespace graft {

// A state of the operation. Immutable.
struct WatchedState {
  int64_t number = 0;  // 1 is the first that the feed saw
  bool last = false;   // the operation has ended
  grpc::ByteBuffer bytes;
};

class WatchFeed {
 public:
  // With the present state in it. `on_change` is called at each later one, from the operation's
  // thread, and must not block. NOT_FOUND.
  static absl::StatusOr<std::shared_ptr<WatchFeed>> Open(Provisioning& provisioning,
                                                         const std::string& id,
                                                         std::function<void()> on_change);

  std::shared_ptr<const WatchedState> Latest();
  int64_t number() const;

 private:
  explicit WatchFeed(std::function<void()> on_change) : on_change_(std::move(on_change)) {}
  void Update(const Operation& operation);

  const std::function<void()> on_change_;
  mutable absl::Mutex mutex_;
  Operation operation_ ABSL_GUARDED_BY(mutex_);
  int64_t number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const WatchedState> latest_ ABSL_GUARDED_BY(mutex_);  // may be behind number_
  std::unique_ptr<Subscription> subscription_;                          // last: it calls Update()
};

}  // namespace graft

#endif  // GRAFT_RPC_WATCH_FEED_H_
