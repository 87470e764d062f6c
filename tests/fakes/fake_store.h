// FakeStore: a KeyValueStore in memory, which fails on demand.
//
// Leases end by `clock`, which must outlive the store; that is looked at on every call (a failing
// one too) and by Tick(), so a test that moves a SimulatedClock and then only waits for a watch
// calls Tick(). Watches never wait on the clock and thus never move a simulated one. The whole
// history is kept. Safe for use from several threads. The store must outlive its watches.
#pragma once

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

enum class StoreMethod {
  kGet,
  kCreate,
  kUpdate,
  kDelete,
  kList,
  kWatchPrefix,
  kGrantLease,
  kKeepLeaseAlive,
  kRevokeLease
};

class FakeStore : public KeyValueStore {
 public:
  // `call_timeout` is how long a call that hangs takes.
  explicit FakeStore(Clock& clock, absl::Duration call_timeout = absl::Seconds(5))
      : clock_(clock), call_timeout_(call_timeout) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override;
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override;
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override;
  absl::Status Delete(absl::string_view key, Version expected) override;
  using KeyValueStore::List;
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override;
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override;
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override;
  absl::Status KeepLeaseAlive(LeaseId lease) override;
  absl::Status RevokeLease(LeaseId lease) override;
  void EndCallsBy(absl::Time when) override;

  // The next `calls` calls return `status` and do nothing else. Takes precedence over FailAll().
  void FailNext(int calls, absl::Status status);
  // The next `times` calls of that method do.
  void FailNext(StoreMethod method, absl::Status status, int times = 1);
  // The next `times` calls of that method last until their deadline, which moves a simulated clock
  // there, and answer DEADLINE_EXCEEDED without having done anything.
  void HangNext(StoreMethod method, int times = 1);
  // Called before each call, without locks held: may count, let time pass, or fail it by an answer
  // that is not OK. Set it before others use the store.
  std::function<absl::Status(StoreMethod method)> before_call;
  // Every call does, until Heal(). Running watches stay silent meanwhile, as on a lost connection.
  void FailAll(absl::Status status);
  // The next write happens, but its caller is told `status` (as after a lost answer).
  void LoseAnswer(absl::Status status);
  void Heal();

  // Ends the leases whose time is over.
  void Tick();

  // Calls made so far, failed ones included; of all methods, or of one.
  int calls() const;
  int calls(StoreMethod method) const;

 private:
  class FakeWatch;

  struct Lease {
    absl::Duration ttl;
    absl::Time end;
  };

  struct Fault {
    int hangs = 0;  // calls, before those that fail
    int failures = 0;
    absl::Status failure;
  };

  // To be called first by every call of the port, without the lock, and then Enter() with it.
  absl::Status Approach(StoreMethod method) ABSL_LOCKS_EXCLUDED(mutex_);
  // The injected fault, or OK.
  absl::Status Enter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The answer to a write that has happened.
  absl::StatusOr<Version> Written(Version version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Version Put(KeyValue item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(const std::string& key, Version version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLease(LeaseId lease) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireLeases() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  const absl::Duration call_timeout_;
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
  absl::Time end_calls_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::map<StoreMethod, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<StoreMethod, Fault> faults_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
