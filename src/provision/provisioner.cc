#include "provision/provisioner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/operation/retry_policy.h"
#include "provision/operation/step_context.h"
#include "provision/preflight/preflight.h"
#include "provision/preflight/preflight_facts.h"
#include "provision/progress/progress_estimate.h"
#include "provision/progress/progress_sampler.h"
#include "provision/steps/fence.h"
#include "provision/steps/step_table.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kLongestRetry = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Seconds(3);  // with what an end still wants to do
// Agents that died one after the other in the same step: the step itself must be what ends them.
constexpr int kMostResumptions = 10;

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// The interpreter of the step table for one operation.
class OperationRun {
 public:
  explicit OperationRun(StepContext context)
      : context_(std::move(context)), operation_(context_.operation) {}

  void Run() {
    std::optional<Step> step = TakeUp();
    while (step.has_value()) {
      const StepRow& row = StepTable()[static_cast<size_t>(*step)];
      absl::Status status = Enter(row);
      if (status.ok()) status = RunWithRetries(row);
      if (context_.control->stopped()) return;
      if (status.ok()) {
        operation_.times.back().ended = context_.clock().Now();
        step = row.next;
      } else if (TryAgain(status)) {
        step = Step::kResolveDonor;
      } else {
        return context_.control->stopped() ? void() : Conclude(status);
      }
    }
    context_.deps.claims.Leave().IgnoreError();
    operation_.outcome = Outcome::kDone;
    End();
  }

 private:
  // Where to begin: at the first step, or where an earlier process left it.
  Step TakeUp() {
    const Step step = operation_.step;
    const bool sent = !operation_.run.not_before.empty();
    if (step == Step::kClone && sent) context_.control->BeginCopy();
    if (step > Step::kClone) context_.control->Seal();
    if (step <= Step::kClaimDonor) return step;
    if (step <= Step::kClone && !sent) return Step::kClaimDonor;
    context_.ClaimDonor().status().IgnoreError();  // the copy goes on with or without it
    return step;
  }

  absl::Status Enter(const StepRow& row) {
    if (context_.control->cancelled()) return absl::CancelledError("cancelled");
    const absl::Time now = context_.clock().Now();
    operation_.step = row.step;
    if (IsNewGround(row.step)) operation_.resumptions = 0;
    if (operation_.times.empty() || operation_.times.back().step != row.step) {
      operation_.times.push_back({row.step, now, absl::InfinitePast()});
    }
    if (operation_.resumptions > kMostResumptions && row.step != Step::kClone) return CrashLoop();
    const absl::Status saved = context_.Save();
    // Before CLONE a journal that cannot be written stops everything; after it the copy counts
    // for more than its log, and the next step tries again.
    if (!saved.ok() && row.step <= Step::kClone) return Annotate(saved, "journal");
    context_.sampler->Sample(operation_);
    for (Observer* observer : context_.deps.observers) observer->OnStep(operation_);
    return absl::OkStatus();
  }

  // No agent has come as far as this before.
  bool IsNewGround(Step step) const {
    return std::all_of(operation_.times.begin(), operation_.times.end(),
                       [step](const StepTime& time) { return time.step < step; });
  }

