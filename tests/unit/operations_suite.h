// The fixture of Operations: a desk whose runs are in the test's hand. Its tests stand in
// operations_test.cc (requests and cancels) and operations_watch_test.cc (subscribers, stop,
// resume).
#ifndef GRAFT_TESTS_UNIT_OPERATIONS_SUITE_H_
#define GRAFT_TESTS_UNIT_OPERATIONS_SUITE_H_

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/clocks.h"
#include "fakes/fake_journal.h"
#include "provision/operation/operations.h"

namespace graft {

inline ReprovisionCall Call(const std::string& id) {
  ReprovisionCall call;
  call.id = id;
  return call;
}

inline Operation Past(const std::string& id, Outcome outcome) {
  Operation operation;
  operation.request.id = id;
  operation.outcome = outcome;
  return operation;
}

// One run of an operation, step by step at the test's word.
struct RunInHand {
  RunInHand(Operation& operation, std::shared_ptr<OperationControl> control)
      : operation(operation), control(std::move(control)) {}
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

  void Make(std::vector<Operation> history = {}) {
    Operations::Defaults defaults;
    defaults.recipient = {"zone1", 101};
    defaults.donor = DonorChoice{};
    Operations::Others others;
    others.snapshot = [] { return TabletSnapshot(); };
    others.preflight = [](const Operation& draft, PreflightDone on_done) {
      PreflightReport report;
      report.recipient = draft.recipient;
      on_done(report);
    };
    operations_ = std::make_unique<Operations>(clock_, journal_, defaults, std::move(history),
                                               std::move(others));
  }

  void Serve() {
    thread_ = std::thread([this] {
      operations_->Serve(
          [this](Operation& operation, const std::shared_ptr<OperationControl>& control) {
            RunInHand run(operation, control);
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

  void End(RunInHand& run, Outcome outcome) {
    run.operation.outcome = outcome;
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
  std::unique_ptr<Operations> operations_;
  std::thread thread_;
  absl::Mutex mutex_;
  RunInHand* run_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace graft

#endif  // GRAFT_TESTS_UNIT_OPERATIONS_SUITE_H_
