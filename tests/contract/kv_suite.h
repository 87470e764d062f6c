// The fixture of KeyValueStore's contract, for every implementation. Its tests stand in
// key_value_store_test.cc (records) and key_value_watch_test.cc (watches and leases).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "contract/kv_backends.h"
#include "graft/key_value_store.h"
#include "gtest/gtest.h"

namespace graft {

struct KvParam {
  const char* name;
  std::unique_ptr<KvBackend> (*make)();
};

class KeyValueStoreTest : public ::testing::TestWithParam<KvParam> {
 protected:
  static std::vector<std::string> Keys(const std::vector<KeyValue>& items) {
    std::vector<std::string> keys;
    for (const KeyValue& item : items) keys.push_back(item.key);
    return keys;
  }

  // A write that is expected to succeed.
  Version Put(absl::string_view key, absl::string_view value, LeaseId lease = kNoLease) {
    absl::StatusOr<Version> version = store_.Create(key, value, lease);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(-1);
  }

  LeaseId Lease(absl::Duration ttl) {
    absl::StatusOr<LeaseId> lease = store_.GrantLease(ttl);
    EXPECT_TRUE(lease.ok()) << lease.status();
    return lease.value_or(-1);
  }

  std::unique_ptr<Watch> StartWatch(absl::string_view prefix, Version after, EventLog& log) {
    absl::StatusOr<std::unique_ptr<Watch>> watch =
        second_.WatchPrefix(prefix, after, log.Callback());
    EXPECT_TRUE(watch.ok()) << watch.status();
    return watch.ok() ? *std::move(watch) : nullptr;
  }

  std::unique_ptr<KvBackend> backend_ = GetParam().make();
  KeyValueStore& store_ = backend_->first();
  KeyValueStore& second_ = backend_->second();
};

}  // namespace graft