  absl::Status CrashLoop() const {
    return WithReason(absl::InternalError(absl::StrCat(
                          operation_.resumptions, " agents one after the other went away in step ",
                          StepName(operation_.step), "; see their logs, then ask again")),
                      Reason::kCrashLoop);
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

  // Whether another attempt begins, after its pause.
  bool TryAgain(const absl::Status& failure) {
    OperationControl& control = *context_.control;
    if (control.cancelled() || !MayTryAgain(operation_, failure) || !AttemptsLeft(failure)) {
      return false;
    }
    // A server that crashed in the copy is up again in a while; until then there is nothing to try.
    const bool dropped = operation_.data_state != DataState::kIntact;
    TryFor(dropped ? context_.options.restart_wait_timeout : kPatience,
           [this] { return LeaveServerSafe(context_); });
    context_.deps.claims.Leave().IgnoreError();
    const absl::Time now = context_.clock().Now();
    if (!operation_.times.empty()) operation_.times.back().ended = now;
    operation_.failed_attempts.push_back({operation_.attempt, operation_.donor, operation_.step,
                                          operation_.data_state, failure, now});
    // A row of clone_status that this attempt left must never be taken for the next one's.
    operation_.run = CloneRun();
    operation_.progress = Progress();
    operation_.claim_lost = false;
    operation_.data_before = operation_.data_state;
    operation_.step = Step::kResolveDonor;
    control.BeginAttempt(dropped);
    context_.sampler->BeginAttempt();
    const int attempt = operation_.attempt++;
    TryFewTimes([this] { return context_.Save(); });
    TryFewTimes([this] { return context_.PublishRecord(); });
    context_.ReportProgress();
    return context_.Wait(BackOff(attempt, absl::Uniform<double>(random_, 0, 1))).ok();
  }

  // A donor that serves somebody else is waited for, however often it says so.
  bool AttemptsLeft(const absl::Status& failure) const {
    if (IsDonorBusy(failure)) {
      return context_.clock().Now() - operation_.requested < context_.options.donor_wait_timeout;
    }
    const auto busy =
        std::count_if(operation_.failed_attempts.begin(), operation_.failed_attempts.end(),
                      [](const FailedAttempt& failed) { return IsDonorBusy(failed.error); });
    return operation_.attempt - busy < context_.options.max_attempts;
  }

  // After a failure or a cancel: leaves the server either as it was or fenced, and says so.
  void Conclude(const absl::Status& status) {
    operation_.queue_place = 0;
    // A server that is down is told when it is up again; until then the operation has not ended.
    TryFor(operation_.fence.up ? context_.options.restart_wait_timeout : kPatience,
           [this] { return LeaveServerSafe(context_); });
    if (context_.control->stopped()) return;
    const bool cancelled = context_.control->cancelled();
    operation_.outcome = cancelled ? Outcome::kCancelled : Outcome::kFailed;
    operation_.error = cancelled ? CancelledBecause(status) : status;
    context_.deps.claims.Leave().IgnoreError();
    End();
    // Else the agent's publisher goes on trying.
    TryFewTimes([this] { return context_.PublishRecord(); });
    NotifyEnd();
  }

  // What the cancel cost, in words.
  absl::Status CancelledBecause(const absl::Status& status) const {
    if (operation_.data_state == DataState::kIntact) {
      return WithReason(absl::CancelledError("cancelled; nothing was dropped"), Reason::kCancelled);
    }
    return WithReason(
        absl::CancelledError(absl::StrCat(
            "cancelled; the old data is ", DataStateName(operation_.data_state),
            ", the server is fenced: ask for another operation (", status.message(), ")")),
        Reason::kCancelled);
  }

  void End() {
    operation_.ended = context_.clock().Now();
    operation_.progress.note.clear();
    operation_.progress.eta.reset();
    if (operation_.outcome == Outcome::kDone) FinishProgress(operation_.progress);
    if (!operation_.times.empty() && operation_.times.back().ended == absl::InfinitePast()) {
      operation_.times.back().ended = operation_.ended;
    }
    TryFewTimes([this] { return context_.Save(); });
    if (operation_.outcome == Outcome::kDone) NotifyEnd();
  }

  void NotifyEnd() {
    for (Observer* observer : context_.deps.observers) observer->OnEnd(operation_);
  }

  template <typename Call>
  void TryFewTimes(Call call) {
    TryFor(kPatience, call);
  }

  // On a wait of its own: the operation's may be cancelled already. Not when the agent stops.
  template <typename Call>
  void TryFor(absl::Duration patience, Call call) {
    Cancellation nobody_cancels;
    const absl::Time deadline = context_.clock().Now() + patience;
    absl::Duration pause = kFirstRetry;
    absl::Status status = call();
    while (IsTransient(status) && context_.clock().Now() + pause < deadline &&
           !context_.control->stopped()) {
      nobody_cancels.WaitFor(context_.clock(), pause);
      pause = std::min(2 * pause, absl::Seconds(1));
      status = call();
    }
  }

  StepContext context_;
  Operation& operation_;
  absl::BitGen random_;
};

}  // namespace

void Provisioner::Run(Operation& operation, const std::shared_ptr<OperationControl>& control) {
  ProgressModel model;
  if (deps_.history != nullptr) model = ProgressModel::Learn(deps_.history());
  const auto sampler = std::make_shared<ProgressSampler>(deps_.clock, std::move(model));
  OperationRun(StepContext{deps_, options_, operation, control, sampler}).Run();
}

absl::StatusOr<PreflightReport> Provisioner::Preflight(Operation draft) const {
  StepContext context{deps_, options_, draft, std::make_shared<OperationControl>(), nullptr};
  GRAFT_RETURN_IF_ERROR(ResolveDonorStep(context));
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, GatherPreflightFacts(context));
  return PreflightReport{options_.alias, draft.donor, draft.source, graft::Preflight(facts),
                         deps_.clock.Now()};
}

}  // namespace graft
