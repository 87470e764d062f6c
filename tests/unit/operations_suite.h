// The fixture of Operations: a desk whose runs are in the test's hand. Its tests stand in
// operations_test.cc (requests and cancels) and operations_watch_test.cc (subscribers, stop,
// resume).
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "fakes/fake_journal.h"
#include "fakes/simulated_clock.h"
#include "provision/operation/operations.h"

namespace graft {

inline ReprovisionCall Call(const std::string& id) {
  ReprovisionCall call;
  call.id = id;
  return call;
}

inline ReleaseCall Release(const std::string& id) {
  ReleaseCall call;
  call.id = id;
  call.word = {"alice@ops-1", "restored by hand", false};
  return call;
}

inline TabletState Past(const std::string& id, Outcome outcome,
                        DataState data_state = DataState::kIntact) {
  TabletState state;
  state.operation.request.id = id;
  state.operation.outcome = outcome;
  state.operation.data_state = data_state;
  return state;
}

// One run of an operation, step by step at the test's word.
struct RunInHand {
  RunInHand(TabletState& state, std::shared_ptr<OperationControl> control)
      : state(state), operation(state.operation), control(std::move(control)) {}
  TabletState& state;
  Operation& operation;
  const std::shared_ptr<OperationControl> control;
  absl::Notification over;
};

class OperationsTest : public ::testing::Test {
 protected:
  ~OperationsTest() override {
    operations_->Stop();
    {
      absl::MutexLock lock(&mutex_);
      if (run_ != nullptr) run_->over.Notify();
    }
    if (thread_.joinable()) thread_.join();
  }

  // A desk that has taken up `history`, oldest first, and is open.
  void Make(std::vector<TabletState> history = {}) {
    MakeClosed(std::move(history));
    operations_->Open();
  }

  void MakeClosed(std::vector<TabletState> history) {
    Operations::Others others;
    others.snapshot = [] { return TabletSnapshot(); };
    others.preflight = [](const Operation& draft, PreflightDone on_done) {
      PreflightReport report;
      report.recipient = draft.recipient;
      on_done(report);
    };
    others.begun = [this] { ++begun_; };
    operations_ = nullptr;
    owner_ = std::make_unique<TabletOwner>(clock_, journal_);
    owner_->TakeUp(std::move(history));
    operations_ = std::make_unique<Operations>(clock_, *owner_, defaults_, std::move(others));
  }

  void Serve() {
    thread_ = std::thread([this] {
      operations_->Serve(
          [this](TabletState& state, const std::shared_ptr<OperationControl>& control) {
            RunInHand run(state, control);
            {
              absl::MutexLock lock(&mutex_);
              run_ = &run;
            }
            run.over.WaitForNotification();
          });
    });
  }

  // The run that has begun; End() must follow, unless the test ends with it.
  RunInHand& AwaitRun() {
    absl::MutexLock lock(&mutex_);
    const auto begun = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return run_ != nullptr; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&begun), absl::Seconds(20)));
    return *run_;
  }

  // The run gets on to `step`, as a provisioner would tell it.
  void Enter(RunInHand& run, Step step) {
    run.operation.step = step;
    EXPECT_TRUE(owner_->Commit(run.state).ok());
    operations_->OnStep(run.operation);
  }

  void End(RunInHand& run, Outcome outcome) {
    run.operation.outcome = outcome;
    EXPECT_TRUE(owner_->Commit(run.state).ok());
    operations_->OnEnd(run.operation);
    LetGo(run);
  }

  void LetGo(RunInHand& run) {
    {
      absl::MutexLock lock(&mutex_);
      run_ = nullptr;
    }
    run.over.Notify();
  }

  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    for (const Operation& operation : operations_->List()) ids.push_back(operation.request.id);
    return ids;
  }

  SimulatedClock clock_;
  FakeJournal journal_;
  Operations::Defaults defaults_ = [] {
    Operations::Defaults defaults;
    defaults.recipient = {"zone1", 101};
    defaults.donor = DonorChoice{};
    return defaults;
  }();
  std::unique_ptr<TabletOwner> owner_;
  std::unique_ptr<Operations> operations_;
  int begun_ = 0;
  std::thread thread_;
  absl::Mutex mutex_;
  RunInHand* run_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace graft
