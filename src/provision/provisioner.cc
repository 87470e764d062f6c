#include "provision/provisioner.h"

#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "provision/fence.h"
#include "provision/step_context.h"
#include "provision/step_table.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kLongestRetry = absl::Seconds(5);

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// The interpreter of the step table for one operation.
class OperationRun {
 public:
  explicit OperationRun(StepContext context)
      : context_(std::move(context)), operation_(context_.operation) {}

  void Run() {
    if (!operation_.run.not_before.empty()) context_.control->Seal();
    std::optional<Step> step = operation_.step;
    while (step.has_value()) {
      const StepRow& row = StepTable()[static_cast<size_t>(*step)];
      absl::Status status = Enter(row);
      if (status.ok()) status = RunWithRetries(row);
      if (context_.control->stopped()) return;
      if (!status.ok()) return Conclude(status);
      operation_.times.back().ended = context_.clock().Now();
      step = row.next;
    }
    operation_.outcome = Outcome::kDone;
    End();
  }

 private:
  absl::Status Enter(const StepRow& row) {
    if (context_.control->cancelled()) return absl::CancelledError("cancelled");
    const absl::Time now = context_.clock().Now();
    operation_.step = row.step;
    if (operation_.times.empty() || operation_.times.back().step != row.step) {
      operation_.times.push_back({row.step, now, absl::InfinitePast()});
    }
    const absl::Status saved = context_.Save();
    // Before CLONE a journal that cannot be written stops everything; after it the copy counts
    // for more than its log, and the next step tries again.
    if (!saved.ok() && row.step <= Step::kClone) return Annotate(saved, "journal");
    for (Observer* observer : context_.deps.observers) observer->OnStep(operation_);
    return absl::OkStatus();
  }

  absl::Status RunWithRetries(const StepRow& row) {
    const absl::Time deadline = context_.clock().Now() + row.budget;
    absl::Duration pause = kFirstRetry;
    absl::Status status = row.run(context_);
    while (IsTransient(status) && context_.clock().Now() + pause < deadline) {
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      pause = std::min(2 * pause, kLongestRetry);
      status = row.run(context_);
    }
    return status;
  }

  // After a failure or a cancel: leaves the server either as it was or fenced, and says so.
  void Conclude(const absl::Status& status) {
    operation_.outcome = context_.control->cancelled() ? Outcome::kCancelled : Outcome::kFailed;
    operation_.error = status;
    TryFewTimes([this] { return LeaveServerSafe(context_); });
    End();
    // Else the agent's publisher goes on trying.
    TryFewTimes([this] { return context_.PublishRecord(); });
    NotifyEnd();
  }

  void End() {
    operation_.ended = context_.clock().Now();
    if (!operation_.times.empty() && operation_.times.back().ended == absl::InfinitePast()) {
      operation_.times.back().ended = operation_.ended;
    }
    TryFewTimes([this] { return context_.Save(); });
    if (operation_.outcome == Outcome::kDone) NotifyEnd();
  }

  void NotifyEnd() {
    for (Observer* observer : context_.deps.observers) observer->OnEnd(operation_);
  }

  // Bounded, and on a wait of its own: the operation's may be cancelled already.
  template <typename Call>
  void TryFewTimes(Call call) {
    Cancellation nobody_cancels;
    absl::Duration pause = kFirstRetry;
    for (int tries = 0; tries < 6; ++tries) {
      const absl::Status status = call();
      if (status.ok() || !IsTransient(status)) return;
      nobody_cancels.WaitFor(context_.clock(), pause);
      pause *= 2;
    }
  }

  StepContext context_;
  Operation& operation_;
};

}  // namespace

void Provisioner::Run(Operation& operation, const std::shared_ptr<OperationControl>& control) {
  OperationRun(StepContext{deps_, options_, operation, control}).Run();
}

}  // namespace graft
