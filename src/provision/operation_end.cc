#include "provision/operation_end.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "provision/progress/progress_model.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kNoteAfter = absl::Seconds(2);  // a wait shorter than that is no news

// The cost of the cancel, in words.
absl::Status CancelledBecause(const Operation& operation, const absl::Status& status) {
  if (operation.data_state == DataState::kIntact) {
    return Failure(Reason::kCancelled, "cancelled; nothing was dropped");
  }
  return Failure(
      Reason::kCancelled,
      absl::StrCat("cancelled; the old data is ", DataStateName(operation.data_state),
                   ", the server is fenced: ask for another operation (", status.message(), ")"));
}

// It has not ended before the journal says so: until then nobody could ask for another.
bool SaveEnd(StepContext& context) {
  Operation& operation = context.operation;
  const Outcome outcome = operation.outcome;
  bool saved = false;
  TryFor(context, absl::InfiniteDuration(), [&]() -> absl::Status {
    if (context.control->stopped()) return absl::CancelledError("the agent is stopping");
    operation.outcome = outcome;
    operation.progress.note.clear();
    operation.progress.waiting_since = absl::InfinitePast();
    const absl::Status status = context.Save();
    saved = status.ok();
    if (saved) return absl::OkStatus();
    operation.outcome = Outcome::kRunning;
    return absl::UnavailableError(status.message());  // tried again, whatever it is
  });
  return saved;
}

// False: the agent stopped before the end was journalled, and the next process comes to it again.
bool End(StepContext& context, Outcome outcome) {
  Operation& operation = context.operation;
  context.deps.claims.Leave().IgnoreError();
  context.deps.line.Leave().IgnoreError();
  if (operation.from_backup && context.deps.backups != nullptr) {
    context.deps.backups->Remove().IgnoreError();  // the agent's next start tries again
  }
  operation.outcome = outcome;
  operation.ended = context.clock().Now();
  operation.progress.eta.reset();
  if (outcome == Outcome::kDone) FinishProgress(operation.progress);
  if (!operation.times.empty() && operation.times.back().ended == absl::InfinitePast()) {
    operation.times.back().ended = operation.ended;
  }
  if (!SaveEnd(context)) return false;
  context.deps.owner.Show(context.state);
  return true;
}

void NotifyEnd(const StepContext& context) {
  for (Observer* observer : context.deps.observers) observer->OnEnd(context.operation);
}

}  // namespace

void NoteWait(const StepContext& context, const absl::Status& why, absl::Time since) {
  if (context.clock().Now() - since < kNoteAfter) return;
  context.Note(absl::StrCat("waits, and tries again: ", why.message()));
}

void TryFor(const StepContext& context, absl::Duration patience,
            const std::function<absl::Status()>& call) {
  const absl::Time since = context.clock().Now();
  absl::Duration pause = kFirstRetry;
  absl::Status status = call();
  // One refusal may pass too, and the server must not stay open for it. A STOP REPLICA that is
  // pending takes effect by itself, however long that takes.
  while ((IsAway(status) || absl::IsPermissionDenied(status)) && !context.control->stopped() &&
         (context.clock().Now() + pause < since + patience ||
          HasReason(status, Reason::kReplicationStopping))) {
    NoteWait(context, status, since);
    Cancellation nobody_cancels;
    nobody_cancels.WaitFor(context.clock(), pause);
    pause = std::min(2 * pause, absl::Seconds(1));
    status = call();
  }
}

void ConcludeOperation(StepContext& context, const absl::Status& status) {
  Operation& operation = context.operation;
  operation.queue_place = 0;
  if (!context.state.clone.has_value()) {  // whatever the server needs, the donor is free
    context.deps.claims.Leave().IgnoreError();
    context.deps.line.Leave().IgnoreError();
  }
  // A server that is down is told when it is up again; until then the operation has not ended.
  // A server that another agent holds is not ours to touch.
  if (!HasReason(status, Reason::kServerHeld)) {
    TryFor(context, context.state.fence.up ? context.options.restart_wait_timeout : kEndPatience,
           [&] { return LeaveServerSafe(context); });
  }
  if (context.control->stopped()) return;
  // A cancel that the copy outran, or that could not end it, is no cause of what fails later.
  const bool cancelled = context.deps.owner.cancel_granted() &&
                         RowOf(operation).may_cancel == MayCancel::kYes &&
                         !context.has_copy_to_end();
  operation.error = cancelled ? CancelledBecause(operation, status) : status;
  if (!End(context, cancelled ? Outcome::kCancelled : Outcome::kFailed)) return;
  // Else the agent's keeper goes on trying.
  TryFor(context, kEndPatience, [&] { return context.PublishRecord(); });
  NotifyEnd(context);
}

void FinishOperation(StepContext& context) {
  if (End(context, Outcome::kDone)) NotifyEnd(context);
}

}  // namespace graft
