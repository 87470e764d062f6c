#include "provision/provisioner.h"

#include <algorithm>
#include <array>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "provision/operation/decisions.h"
#include "provision/operation/step_context.h"
#include "provision/operation_end.h"
#include "provision/progress/progress_model.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kLongestRetry = absl::Seconds(5);
// If so many agents in a row died in the same step, the step itself kills them.
constexpr int kMostResumptions = 10;

struct StepFunction {
  Step step;
  StepOutcome (*run)(StepContext&);
};
// In the order of Step, by which a step finds its function.
// clang-format off
constexpr std::array<StepFunction, kStepCount> kSteps = {{
    {Step::kResolveDonor, &ResolveDonorStep}, {Step::kPreflight, &PreflightStep},
    {Step::kClaimDonor, &ClaimDonorStep}, {Step::kFence, &FenceStep}, {Step::kClone, &CloneStep},
    {Step::kAwaitRestart, &AwaitRestartStep}, {Step::kVerify, &VerifyStep},
    {Step::kReplicate, &ReplicateStep}, {Step::kCatchUp, &CatchUpStep},
    {Step::kPublish, &PublishStep}, {Step::kRelease, &ReleaseStep},
    {Step::kAssess, &AssessStep}, {Step::kRepoint, &RepointStep}, {Step::kRejoin, &RejoinStep},
    {Step::kRestoreBackup, &RestoreBackupStep}}};
// clang-format on
constexpr bool EachStepHasItsFunction() {
  for (size_t i = 0; i < kSteps.size(); ++i) {
    if (kSteps[i].step != static_cast<Step>(i) || kSteps[i].run == nullptr) return false;
  }
  return true;
}
static_assert(EachStepHasItsFunction());

// The interpreter of an operation's plan.
class OperationRun {
 public:
  explicit OperationRun(StepContext context)
      : context_(std::move(context)),
        state_(context_.state),
        operation_(context_.operation),
        plan_(&PlanOf(operation_)) {}

  void Run() {
    absl::Status ready = TakeUp();
    if (Stopped()) return;
    if (!ready.ok()) return ConcludeOperation(context_, ready);
    while (place_ < plan_->size()) {
      StepOutcome outcome = Enter((*plan_)[place_]);
      if (outcome.kind() == StepOutcome::Kind::kAdvance) outcome = RunRow((*plan_)[place_]);
      if (Stopped() || outcome.kind() == StepOutcome::Kind::kLeaveRunning) return;
      if (outcome.kind() == StepOutcome::Kind::kAdvance) {
        operation_.times.back().ended = context_.clock().Now();
        Note("");
        plan_ = &PlanOf(operation_);
        place_ = outcome.to().has_value() ? *PlaceIn(*plan_, *outcome.to()) : place_ + 1;
      } else if (!MayFollow(outcome) || !BeginAttempt(outcome.why())) {
        return Stopped() ? void() : ConcludeOperation(context_, outcome.why());
      }
    }
    FinishOperation(context_);
  }

 private:
  bool Stopped() const { return context_.control->stopped(); }
  void Note(const std::string& note) const { context_.Note(note); }

  // Where to begin: at the first row, or where an earlier process left it.
  absl::Status TakeUp() {
    place_ = PlaceIn(*plan_, operation_.step).value_or(0);
    if (operation_.times.empty()) return absl::OkStatus();
    ++operation_.resumptions;
    if (context_.has_copy_to_end() || (*plan_)[place_].zone == Zone::kAfterCopy) {
      StandAgain();
      return absl::OkStatus();
    }
    // The server that serves a backup may be gone.
    place_ = std::min(place_, PlaceIn(*plan_, Step::kRestoreBackup).value_or(place_));
    const std::optional<size_t> claim = PlaceIn(*plan_, Step::kClaimDonor);
    const bool unclaimed = (*plan_)[place_].zone != Zone::kAfterCopy;
    if (claim.has_value() && unclaimed) place_ = std::min(place_, *claim);
    // Its place may be there still; whatever comes first, it is not to be lost.
    if (!IsNewGround(Step::kClaimDonor) && unclaimed) {
      context_.StandInLine(context_.LineEntry(/*waiting=*/true)).IgnoreError();
    }
    return (*plan_)[place_].zone == Zone::kBeforeDrop ? AwaitServer() : absl::OkStatus();
  }

