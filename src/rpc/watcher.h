// Watcher: one WatchOperation stream; WatchFeed: what it sends.
//
// Sends the feed's newest state when the stream is free and its interval is over; sends the last
// state at once. The stream skips states in between, so a slow reader costs no memory. Without a
// new state it repeats the state after kHeartbeat, or after the interval if that is longer, so that
// the client can tell a quiet operation from a lost agent. Lives until gRPC is done with it. Safe
// for use from several threads.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/cancellation.h"
#include "graft/clock.h"
#include "graft/provisioning.h"
#include "rpc/open_calls.h"

namespace graft {

inline constexpr absl::Duration kHeartbeat = absl::Seconds(2);

// A state of the operation. Immutable.
struct WatchedState {
  int64_t number = 0;  // 1 is the first that the feed saw
  bool last = false;   // the operation has ended
  grpc::ByteBuffer bytes;
};

// One operation's states as bytes for the wire, made once for all who watch it.
//
// Takes each state from Provisioning on the operation's thread, which it costs a copy and a wake-up
// whatever the number of watchers. Safe for use from several threads; `provisioning` must outlive
// it. Not to be destroyed inside `on_change`.
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

class Watcher : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // Leaves `open` when gRPC is done with it; wakes `wait` when Offer() has to be called soon.
  Watcher(const Clock& clock, grpc::CallbackServerContext& context,
          std::shared_ptr<OpenCalls<Watcher>> open, std::shared_ptr<Cancellation> wait)
      : clock_(clock), context_(context), open_(std::move(open)), wait_(std::move(wait)) {}

  // Once at most, before the first Offer().
  void Follow(std::shared_ptr<WatchFeed> feed, absl::Duration min_interval);

  // Sends the due state. Returns the time of the next call; InfiniteFuture(): the stream ends.
  absl::Time Offer() { return Act().due; }

  // A state that is being sent goes out before. The first end counts.
  void End(absl::Status status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the watcher has gone")); }
  void OnDone() override { open_->Remove(this); }

 private:
  // The next action, chosen under the lock and done without it.
  struct Move {
    std::shared_ptr<const WatchedState> send;
    std::optional<absl::Status> finish;
    absl::Time due = absl::InfiniteFuture();
    bool news_waits = false;  // until `due`; else `due` is the heartbeat's
  };
  Move Act();
  Move Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DecideWhatToSend(Move& move) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  grpc::CallbackServerContext& context_;
  const std::shared_ptr<OpenCalls<Watcher>> open_;
  const std::shared_ptr<Cancellation> wait_;
  absl::Mutex mutex_;
  std::shared_ptr<WatchFeed> feed_ ABSL_GUARDED_BY(mutex_);
  absl::Duration min_interval_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_sent_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::shared_ptr<const WatchedState> sending_ ABSL_GUARDED_BY(mutex_);  // until OnWriteDone()
  int64_t sent_ ABSL_GUARDED_BY(mutex_) = 0;                             // its number
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
