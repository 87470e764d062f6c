// FakeStore: a KeyValueStore in memory, which fails on demand.
//
// Leases end by `clock`, which must outlive the store; that is looked at on every call (a failing
// one too) and by Tick(), so a test that moves a SimulatedClock and then only waits for a watch
// calls Tick(). Watches never wait on the clock and thus never move a simulated one. The whole
// history is kept. Safe for use from several threads. The store must outlive its watches.
#ifndef GRAFT_FAKES_FAKE_STORE_H_
#define GRAFT_FAKES_FAKE_STORE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

class FakeStore : public KeyValueStore {
 public:
  explicit FakeStore(Clock& clock) : clock_(clock) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override;
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override;
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override;
  absl::Status Delete(absl::string_view key, Version expected) override;
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) override;
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override;
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override;
  absl::Status KeepLeaseAlive(LeaseId lease) override;
  absl::Status RevokeLease(LeaseId lease) override;

  // The next `calls` calls return `status` and do nothing else. Takes precedence over FailAll().
  void FailNext(int calls, absl::Status status);
  // Every call does, until Heal(). Running watches stay silent meanwhile, as on a lost connection.
  void FailAll(absl::Status status);
  // The next write happens, but its caller is told `status` (as after a lost answer).
  void LoseAnswer(absl::Status status);
  void Heal();

  // Ends the leases whose time is over.
  void Tick();

  // Calls made so far, failed ones included.
  int calls() const;

 private:
  class FakeWatch;

  struct Lease {
    absl::Duration ttl;
    absl::Time end;
  };

  // To be called first by every call of the port: the injected fault, or OK.
  absl::Status Enter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What a write that has happened answers.
  absl::StatusOr<Version> Written(Version version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Version Put(KeyValue item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(const std::string& key, Version version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLease(LeaseId lease) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireLeases() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, KeyValue> items_ ABSL_GUARDED_BY(mutex_);
  std::map<LeaseId, Lease> leases_ ABSL_GUARDED_BY(mutex_);
  std::vector<KeyEvent> history_ ABSL_GUARDED_BY(mutex_);
  Version version_ ABSL_GUARDED_BY(mutex_) = 1;
  LeaseId last_lease_ ABSL_GUARDED_BY(mutex_) = 7000;
  int failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status next_failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status lost_answer_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace graft

#endif  // GRAFT_FAKES_FAKE_STORE_H_