  // The copy goes on with or without its claim. One that is made needs none any more.
  void StandAgain() {
    if (operation_.step == Step::kCatchUp || operation_.step == Step::kPublish) return;
    QueueEntry entry = context_.LineEntry(/*waiting=*/false);
    if ((*plan_)[place_].zone == Zone::kCopying) {
      entry.holds = operation_.donor;
      context_.ClaimDonor().status().IgnoreError();
    }
    if (operation_.request.kind == OperationKind::kReprovision) {
      context_.StandInLine(entry).IgnoreError();
    }
  }

  // Taken up while its server is down: nothing is lost by waiting for it.
  absl::Status AwaitServer() {
    const auto answers = [this] {
      const absl::Status answer = context_.recipient().Describe().status();
      return IsAway(answer) ? answer : absl::OkStatus();
    };
    GRAFT_RETURN_IF_ERROR(TryUntilDone(answers));
    Note("");
    return absl::OkStatus();
  }

  // CANCELLED: cancelled, or the agent stops.
  absl::Status TryUntilDone(const std::function<absl::Status()>& call) {
    const absl::Time since = context_.clock().Now();
    absl::Duration pause = kFirstRetry;
    for (absl::Status status = call(); !status.ok(); status = call()) {
      NoteWait(context_, status, since);
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      pause = std::min(2 * pause, kLongestRetry);
    }
    return absl::OkStatus();
  }

  StepOutcome Enter(const PlanRow& row) {
    operation_.step = row.step;
    if (context_.cancelled()) return StepOutcome::Stop(absl::CancelledError("cancelled"));
    const absl::Time now = context_.clock().Now();
    if (IsNewGround(row.step)) operation_.resumptions = 0;
    if (operation_.times.empty() || operation_.times.back().step != row.step) {
      operation_.times.push_back({row.step, now, absl::InfinitePast()});
    }
    const bool supervises = row.zone == Zone::kCopying && state_.clone.has_value();
    if (operation_.resumptions > kMostResumptions && !supervises) {
      return StepOutcome::Stop(CrashLoop());
    }
    if (StepOutcome saved = SaveAt(row, supervises); saved.kind() != StepOutcome::Kind::kAdvance) {
      return saved;
    }
    context_.sampler->Sample(operation_);
    context_.deps.owner.Show(state_);
    for (Observer* observer : context_.deps.observers) observer->OnStep(operation_);
    return StepOutcome::Advance();
  }

  // Before CLONE a journal that cannot be written stops everything. A copy that runs is supervised
  // without it; one that is made waits for it, since nothing is done that is not written.
  StepOutcome SaveAt(const PlanRow& row, bool supervises) {
    if (row.zone == Zone::kAfterCopy && !supervises) {
      return TryUntilDone([this] { return context_.Save(); });
    }
    const absl::Status saved = context_.Save();
    return saved.ok() || supervises ? StepOutcome::Advance() : StepOutcome::Stop(saved);
  }

  // No agent has come as far as this before.
  bool IsNewGround(Step step) const {
    const std::optional<size_t> place = PlaceIn(*plan_, step);
    return std::all_of(operation_.times.begin(), operation_.times.end(),
                       [&](const StepTime& time) { return PlaceIn(*plan_, time.step) < place; });
  }

  absl::Status CrashLoop() const {
    return Failure(
        Reason::kCrashLoop,
        absl::StrCat(operation_.resumptions, " agents one after the other went away in step ",
                     StepName(operation_.step), "; see their logs, then ask again"));
  }

  StepOutcome RunRow(const PlanRow& row) {
    const absl::Time began = context_.clock().Now();
    // A copy that is to be taken up: its server may be down for as long as a restart may take.
    const bool takes_up = row.zone == Zone::kBeforeDrop && context_.has_copy_to_end();
    const absl::Time deadline =
        began + std::max(row.budget, takes_up ? context_.options.restart_wait_timeout : row.budget);
    absl::Duration pause = kFirstRetry;
    StepOutcome outcome = RunHeld(row);
    while (LooksAgain(outcome) && context_.clock().Now() + pause < deadline) {
      NoteWait(context_, outcome.why(), began);
      if (absl::Status waited = context_.Wait(pause); !waited.ok()) {
        return StepOutcome::Stop(waited);
      }
      pause = std::min(2 * pause, kLongestRetry);
      outcome = RunHeld(row);
    }
    return outcome;
  }

  // A step that changes the server takes its lock first. A server that is away is asked once more.
  StepOutcome RunHeld(const PlanRow& row) {
    const int64_t own_clone = state_.clone.has_value() ? state_.clone->connection_id : 0;
    const bool unknown_clone = state_.clone.has_value() && own_clone == 0;
    if (row.zone == Zone::kBeforeDrop && !(unknown_clone && row.serves)) {
      absl::Status held = context_.deps.holder.HoldServer(own_clone);
      if (HasReason(held, Reason::kServerHeld) || (!held.ok() && !row.serves)) return held;
    }
    return kSteps[static_cast<size_t>(row.step)].run(context_);
  }

