#include "provision/operation/tablet_owner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"

namespace graft {
namespace {

constexpr size_t kMostKept = 50;

// A clone whose end is not known may have dropped any data.
void AssumeTheWorst(TabletState& state) {
  if (state.clone.has_value()) state.operation.data_state = OnceDropped(state.operation.data_state);
}

bool IsOf(const TabletState& state, const Operation& operation) {
  return state.operation.request.id == operation.request.id;
}

// The cancel and the bandwidths that the API has granted since `draft` was journalled.
void TakeGranted(const TabletState& present, TabletState& draft) {
  draft.cancel = present.cancel;
  draft.throttle = present.throttle;
}

absl::Status DataDropped(const Operation& operation) {
  const char* what = operation.data_state == DataState::kEmpty
                         ? "the old data is already dropped"
                         : "CLONE has been sent, and its first act is to drop the old data";
  return Failure(Reason::kDataDropped,
                 absl::StrCat(what,
                              ": a cancel would leave the tablet empty, fenced and marked; say so "
                              "if that is meant (--even-if-dropped)"));
}

absl::Status CheckRunning(const Operation& operation, absl::string_view id) {
  if (operation.request.id == id && operation.outcome == Outcome::kRunning) return absl::OkStatus();
  return Failure(Reason::kOperationEnded, absl::StrCat("operation ", id, " has ended"));
}

absl::Status CheckCancel(const TabletState& state, absl::string_view id, CancelWish wish) {
  const Operation& operation = state.operation;
  GRAFT_RETURN_IF_ERROR(CheckRunning(operation, id));
  if (RowOf(operation).may_cancel == MayCancel::kTooLate) {
    return Failure(Reason::kTooLate,
                   operation.old_data.verdict == OldDataVerdict::kCopySaved
                       ? "too late: the old data has caught up"
                   : operation.data_state == DataState::kCloned
                       ? "too late: the new data is in place"
                       : "too late: the copy is made, and the server is restarting on it");
  }
  const bool dropped = operation.data_state != DataState::kIntact;
  return dropped && wish == CancelWish::kIfNothingDropped ? DataDropped(operation)
                                                          : absl::OkStatus();
}

}  // namespace

TabletOwner::TabletOwner(Clock& clock, Journal& journal)
    : clock_(clock),
      journal_(journal),
      committed_(std::make_shared<const TabletState>()),
      shown_(committed_) {}

void TabletOwner::TakeUp(std::vector<TabletState> states) {
  absl::MutexLock lock(&mutex_);
  for (TabletState& state : states) {
    AssumeTheWorst(state);
    sequence_ = std::max(sequence_, state.sequence);
    past_.push_back(std::make_shared<const TabletState>(std::move(state)));
  }
  if (past_.empty()) return;
  committed_ = shown_ = past_.back();
  past_.pop_back();
}

void TabletOwner::BeginAfter(int64_t sequence) {
  absl::MutexLock lock(&mutex_);
  if (sequence <= sequence_) return;
  sequence_ = sequence;
  if (!committed_->operation.request.id.empty()) return;
  // Only the record says something about the tablet. The facts beside the state are published all
  // the same.
  auto state = std::make_shared<TabletState>(*committed_);
  state->sequence = sequence;
  committed_ = shown_ = std::move(state);
}

std::vector<TabletOwner::Snapshot> TabletOwner::history() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Snapshot> newest_first;
  if (!shown_->operation.request.id.empty()) newest_first.push_back(shown_);
  newest_first.insert(newest_first.end(), past_.rbegin(), past_.rend());
  return newest_first;
}

absl::Status TabletOwner::Write(TabletState& next, const Snapshot& present) {
  AssumeTheWorst(next);
  {
    absl::MutexLock lock(&mutex_);
    // A write that fails may have reached the disk all the same: its number is not given again.
    next.sequence = ++sequence_;
  }
  if (absl::Status saved = journal_.Save(next); !saved.ok()) {
    next.sequence = present->sequence;
    return Annotate(saved, "journal");
  }
  absl::MutexLock lock(&mutex_);
  committed_ = shown_ = std::make_shared<const TabletState>(next);
  return absl::OkStatus();
}

