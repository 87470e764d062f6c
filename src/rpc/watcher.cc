#include "rpc/watcher.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "graft/v1/operation.pb.h"
#include "rpc/messages.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

// Watchers that are due within so long of each other are served in one go.
constexpr absl::Duration kSlack = absl::Milliseconds(20);

}  // namespace

absl::StatusOr<std::shared_ptr<WatchFeed>> WatchFeed::Open(Provisioning& provisioning,
                                                           const std::string& id,
                                                           std::function<void()> on_change) {
  std::shared_ptr<WatchFeed> feed(new WatchFeed(std::move(on_change)));
  GRAFT_ASSIGN_OR_RETURN(
      feed->subscription_,
      provisioning.Subscribe(id, [feed = feed.get()](const Operation& o) { feed->Update(o); }));
  return feed;
}

void WatchFeed::Update(const Operation& operation) {
  {
    absl::MutexLock lock(&mutex_);
    operation_ = operation;
    ++number_;
  }
  on_change_();
}

int64_t WatchFeed::number() const {
  absl::MutexLock lock(&mutex_);
  return number_;
}

std::shared_ptr<const WatchedState> WatchFeed::Latest() {
  absl::MutexLock lock(&mutex_);
  if (latest_ == nullptr || latest_->number != number_) {
    auto state = std::make_shared<WatchedState>();
    state->number = number_;
    state->last = operation_.outcome != Outcome::kRunning;
    state->bytes = ToBytes(ToProto(operation_));
    latest_ = std::move(state);
  }
  return latest_;
}

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
  if (Act().news_waits) wait_->Wake();
}

}  // namespace graft