  bool HasGoodCopy() const {
    return (*plan_)[place_].zone == Zone::kAfterCopy && operation_.data_state == DataState::kCloned;
  }

  // A good copy is kept: instead of another attempt, graft looks again.
  bool LooksAgain(const StepOutcome& outcome) const {
    return outcome.kind() == StepOutcome::Kind::kWait ||
           (outcome.kind() == StepOutcome::Kind::kNextAttempt && HasGoodCopy());
  }

  bool MayFollow(const StepOutcome& outcome) const {
    return !state_.clone.has_value() && !HasGoodCopy() && !context_.deps.owner.cancel_granted() &&
           outcome.kind() != StepOutcome::Kind::kStop && MayTryAgain(operation_, outcome.why()) &&
           AttemptsLeft(outcome.why());
  }

  // Makes the server safe and, after a pause, begins another attempt. False: cancelled, or stopped.
  bool BeginAttempt(const absl::Status& failure) {
    context_.ReleaseDonor(/*copied=*/false);
    // A server that crashed in the copy is up again in a while; until then there is nothing to try.
    const bool dropped = operation_.data_state != DataState::kIntact;
    TryFor(context_, dropped ? context_.options.restart_wait_timeout : kEndPatience,
           [this] { return LeaveServerSafe(context_); });
    const absl::Time now = context_.clock().Now();
    if (!operation_.times.empty()) operation_.times.back().ended = now;
    operation_.failed_attempts.push_back({operation_.attempt, operation_.donor, operation_.step,
                                          operation_.data_state, failure, now});
    operation_.progress = Progress();
    operation_.claim_lost = false;
    state_.data_before = operation_.data_state;
    plan_ = &PlanOf(operation_);
    place_ = 0;
    operation_.step = plan_->front().step;
    context_.sampler->BeginAttempt();
    const int attempt = operation_.attempt++;
    TryFor(context_, kEndPatience, [this] { return context_.Save(); });
    TryFor(context_, kEndPatience, [this] { return context_.PublishRecord(); });
    context_.ReportProgress();
    return context_.Wait(BackOff(attempt, absl::Uniform<double>(random_, 0, 1))).ok();
  }

  // A donor that serves somebody else (3634), which drops nothing, is waited for, however often it
  // says so. A donor that preflight refused is not asked again: the others are, all of them.
  bool AttemptsLeft(const absl::Status& failure) const {
    if (HasReason(failure, Reason::kDonorBusy)) {
      const absl::Time since = context_.FirstAt(Step::kResolveDonor);
      return context_.clock().Now() - since < context_.options.donor_wait_timeout;
    }
    const auto& failed = operation_.failed_attempts;
    const auto free = std::count_if(failed.begin(), failed.end(), [](const FailedAttempt& attempt) {
      return HasReason(attempt.error, Reason::kDonorBusy) ||
             HasReason(attempt.error, Reason::kDonorUnfit);
    });
    return operation_.attempt - free < context_.options.max_attempts ||
           HasReason(failure, Reason::kDonorUnfit);
  }

  StepContext context_;
  TabletState& state_;
  Operation& operation_;
  const Plan* plan_;  // a step may choose another one: from_backup
  size_t place_ = 0;
  absl::BitGen random_;
};

}  // namespace

void Provisioner::Run(TabletState& state, const std::shared_ptr<OperationControl>& control) {
  ProgressModel model;
  if (deps_.history != nullptr) model = ProgressModel::Learn(deps_.history());
  const auto sampler = std::make_shared<ProgressSampler>(deps_.clock, std::move(model));
  const auto peers = std::make_shared<KeptPeers>(deps_.clock, deps_.open_peer);
  const auto as_replica = std::make_shared<KeptPeers>(deps_.clock, deps_.open_as_replica);
  OperationRun(
      StepContext{deps_, options_, state, state.operation, control, sampler, peers, as_replica})
      .Run();
}

absl::StatusOr<PreflightReport> Provisioner::Preflight(
    Operation draft, const std::shared_ptr<OperationControl>& control) const {
  TabletState state;
  state.operation = std::move(draft);
  const auto peers = std::make_shared<KeptPeers>(deps_.clock, deps_.open_peer);
  const auto as_replica = std::make_shared<KeptPeers>(deps_.clock, deps_.open_as_replica);
  StepContext context{deps_, options_, state, state.operation, control, nullptr, peers, as_replica};
  return MakePreflight(context);
}

}  // namespace graft
