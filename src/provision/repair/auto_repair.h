// Whether a tablet is to be rebuilt because its replication has stopped with an error. Pure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft {

// Ids of operations that the agent starts by itself begin with it.
inline constexpr char kRepairIdPrefix[] = "repair-";

struct RepairRules {
  std::set<int> errors;                      // of replication that a rebuild mends; empty: none
  absl::Duration delay = absl::Minutes(1);   // for which an error must have stood
  int daily_limit = 2;                       // repairs of this tablet begun within 24 hours
  absl::Duration pause = absl::Minutes(15);  // after one that failed; doubled for each in a row
};

// A replication error of `rules.errors` that has stopped a thread of a channel. An error does not
// count if an operator has stopped the other thread too: STOP REPLICA prevents a repair.
struct StandingError {
  std::string channel;
  bool applier = true;  // else the receiver
  int number = 0;
  absl::Time since;  // when it was first read
  absl::Time seen;   // when it was last read

  std::string ToString() const;  // "replication error 1062 (applier)"
};

// The present error of `tablet`, with its first time if it was there before. If the server could
// not be read, there is no proof of an error, so the time begins anew.
std::optional<StandingError> FollowError(const std::optional<StandingError>& before,
                                         const TabletSnapshot& tablet, const RepairRules& rules);

struct RepairDecision {
  bool repair = false;
  std::string why;  // for the log; the same for as long as nothing changes
};

// By the facts that the agent knows of its own tablet. `history` is newest first, as
// Provisioning::List() has it.
RepairDecision DecideByTablet(const std::optional<StandingError>& error,
                              const TabletSnapshot& tablet, const std::vector<Operation>& history,
                              const RepairRules& rules, absl::Time now);

// By the tablet's record and its shard's: never a primary, nor a tablet that is put aside.
RepairDecision DecideByTopology(const Tablet& record, const Shard& shard);

bool IsRepair(const Operation& operation);

// AutoRepair: starts an operation by itself when replication has stopped with an error that the
// operator has named, if nothing speaks against it.
//
// It waits until the error has stood for a while, asks the topology whether this tablet may be
// rebuilt at all, stands in the shard's queue so that one tablet at a time is repaired, has a
// preflight made, and only then starts. Look() makes one round and is called on one thread; the
// rest is safe for use from several. Its arguments must outlive it.
class AutoRepair {
 public:
  struct Deps {
    Clock& clock;
    Provisioning& provisioning;
    QueueLocks& locks;
    Topology& topology;
    std::function<void(const std::string& text)> on_news;  // called at each change of its state
  };
  struct Options {
    TabletAlias alias;
    std::string keyspace;
    std::string shard;
    RepairRules rules;
    std::optional<DonorChoice> donor;  // unset: the best one of the shard
    absl::Duration look_every = absl::Seconds(5);
  };

  AutoRepair(Deps deps, Options options)
      : deps_(std::move(deps)),
        options_(std::move(options)),
        lock_name_(RepairLockName(options_.keyspace, options_.shard)) {}

  // Looks again and again until Stop(); returns at once if no error is to be repaired.
  void Serve();
  void Stop() { stop_.Cancel(); }

  void Look();

  // Its present work, or the reason why it does nothing; for people.
  std::string state() const {
    absl::MutexLock lock(&mutex_);
    return state_;
  }

 private:
  struct Check;  // a preflight that is under way, or made

  ReprovisionCall Call() const;
  RepairDecision DecideByRecords() const;
  // Each brings the repair one step further and returns the cause of its wait; empty: no wait.
  std::string TakeTurn();
  std::string PassCheck();
  std::string Start();
  absl::Status EnterQueue();
  void StayInQueue(const Operation& repair);
  std::string Refused(std::string why);
  void StandBack();
  void GiveUp();
  void Say(const std::string& text);

  const Deps deps_;
  const Options options_;
  const std::string lock_name_;
  Cancellation stop_;

  // Of Look()'s thread.
  std::optional<StandingError> error_;
  std::unique_ptr<QueuePlace> place_;
  std::string id_;  // of the operation that is to be started
  std::shared_ptr<Check> check_;
  std::string refusal_;  // why the last attempt came to nothing; shown until another gets further
  int refusals_ = 0;     // in a row
  absl::Time again_ = absl::InfinitePast();  // when to try after one

  mutable absl::Mutex mutex_;
  std::string state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
