#include "rpc/watchers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/v1/provisioner.pb.h"
#include "rpc/messages.h"
#include "wire/provisioner_proto.h"

namespace graft {
namespace {

constexpr size_t kMostWatchers = 5000;  // each costs some kilobytes

constexpr char kWatchAgain[] = "the operation is journalled, watch it again when the agent is back";

}  // namespace

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
  } else if (absl::Status followed = Follow(request, *watcher); !followed.ok()) {
    watcher->End(std::move(followed));
  } else if (watcher->Offer() != absl::InfiniteFuture()) {
    wait_->Wake();
  }
  return watcher.get();
}

absl::Status Watchers::Follow(const grpc::ByteBuffer& request, Watcher& watcher) {
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
