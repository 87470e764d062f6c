// AutoRepair: starts an operation by itself when replication has stopped with an error that the
// operator has named, if nothing speaks against it.
//
// It waits until the error has stood for a while, asks the topology whether this tablet may be
// rebuilt at all, stands in the shard's queue so that one tablet at a time is repaired, has a
// preflight made, and only then starts. Look() makes one round and is called on one thread; the
// rest is safe for use from several. Its arguments must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/cancellation.h"
#include "graft/clock.h"
#include "graft/provisioning.h"
#include "graft/queue_lock.h"
#include "graft/topology.h"
#include "provision/repair/repair_decision.h"

namespace graft {

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
  std::string state() const;

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
