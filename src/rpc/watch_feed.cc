#include "rpc/watch_feed.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "base/errors.h"
#include "graft/v1/operation.pb.h"
#include "rpc/messages.h"
#include "wire/operation_proto.h"

namespace graft {

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

}  // namespace graft
