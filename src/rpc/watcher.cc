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
  if (finished_) return move;
  if (sending_ != nullptr) {
    move.due = clock_.Now() + kHeartbeat;
  } else if (end_.has_value()) {
    finished_ = true;
    move.finish = end_;
  } else if (feed_ != nullptr) {
    DecideWhatToSend(move);
  }
  return move;
}

void Watcher::DecideWhatToSend(Move& move) {
  const absl::Time now = clock_.Now();
  std::shared_ptr<const WatchedState> state = feed_->Latest();
  const bool news = state->number != sent_;
  const absl::Time due = last_sent_ + (news ? min_interval_ : std::max(min_interval_, kHeartbeat));
  if (now + kSlack < due && !state->last) {
    move.due = due;
    move.news_waits = news;
    return;
  }
  sent_ = state->number;
  last_sent_ = now;
  if (state->last) end_ = absl::OkStatus();
  sending_ = state;
  move.send = std::move(state);
  move.due = now + kHeartbeat;
}

Watcher::Move Watcher::Act() {
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
  return move;
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
  // The heartbeat is looked after already: sending has told its time.
  if (Act().news_waits) calls_.look_again();
}

}  // namespace graft
