#include "provision/operation_end.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "provision/progress/progress_estimate.h"
#include "provision/steps/fence.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kNoteAfter = absl::Seconds(2);  // a wait shorter than that is no news

// What the cancel cost, in words.
absl::Status CancelledBecause(const Operation& operation, const absl::Status& status) {
  if (operation.data_state == DataState::kIntact) {
    return Failure(Reason::kCancelled, "cancelled; nothing was dropped");
  }
  return Failure(
      Reason::kCancelled,
      absl::StrCat("cancelled; the old data is ", DataStateName(operation.data_state),
                   ", the server is fenced: ask for another operation (", status.message(), ")"));
}

}  // namespace

void NoteWait(const StepContext& context, const absl::Status& why, absl::Time since) {
  if (context.clock().Now() - since < kNoteAfter) return;
  context.Note(absl::StrCat("waits, and tries again: ", why.message()));
}

void OperationEnd::Conclude(const absl::Status& status) {
  Operation& operation = context_.operation;
  operation.queue_place = 0;
  // A server that is down is told when it is up again; until then the operation has not ended.
  // A server that another agent holds is not ours to touch.
  if (!HasReason(status, Reason::kServerHeld)) {
    TryFor(context_.state.fence.up ? context_.options.restart_wait_timeout : kPatience,
           [this] { return LeaveServerSafe(context_); });
  }
  if (context_.control->stopped()) return;
  // A cancel that the copy outran, or that could not end it, is no cause of what fails later.
  const bool cancelled = context_.deps.owner.cancel_granted() &&
                         RowOf(operation).may_cancel == MayCancel::kYes &&
                         !context_.has_copy_to_end();
  operation.outcome = cancelled ? Outcome::kCancelled : Outcome::kFailed;
  operation.error = cancelled ? CancelledBecause(operation, status) : status;
  context_.deps.claims.Leave().IgnoreError();
  if (!End()) return;
  // Else the agent's keeper goes on trying.
  TryFewTimes([this] { return context_.PublishRecord(); });
  NotifyEnd();
}

void OperationEnd::Finish() {
  context_.deps.claims.Leave().IgnoreError();
  context_.operation.outcome = Outcome::kDone;
  if (End()) NotifyEnd();
}

// False: the agent stopped before the end was journalled, and the next process comes to it again.
bool OperationEnd::End() {
  Operation& operation = context_.operation;
  operation.ended = context_.clock().Now();
  operation.progress.eta.reset();
  if (operation.outcome == Outcome::kDone) FinishProgress(operation.progress);
  if (!operation.times.empty() && operation.times.back().ended == absl::InfinitePast()) {
    operation.times.back().ended = operation.ended;
  }
  if (!SaveEnd()) return false;
  context_.deps.owner.Show(context_.state);
  return true;
}

// It has not ended before the journal says so: until then nobody could ask for another.
bool OperationEnd::SaveEnd() {
  Operation& operation = context_.operation;
  const Outcome outcome = operation.outcome;
  bool saved = false;
  TryFor(absl::InfiniteDuration(), [&]() -> absl::Status {
    if (context_.control->stopped()) return absl::CancelledError("the agent is stopping");
    operation.outcome = outcome;
    operation.progress.note.clear();
    operation.progress.waiting_since = absl::InfinitePast();
    const absl::Status status = context_.Save();
    saved = status.ok();
    if (saved) return status;
    operation.outcome = Outcome::kRunning;
    return absl::UnavailableError(status.message());  // tried again, whatever it is
  });
  return saved;
}

void OperationEnd::NotifyEnd() {
  for (Observer* observer : context_.deps.observers) observer->OnEnd(context_.operation);
}

void OperationEnd::TryFor(absl::Duration patience, const std::function<absl::Status()>& call) {
  const absl::Time since = context_.clock().Now();
  absl::Duration pause = kFirstRetry;
  absl::Status status = call();
  // One refusal may pass too, and the server must not stay open for it. A STOP REPLICA that is
  // pending takes effect by itself, however long that takes.
  const auto may_pass = [](const absl::Status& said) {
    return IsAway(said) || absl::IsPermissionDenied(said);
  };
  while (may_pass(status) && !context_.control->stopped() &&
         (context_.clock().Now() + pause < since + patience ||
          HasReason(status, Reason::kReplicationStopping))) {
    NoteWait(context_, status, since);
    Cancellation nobody_cancels;
    nobody_cancels.WaitFor(context_.clock(), pause);
    pause = std::min(2 * pause, absl::Seconds(1));
    status = call();
  }
}

}  // namespace graft
