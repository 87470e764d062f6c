// Operations: the agent's one desk for operations. Takes requests, runs one at a time, remembers
// the rest, and tells subscribers.
//
// Safe for use from several threads. The owner gives it a thread by calling Serve() on one; Stop()
// makes Serve return with the running operation left as it is, for the next process to go on with.
// It is an observer of its own provisioner: hand it to ProvisionerDeps.observers.
#ifndef GRAFT_PROVISION_OPERATION_OPERATIONS_H_
#define GRAFT_PROVISION_OPERATION_OPERATIONS_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/clock.h"
#include "graft/journal.h"
#include "graft/observer.h"
#include "graft/provisioning.h"
#include "provision/operation/operation_control.h"

namespace graft {

class Operations : public Provisioning, public Observer {
 public:
  // What a request leaves out.
  struct Defaults {
    TabletAlias recipient;
    std::optional<DonorChoice> donor;
    ReplicateFrom replicate_from = ReplicateFrom::kDonor;
    CloneSettings settings;  // each for itself
    Allowances allow;        // added to the request's
  };
  using RunOperation = std::function<void(Operation&, const std::shared_ptr<OperationControl>&)>;

  // What it passes on: the tablet's snapshot, and a draft operation to be looked at by preflight.
  struct Others {
    std::function<TabletSnapshot()> snapshot;
    std::function<void(const Operation&, PreflightDone)> preflight;
  };

  // `history` is what the journal holds, oldest first. `clock` and `journal` must outlive it.
  Operations(Clock& clock, Journal& journal, Defaults defaults, std::vector<Operation> history,
             Others others);

  // Runs operations, with `run`, until Stop().
  void Serve(const RunOperation& run);
  void Stop();

  // Queues the newest operation of the history if it is unfinished; whether there was one.
  bool ResumeUnfinished();

  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) override;
  absl::StatusOr<Operation> Get(absl::string_view id) override;
  std::vector<Operation> List() override;
  absl::StatusOr<Operation> Cancel(absl::string_view id, CancelWish wish) override;
  absl::StatusOr<Operation> Throttle(absl::string_view id, const CloneSettings& settings) override;
  void Preflight(const ReprovisionCall& call, PreflightDone on_done) override;
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      absl::string_view id, std::function<void(const Operation&)> on_change) override;
  TabletSnapshot Tablet() override { return others_.snapshot(); }

  void OnStep(const Operation& operation) override { Changed(operation); }
  void OnProgress(const Operation& operation) override { Changed(operation); }
  void OnEnd(const Operation& operation) override { Changed(operation); }

 private:
  struct Subscriber;
  class SubscriptionImpl;

  absl::StatusOr<Operation> Draft(const ReprovisionCall& call) const;
  absl::StatusOr<Operation> Reserve(const Operation& draft);
  void Changed(const Operation& operation);
  std::shared_ptr<OperationControl> ControlOf(const Operation& operation) const;
  const Operation* Find(absl::string_view id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  Journal& journal_;
  const Defaults defaults_;
  const Others others_;

  mutable absl::Mutex mutex_;
  std::vector<Operation> operations_ ABSL_GUARDED_BY(mutex_);  // oldest first
  std::string running_ ABSL_GUARDED_BY(mutex_);  // id of the one that has not ended; or empty
  std::shared_ptr<OperationControl> control_ ABSL_GUARDED_BY(mutex_);  // of that one
  std::optional<Operation> queued_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Subscriber>> subscribers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_OPERATIONS_H_
