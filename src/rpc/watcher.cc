#include "rpc/watcher.h"

#include <algorithm>
#include <utility>

#include "rpc/grpc_status.h"

namespace graft {
namespace {

// Watchers that are due within so long of each other are served in one go.
constexpr absl::Duration kSlack = absl::Milliseconds(20);

}  // namespace

void Watcher::Follow(std::shared_ptr<WatchFeed> feed, absl::Duration min_interval) {
  absl::MutexLock lock(&mutex_);
  feed_ = std::move(feed);
  min_interval_ = min_interval;
}

Watcher::Move Watcher::Decide() {
  Move move;
  if (sending_ != nullptr || finished_) return move;
  const bool news = feed_ != nullptr && feed_->number() != sent_ && !end_.has_value();
  if (news) {
    const absl::Time now = clock_.Now();
    const absl::Time due = last_sent_ + min_interval_;
    std::shared_ptr<const WatchedState> state = feed_->Latest();
    if (now + kSlack < due && !state->last) {
      move.due = due;
      return move;
    }
    sent_ = state->number;
    last_sent_ = now;
    if (state->last) end_ = absl::OkStatus();
    sending_ = state;
    move.send = std::move(state);
  } else if (end_.has_value()) {
    finished_ = true;
    move.finish = end_;
  }
  return move;
}

absl::Time Watcher::Offer() {
  Move move;
  {
    absl::MutexLock lock(&mutex_);
    move = Decide();
  }
  // Only one thread gets here until OnWriteDone() or OnDone().
  if (move.send != nullptr) {
    StartWrite(&move.send->bytes);
  } else if (move.finish.has_value()) {
    Finish(ToGrpc(*move.finish, context_));
  }
  return move.due;
}

void Watcher::End(absl::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (!end_.has_value()) end_ = std::move(status);
  }
  Offer();
}

void Watcher::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    sending_.reset();
    if (!ok && (!end_.has_value() || end_->ok())) {
      end_ = absl::CancelledError("the watcher has gone");
    }
  }
  if (Offer() != absl::InfiniteFuture()) calls_.look_again();
}

}  // namespace graft
