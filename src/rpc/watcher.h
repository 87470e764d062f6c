// Watcher: one WatchOperation stream.
//
// Sends the feed's newest state when the stream is free and its interval is over; sends the last
// state at once. The stream skips states in between, so a slow reader costs no memory. Without a
// new state it repeats the state after kHeartbeat, or after the interval if that is longer, so that
// the client can tell a quiet operation from a lost agent. Lives until gRPC is done with it. Safe
// for use from several threads.
#ifndef GRAFT_RPC_WATCHER_H_
#define GRAFT_RPC_WATCHER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "rpc/watch_feed.h"

namespace graft {

inline constexpr absl::Duration kHeartbeat = absl::Seconds(2);

class Watcher : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  struct Calls {
    std::function<void()> look_again;            // Offer() has to be called soon
    std::function<void(const Watcher*)> remove;  // gRPC is done with it
  };

  Watcher(const Clock& clock, grpc::CallbackServerContext& context, Calls calls)
      : clock_(clock), context_(context), calls_(std::move(calls)) {}

  // Once at most, before the first Offer().
  void Follow(std::shared_ptr<WatchFeed> feed, absl::Duration min_interval);

  // Sends the due state. Returns the time of the next call; InfiniteFuture(): the stream ends.
  absl::Time Offer() { return Act().due; }

  // A state that is being sent goes out before. The first end counts.
  void End(absl::Status status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the watcher has gone")); }
  void OnDone() override { calls_.remove(this); }

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
  const Calls calls_;
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

#endif  // GRAFT_RPC_WATCHER_H_
