#include "provision/operation/step_context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "graft/plan.h"
#include "graft/topology.h"

namespace graft {

bool StepContext::cancelled() const {
  return !has_copy_to_end() && RowOf(operation).may_cancel == MayCancel::kYes &&
         deps.owner.cancel_granted();
}

absl::Status StepContext::Wait(absl::Duration duration) const {
  const absl::Time deadline = clock().Now() + duration;
  while (true) {
    peers->DropOld();
    as_replica->DropOld();
    if (control->stopped()) return absl::CancelledError("the agent is stopping");
    if (cancelled()) return absl::CancelledError("cancelled");
    const absl::Time next = std::min(deadline, clock().Now() + ProgressSampler::kEvery);
    const WaitEnd end = control->wait().WaitUntil(clock(), sampler == nullptr ? deadline : next);
    if (end == WaitEnd::kCancelled) {
      return absl::CancelledError(control->stopped() ? "the agent is stopping" : "cancelled");
    }
    if (sampler != nullptr && sampler->IsDue()) ReportProgress();
    if (clock().Now() >= deadline) return absl::OkStatus();
    if (end == WaitEnd::kWoken && !cancelled()) return absl::OkStatus();
  }
}

void StepContext::ReportProgress() const {
  if (sampler != nullptr) sampler->Sample(operation);
  deps.owner.Show(state);
  for (Observer* observer : deps.observers) observer->OnProgress(operation);
}

void StepContext::Say(std::string note, bool waits) const {
  Progress& progress = operation.progress;
  if (progress.note == note) return;
  if (!waits || note.empty()) {
    progress.waiting_since = absl::InfinitePast();
  } else if (progress.waiting_since == absl::InfinitePast()) {
    progress.waiting_since = clock().Now();
  }
  progress.note = std::move(note);
  ReportProgress();
}

QueueEntry StepContext::LineEntry(bool waiting) const {
  QueueEntry entry{options.alias, operation.request.id,
                   absl::StrCat("rebuild ", options.alias.ToString())};
  entry.waiting = waiting;
  entry.acknowledges = state.fence.acknowledged;
  if (waiting && !TakesAnyDonor(operation)) entry.wants = operation.donor;
  return entry;
}

absl::Time StepContext::FirstAt(Step step) const {
  for (const StepTime& time : operation.times) {
    if (time.step == step) return time.started;
  }
  return clock().Now();
}

absl::Status StepContext::StandInLine(const QueueEntry& entry) const {
  const absl::Status changed = deps.line.Change(entry);
  const bool none = absl::IsAborted(changed) || absl::IsFailedPrecondition(changed);
  return none ? deps.line.Enter(ShardLineName(options.keyspace, options.shard), entry) : changed;
}

absl::StatusOr<int> StepContext::ClaimDonor() const {
  const QueueEntry entry{
      options.alias, operation.request.id,
      absl::StrCat("clone ", options.alias.ToString(), " from ", operation.donor.ToString())};
  GRAFT_RETURN_IF_ERROR(deps.claims.Enter(DonorLockName(operation.donor), entry));
  return deps.claims.Ahead();
}

// A claim that cannot be given up ends with its lease.
void StepContext::ReleaseDonor(bool copied) const {
  if (deps.claims.state() == ClaimKeeper::State::kLost) operation.claim_lost = true;
  deps.claims.Leave().IgnoreError();
  if (copied && operation.from_backup && deps.backups != nullptr) {
    deps.backups->Remove().IgnoreError();  // and once more at the end
  }
  if (deps.line.state() == ClaimKeeper::State::kNone) return;
  deps.line.Change(LineEntry(/*waiting=*/!copied)).IgnoreError();
}

}  // namespace graft
