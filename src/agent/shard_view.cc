#include "agent/shard_view.h"

#include <algorithm>

namespace graft {
namespace {

constexpr absl::Duration kLongestWait = absl::Hours(1);  // a look ends it

}  // namespace

ShardView::ShardView(Clock& clock, Topology& topology, Options options)
    : clock_(clock), topology_(topology), options_(std::move(options)) {}

void ShardView::Serve() {
  while (!stop_.cancelled()) {
    if (clock_.Now() >= NextRead()) Read();
    stop_.WaitUntil(clock_, std::min(NextRead(), clock_.Now() + kLongestWait));
  }
}

ShardSnapshot ShardView::Snapshot() {
  ShardSnapshot snapshot;
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    wake = now - looked_ > options_.lasting;
    looked_ = now;
    snapshot = snapshot_;
  }
  if (wake) stop_.Wake();
  return snapshot;
}

// InfiniteFuture(): not before somebody looks.
absl::Time ShardView::NextRead() {
  absl::MutexLock lock(&mutex_);
  if (asked_ == absl::InfinitePast()) return absl::InfinitePast();
  const absl::Time next = asked_ + options_.every;
  return next - looked_ > options_.lasting ? absl::InfiniteFuture() : next;
}

void ShardView::Read() {
  absl::StatusOr<TabletList> list = topology_.ListShardTablets(options_.keyspace, options_.shard);
  absl::MutexLock lock(&mutex_);
  asked_ = clock_.Now();
  if (list.ok()) {
    snapshot_ = {std::move(list->tablets), asked_, list->MissingText()};
  } else {
    snapshot_.error = std::string(list.status().message());
  }
}

}  // namespace graft
