// The parts of each implementation that the key-value store's contract test needs.
//
// Not safe for use from several threads; the stores handed out are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/key_value_store.h"

namespace graft {

// Waits for `duration` of real time.
void PassRealTime(absl::Duration duration);

// One implementation under test: two views of one and the same empty store.
class KvBackend {
 public:
  virtual ~KvBackend() = default;
  virtual KeyValueStore& first() = 0;
  virtual KeyValueStore& second() = 0;
  virtual void PassTime(absl::Duration duration) = 0;
};

std::unique_ptr<KvBackend> MakeFakeBackend();
std::unique_ptr<KvBackend> MakeFolderBackend();
std::unique_ptr<KvBackend> MakeEtcdBackend();
// The fake one, in the wrapping that every store of an agent has.
std::unique_ptr<KvBackend> MakeMeteredBackend();

// Collects a watch's events and lets a test wait for them.
class EventLog {
 public:
  std::function<void(const KeyEvent&)> Callback();
  // The first `count` events as "put key=value" or "delete key", waited for; fewer after `limit`.
  std::vector<std::string> Wait(size_t count, absl::Duration limit = absl::Seconds(20));
  std::vector<KeyEvent> events() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<KeyEvent> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
