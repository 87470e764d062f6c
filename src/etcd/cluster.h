// EtcdCluster: the members of one etcd, and which of them to ask. Private to src/etcd.
//
// One channel a member, made on first use by gRPC. Safe for use from several threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "etcd/etcd_store.h"
#include "etcd/rpc.grpc.pb.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace graft {

struct EtcdMember {
  EtcdMember(std::string address_in, std::shared_ptr<grpc::Channel> channel_in)
      : address(std::move(address_in)),
        channel(std::move(channel_in)),
        kv(channel),
        lease(channel),
        watch(channel) {}

  // If the member was down when last tried, tries again now; waits at most 300 ms for it.
  void EndBackoff();

  const std::string address;
  const std::shared_ptr<grpc::Channel> channel;
  etcdserverpb::KV::Stub kv;
  etcdserverpb::Lease::Stub lease;
  etcdserverpb::Watch::Stub watch;
};

// The rest of a call's time, at least zero, and the part of it for the next member. A member that
// hangs must leave time for the others.
struct Shares {
  absl::Duration left;
  absl::Duration of_this_member;
};
// `members` are yet to be asked, at least one.
Shares SharesOf(absl::Duration left, size_t members);

// etcd's "mvcc: required revision has been compacted", as Call() returns it.
bool IsCompacted(const absl::Status& status);

class EtcdCluster {
 public:
  // Whether a call may be sent again if its first result is unknown.
  enum class Repeat { kYes, kNo };

  // `clock` must outlive the cluster.
  static absl::StatusOr<std::unique_ptr<EtcdCluster>> Create(Clock& clock,
                                                             const EtcdOptions& options);

  // Runs `call` on one member after the other until one answers. `what` is for the error's text.
  using MemberCall = std::function<grpc::Status(EtcdMember&, grpc::ClientContext&)>;
  absl::Status Call(Repeat repeat, absl::string_view what, const MemberCall& call);

  // As KeyValueStore's.
  void EndCallsBy(absl::Time when) {
    absl::MutexLock lock(&mutex_);
    end_calls_by_ = when;
  }

  // The member that answered last, and how to move on when it no longer does.
  size_t preferred() const { return preferred_.load(std::memory_order_relaxed) % members_.size(); }
  size_t After(size_t member) const { return (member + 1) % members_.size(); }
  EtcdMember& member(size_t i) { return *members_[i]; }
  size_t size() const { return members_.size(); }

 private:
  EtcdCluster(Clock& clock, std::vector<std::unique_ptr<EtcdMember>> members,
              absl::Duration timeout)
      : clock_(clock), timeout_(timeout), members_(std::move(members)) {}

  struct Answer {
    grpc::Status status;
    bool sent = false;  // the member may have got it
  };
  static Answer Ask(EtcdMember& member, Repeat repeat, const Shares& shares,
                    const MemberCall& call);

  // When a call that begins now has to end.
  absl::Time Deadline();

  Clock& clock_;
  const absl::Duration timeout_;
  const std::vector<std::unique_ptr<EtcdMember>> members_;
  std::atomic<size_t> preferred_{0};
  absl::Mutex mutex_;
  absl::Time end_calls_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

// One watch on an etcd prefix, with a thread of its own. Private to src/etcd.

inline KeyValue FromProto(const etcdserverpb::KeyValue& kv) {
  return {kv.key(), kv.value(), kv.mod_revision(), kv.create_revision(), kv.lease()};
}

// The range of all keys that start with `prefix`, as etcd wants it in `key` and `range_end`.
struct EtcdRange {
  explicit EtcdRange(absl::string_view prefix);
  EtcdRange(std::string first, std::string after) : key(std::move(first)), end(std::move(after)) {}
  std::string key;
  std::string end;
};

// Asks etcd once, for the keys there are and the present version; the rest is the thread's.
// `clock` and `cluster` must outlive the watch.
absl::StatusOr<std::unique_ptr<Watch>> StartEtcdWatch(
    Clock& clock, EtcdCluster& cluster, absl::string_view prefix, Version after,
    std::function<void(const KeyEvent&)> on_event);

}  // namespace graft
