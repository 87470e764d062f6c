// Operations: takes requests, runs one operation at a time, keeps the earlier ones, and tells
// subscribers.
//
// Safe for use from several threads. The owner gives it a thread by calling Serve() on one; Stop()
// makes Serve return with the running operation left as it is, for the next process to go on with.
// It is an observer of its own provisioner: hand it to ProvisionerDeps.observers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
#include "provision/operation/tablet_owner.h"

namespace graft {

class Operations : public Provisioning, public Observer {
 public:
  // Defaults for the unset members of a request.
  struct Defaults {
    TabletAlias recipient;
    std::optional<DonorChoice> donor;
    std::optional<ReplicateFrom> replicate_from;  // unset: as UsualSource
    CloneSettings settings;                       // each for itself
    Allowances allow;                             // added to the request's
  };
  using RunOperation = std::function<void(TabletState&, const std::shared_ptr<OperationControl>&)>;

  // The calls that it passes on: the tablet's snapshot, and the preflight of a draft operation.
  struct Others {
    std::function<TabletSnapshot()> snapshot;
    std::function<void(const Operation&, PreflightDone)> preflight;
    std::function<void()> begun;  // a new operation is journalled; may be nullptr
  };

  // `clock` and `owner` must outlive it.
  Operations(Clock& clock, TabletOwner& owner, Defaults defaults, Others others);

  // Until Open() every request is answered UNAVAILABLE with AGENT_STARTING.
  void Open();
  // Queues the owner's operation if it is unfinished; whether it is.
  bool ResumeUnfinished();

  // Runs operations, with `run`, until Stop().
  void Serve(const RunOperation& run);
  // Runs the queued one, if there is one, on this thread; whether there was.
  bool RunQueued(const RunOperation& run);
  void Stop();

  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) override;
  absl::StatusOr<Operation> Release(const ReleaseCall& call) override;
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

  absl::Status CheckOpen() const;
  absl::StatusOr<Operation> Draft(const ReprovisionCall& call) const;
  // The operation that has the draft's id; ALREADY_EXISTS: with other parameters.
  std::optional<absl::StatusOr<Operation>> Known(const Operation& draft) const;
  // Makes `draft` the running operation, or answers the known one with its id.
  absl::StatusOr<Operation> Begin(const Operation& draft);
  void Changed(const Operation& operation);
  std::shared_ptr<OperationControl> control() const;
  void Queue();

  Clock& clock_;
  TabletOwner& owner_;
  const Defaults defaults_;
  const Others others_;

  mutable absl::Mutex mutex_;
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool queued_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<OperationControl> control_ ABSL_GUARDED_BY(mutex_);  // of the one that runs
  std::vector<std::shared_ptr<Subscriber>> subscribers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