absl::StatusOr<TabletOwner::Snapshot> TabletOwner::PresentOf(TabletState& draft) const {
  Snapshot present = committed();
  if (!IsOf(*present, draft.operation)) {
    return absl::FailedPreconditionError(
        absl::StrCat("operation ", draft.operation.request.id, " is not the newest"));
  }
  TakeGranted(*present, draft);
  return present;
}

absl::Status TabletOwner::Commit(TabletState& draft) {
  absl::MutexLock turn(&turn_);
  GRAFT_ASSIGN_OR_RETURN(const Snapshot present, PresentOf(draft));
  return Write(draft, present);
}

absl::Status TabletOwner::CommitUnlessCancelled(TabletState& draft) {
  absl::MutexLock turn(&turn_);
  GRAFT_ASSIGN_OR_RETURN(const Snapshot present, PresentOf(draft));
  if (draft.cancel.has_value()) return absl::CancelledError("cancelled");
  return Write(draft, present);
}

void TabletOwner::Show(const TabletState& draft) {
  absl::MutexLock lock(&mutex_);
  // One that has ended may still speak while the next is begun.
  if (!IsOf(*committed_, draft.operation)) return;
  auto shown = std::make_shared<TabletState>(draft);
  TakeGranted(*committed_, *shown);
  shown->sequence = committed_->sequence;
  AssumeTheWorst(*shown);
  shown_ = std::move(shown);
}

absl::StatusOr<TabletOwner::Snapshot> TabletOwner::Begin(const Operation& operation) {
  absl::MutexLock turn(&turn_);
  const Snapshot present = committed();
  const Operation& former = present->operation;
  if (!former.request.id.empty() && former.outcome == Outcome::kRunning) {
    return Failure(
        Reason::kOperationRunning,
        absl::StrCat("operation ", former.request.id, " is running; watch it, or cancel it first"));
  }
  TabletState next = *present;
  next.operation = operation;
  next.cancel.reset();
  next.throttle = CloneSettings();
  next.type_before = TabletType::kUnknown;
  // The next operation calls good data INTACT. It takes over every other data state as it is.
  const bool good = former.outcome == Outcome::kDone || former.request.id.empty();
  next.operation.data_state = good ? operation.data_state : former.data_state;
  next.data_before = next.operation.data_state;
  next.earlier_failures.clear();
  if (!good) {
    next.earlier_failures = former.failed_attempts;
    if (!former.donor.empty() && !former.error.ok()) {
      next.earlier_failures.push_back({former.attempt, former.donor, former.step, former.data_state,
                                       former.error, former.ended});
    }
  } else {
    next.type_after = TabletType::kUnknown;
    next.replication = ReplicationSettings();
  }
  GRAFT_RETURN_IF_ERROR(Write(next, present));
  absl::MutexLock lock(&mutex_);
  if (!former.request.id.empty()) past_.push_back(present);
  if (past_.size() >= kMostKept) past_.erase(past_.begin());
  return committed_;
}

absl::Status TabletOwner::Grant(const std::function<void(TabletState&)>& grant) {
  const Snapshot shown = state();
  const Snapshot present = committed();
  TabletState next = *present;
  grant(next);
  GRAFT_RETURN_IF_ERROR(Write(next, present));
  // The progress that is shown is newer than the journal's.
  auto newest = std::make_shared<TabletState>(*shown);
  TakeGranted(next, *newest);
  newest->sequence = next.sequence;
  absl::MutexLock lock(&mutex_);
  shown_ = std::move(newest);
  return absl::OkStatus();
}

absl::Status TabletOwner::GrantCancel(absl::string_view id, CancelWish wish) {
  absl::MutexLock turn(&turn_);
  const Snapshot present = committed();
  GRAFT_RETURN_IF_ERROR(CheckCancel(*present, id, wish));
  if (present->cancel.has_value()) return absl::OkStatus();
  return Grant([&](TabletState& next) { next.cancel = GrantedCancel{wish, clock_.Now()}; });
}

absl::Status TabletOwner::GrantThrottle(absl::string_view id, const CloneSettings& settings) {
  absl::MutexLock turn(&turn_);
  const Operation& operation = committed()->operation;
  GRAFT_RETURN_IF_ERROR(CheckRunning(operation, id));
  if (RowOf(operation).may_cancel == MayCancel::kTooLate) {
    return Failure(Reason::kTooLate, "too late: the copy is made");
  }
  return Grant([&](TabletState& next) { next.throttle = WithDefaults(settings, next.throttle); });
}

}  // namespace graft
