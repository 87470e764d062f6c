#include "metrics/metered_store.h"

#include <utility>

namespace graft {
namespace {

class MeteredStore : public KeyValueStore {
 public:
  MeteredStore(std::unique_ptr<KeyValueStore> store, CallMeter& meter)
      : store_(std::move(store)), meter_(meter) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    return meter_.Run("Get", [&] { return store_->Get(key); });
  }
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    return meter_.Run("Create", [&] { return store_->Create(key, value, lease); });
  }
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    return meter_.Run("Update", [&] { return store_->Update(key, value, expected); });
  }
  absl::Status Delete(absl::string_view key, Version expected) override {
    return meter_.Run("Delete", [&] { return store_->Delete(key, expected); });
  }
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) override {
    return meter_.Run("List", [&] { return store_->List(prefix); });
  }
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override {
    return meter_.Run("WatchPrefix",
                      [&] { return store_->WatchPrefix(prefix, after, std::move(on_event)); });
  }
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    return meter_.Run("GrantLease", [&] { return store_->GrantLease(ttl); });
  }
  void EndCallsBy(absl::Time when) override { store_->EndCallsBy(when); }
  absl::Status KeepLeaseAlive(LeaseId lease) override {
    return meter_.Run("KeepLeaseAlive", [&] { return store_->KeepLeaseAlive(lease); });
  }
  absl::Status RevokeLease(LeaseId lease) override {
    return meter_.Run("RevokeLease", [&] { return store_->RevokeLease(lease); });
  }

 private:
  const std::unique_ptr<KeyValueStore> store_;
  CallMeter& meter_;
};

}  // namespace

std::unique_ptr<KeyValueStore> MakeMeteredStore(std::unique_ptr<KeyValueStore> store,
                                                CallMeter& meter) {
  return std::make_unique<MeteredStore>(std::move(store), meter);
}

}  // namespace graft
