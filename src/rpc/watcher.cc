#include "rpc/watcher.h"

#include <algorithm>

#include "base/errors.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/provisioner.pb.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {

namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(2);
// Watchers that are due within so long of each other are served in one go.
constexpr absl::Duration kSlack = absl::Milliseconds(20);
constexpr size_t kMostWatchers = 5000;  // each costs some kilobytes

constexpr char kWatchAgain[] = "the operation is journalled, watch it again when the agent is back";

}  // namespace

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
  explicit WatchFeed(std::function<void()> on_change) : on_change_(std::move(on_change)) {}

  // With the present state in it. `on_change` is called at each later one, from the operation's
  // thread, and must not block. NOT_FOUND.
  static absl::StatusOr<std::shared_ptr<WatchFeed>> Open(Provisioning& provisioning,
                                                         const std::string& id,
                                                         std::function<void()> on_change) {
    auto feed = std::make_shared<WatchFeed>(std::move(on_change));
    GRAFT_ASSIGN_OR_RETURN(
        feed->subscription_,
        provisioning.Subscribe(id, [feed = feed.get()](const Operation& o) { feed->Update(o); }));
    return feed;
  }

  std::shared_ptr<const WatchedState> Latest() {
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

 private:
  void Update(const Operation& operation) {
    {
      absl::MutexLock lock(&mutex_);
      operation_ = operation;
      ++number_;
    }
    on_change_();
  }

  const std::function<void()> on_change_;
  mutable absl::Mutex mutex_;
  Operation operation_ ABSL_GUARDED_BY(mutex_);
  int64_t number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const WatchedState> latest_ ABSL_GUARDED_BY(mutex_);  // may be behind number_
  std::unique_ptr<Subscription> subscription_;                          // last: it calls Update()
};

// One WatchOperation stream.
//
// Sends the feed's newest state when the stream is free and its interval is over; sends the last
// state at once. The stream skips states in between, so a slow reader costs no memory. Without a
// new state it repeats the state after kHeartbeat, or after the interval if that is longer, so that
// the client can tell a quiet operation from a lost agent. Lives until gRPC is done with it. Safe
// for use from several threads.
class Watcher : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // Leaves `open` when gRPC is done with it; wakes `wait` when Offer() has to be called soon.
  Watcher(const Clock& clock, grpc::CallbackServerContext& context,
          std::shared_ptr<OpenCalls<Watcher>> open, std::shared_ptr<Cancellation> wait)
      : clock_(clock), context_(context), open_(std::move(open)), wait_(std::move(wait)) {}

  // Once at most, before the first Offer().
  void Follow(std::shared_ptr<WatchFeed> feed, absl::Duration min_interval) {
    absl::MutexLock lock(&mutex_);
    feed_ = std::move(feed);
    min_interval_ = min_interval;
  }

  // Sends the due state. Returns the time of the next call; InfiniteFuture(): the stream ends.
  absl::Time Offer() { return Act().due; }

  // A state that is being sent goes out before. The first end counts.
  void End(absl::Status status) {
    {
      absl::MutexLock lock(&mutex_);
      if (!end_.has_value()) end_ = std::move(status);
    }
    Offer();
  }

  void OnWriteDone(bool ok) override {
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

  Move Act() {
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

  Move Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
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

  void DecideWhatToSend(Move& move) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Time now = clock_.Now();
    std::shared_ptr<const WatchedState> state = feed_->Latest();
    const bool news = state->number != sent_;
    const absl::Time due =
        last_sent_ + (news ? min_interval_ : std::max(min_interval_, kHeartbeat));
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

Watchers::Watchers(Provisioning& provisioning, Clock& clock)
    : provisioning_(provisioning),
      clock_(clock),
      open_(std::make_shared<OpenCalls<Watcher>>(kMostWatchers)),
      wait_(std::make_shared<Cancellation>()),
      thread_([this] { Serve(); }) {}

Watchers::~Watchers() {
  wait_->Cancel();
  thread_.join();
}

void Watchers::Serve() {
  absl::Time next = absl::InfiniteFuture();
  while (wait_->WaitUntil(clock_, next) != WaitEnd::kCancelled) {
    next = absl::InfiniteFuture();
    for (const auto& watcher : open_->All()) next = std::min(next, watcher->Offer());
  }
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Watchers::Start(const grpc::ByteBuffer& request,
                                                            grpc::CallbackServerContext& context) {
  const auto watcher = std::make_shared<Watcher>(clock_, context, open_, wait_);
  const auto place = open_->Add(watcher);
  if (place == OpenCalls<Watcher>::Place::kClosed) {
    watcher->End(Stopping(kWatchAgain));
  } else if (place == OpenCalls<Watcher>::Place::kFull) {
    watcher->End(absl::ResourceExhaustedError(
        absl::StrCat(kMostWatchers, " watches are open already; end some, or ask again later")));
  } else if (absl::Status followed = Follow(context, request, *watcher); !followed.ok()) {
    watcher->End(std::move(followed));
  } else if (watcher->Offer() != absl::InfiniteFuture()) {
    wait_->Wake();
  }
  return watcher.get();
}

absl::Status Watchers::Follow(const grpc::CallbackServerContext& context,
                              const grpc::ByteBuffer& request, Watcher& watcher) {
  GRAFT_RETURN_IF_ERROR(CheckTablet(context, provisioning_.Tablet().alias));
  GRAFT_ASSIGN_OR_RETURN(const auto message, ParseMessage<v1::WatchOperationRequest>(request));
  GRAFT_RETURN_IF_ERROR(CheckOperationId(message.id()));
  GRAFT_ASSIGN_OR_RETURN(const absl::Duration min_interval, MinInterval(message));
  GRAFT_ASSIGN_OR_RETURN(std::shared_ptr<WatchFeed> feed, FeedOf(message.id()));
  watcher.Follow(std::move(feed), min_interval);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<WatchFeed>> Watchers::FeedOf(const std::string& id) {
  // The newest of now, not of later.
  GRAFT_ASSIGN_OR_RETURN(const Operation operation, provisioning_.Get(id));
  const std::string& known_id = operation.request.id;
  {
    absl::MutexLock lock(&mutex_);
    if (auto feed = feeds_[known_id].lock()) return feed;
  }
  // Two at once may both open one; either is good.
  GRAFT_ASSIGN_OR_RETURN(
      std::shared_ptr<WatchFeed> feed,
      WatchFeed::Open(provisioning_, known_id, [wait = wait_] { wait->Wake(); }));
  absl::MutexLock lock(&mutex_);
  for (auto known = feeds_.begin(); known != feeds_.end();) {
    known = known->second.expired() ? feeds_.erase(known) : std::next(known);
  }
  feeds_[known_id] = feed;
  return feed;
}

void Watchers::EndAll() {
  for (const auto& watcher : open_->Close()) watcher->End(Stopping(kWatchAgain));
}

}  // namespace graft
