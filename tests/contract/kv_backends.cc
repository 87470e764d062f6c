#include "contract/kv_backends.h"

#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "etcd/etcd_store.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "filestore/folder_store.h"
#include "graft/clock.h"
#include "gtest/gtest.h"
#include "metrics/metrics.h"
#include "testing/etcd_server.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

Clock& RealClock() {
  static Clock& clock = *MakeRealClock().release();
  return clock;
}

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    abort();
  }
  return *std::move(value);
}

class FakeBackend : public KvBackend {
 public:
  KeyValueStore& first() override { return store_; }
  KeyValueStore& second() override { return store_; }
  void PassTime(absl::Duration duration) override {
    clock_.Advance(duration);
    store_.Tick();
  }

 private:
  SimulatedClock clock_;
  FakeStore store_{clock_};
};

class MeteredBackend : public KvBackend {
 public:
  KeyValueStore& first() override { return *metered_; }
  KeyValueStore& second() override { return *metered_; }
  void PassTime(absl::Duration duration) override {
    clock_.Advance(duration);
    store_->Tick();
  }

 private:
  SimulatedClock clock_;
  CallMeter meter_{clock_};
  FakeStore* store_ = new FakeStore(clock_);  // metered_ has it
  const std::unique_ptr<KeyValueStore> metered_ =
      MakeMeteredStore(std::unique_ptr<KeyValueStore>(store_), meter_);
};

class FolderBackend : public KvBackend {
 public:
  KeyValueStore& first() override { return *first_; }
  KeyValueStore& second() override { return *second_; }
  void PassTime(absl::Duration duration) override { PassRealTime(duration); }

 private:
  TempFolder folder_{"kv"};
  std::unique_ptr<KeyValueStore> first_ = OrDie(MakeFolderStore(RealClock(), folder_.path()));
  std::unique_ptr<KeyValueStore> second_ = OrDie(MakeFolderStore(RealClock(), folder_.path()));
};

class EtcdBackend : public KvBackend {
 public:
  EtcdBackend() {
    EtcdOptions options;
    options.endpoints = {etcd_->endpoint()};
    first_ = OrDie(MakeEtcdStore(RealClock(), options));
    second_ = OrDie(MakeEtcdStore(RealClock(), options));
  }
  KeyValueStore& first() override { return *first_; }
  KeyValueStore& second() override { return *second_; }
  void PassTime(absl::Duration duration) override { PassRealTime(duration); }

 private:
  const std::unique_ptr<EtcdServer> etcd_ = OrDie(EtcdServer::Start());
  std::unique_ptr<KeyValueStore> first_;
  std::unique_ptr<KeyValueStore> second_;
};

}  // namespace

void PassRealTime(absl::Duration duration) {
  Cancellation().WaitFor(RealClock(), duration);
}

std::unique_ptr<KvBackend> MakeFakeBackend() {
  return std::make_unique<FakeBackend>();
}
std::unique_ptr<KvBackend> MakeFolderBackend() {
  return std::make_unique<FolderBackend>();
}
std::unique_ptr<KvBackend> MakeMeteredBackend() {
  return std::make_unique<MeteredBackend>();
}
std::unique_ptr<KvBackend> MakeEtcdBackend() {
  return std::make_unique<EtcdBackend>();
}

std::function<void(const KeyEvent&)> EventLog::Callback() {
  return [this](const KeyEvent& event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(event);
  };
}

std::vector<std::string> EventLog::Wait(size_t count, absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return events_.size() >= count; };
  mutex_.AwaitWithTimeout(absl::Condition(&enough), limit);
  std::vector<std::string> lines;
  for (const KeyEvent& event : events_) {
    lines.push_back(event.kind == KeyEvent::Kind::kDelete
                        ? absl::StrCat("delete ", event.item.key)
                        : absl::StrCat("put ", event.item.key, "=", event.item.value));
  }
  return lines;
}

std::vector<KeyEvent> EventLog::events() const {
  absl::MutexLock lock(&mutex_);
  return events_;
}

}  // namespace graft
