// One watch on an etcd prefix, with a thread of its own. Private to src/etcd.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "etcd/cluster.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

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
