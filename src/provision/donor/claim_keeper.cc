#include "provision/donor/claim_keeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

absl::Status ClaimKeeper::Enter(absl::string_view name, const QueueEntry& entry) {
  // One that is still to be given up might be entered again, and given up then.
  const absl::Status left = Leave();
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kNone;
  }
  GRAFT_RETURN_IF_ERROR(left);
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<QueuePlace> entered, locks_.Enter(name, entry));
  {
    absl::MutexLock lock(&mutex_);
    name_ = std::string(name);
    place_ = std::move(entered);
    unsaid_ = std::nullopt;
    kept_alive_ = std::nullopt;
    state_ = State::kWaiting;
  }
  wait_.Wake();
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<QueuePlace>> ClaimKeeper::Mine() const {
  if (auto mine = present()) return mine;
  if (state() == State::kLost) {
    return Failure(Reason::kClaimLost, "the place in the queue was lost");
  }
  return absl::FailedPreconditionError("in no queue");
}

absl::Status ClaimKeeper::Change(const QueueEntry& entry) {
  GRAFT_ASSIGN_OR_RETURN(const std::shared_ptr<QueuePlace> mine, Mine());
  absl::Status changed = mine->Change(entry);
  if (absl::IsAborted(changed)) Note(mine, State::kLost);
  absl::MutexLock lock(&mutex_);
  unsaid_ = changed.ok() || place_ != mine ? std::nullopt : std::make_optional(entry);
  return changed;
}

absl::StatusOr<int> ClaimKeeper::Ahead() {
  GRAFT_ASSIGN_OR_RETURN(const std::shared_ptr<QueuePlace> mine, Mine());
  absl::StatusOr<int> ahead = mine->Ahead();
  if (absl::IsAborted(ahead.status())) Note(mine, State::kLost);
  if (ahead.ok()) Note(mine, *ahead == 0 ? State::kHeld : State::kWaiting);
  return ahead;
}

bool ClaimKeeper::In(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  return place_ != nullptr && name_ == name;
}

bool ClaimKeeper::Holds(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  return state_ == State::kHeld && name_ == name;
}

ClaimKeeper::State ClaimKeeper::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

absl::Status ClaimKeeper::Leave() {
  std::shared_ptr<QueuePlace> former;
  {
    absl::MutexLock lock(&mutex_);
    former = std::exchange(place_, nullptr);
    if (state_ != State::kLost) state_ = State::kNone;
    if (former != nullptr) leaving_ = former;
  }
  return LeaveLate();
}

absl::Status ClaimKeeper::LeaveLate() {
  std::shared_ptr<QueuePlace> leaving;
  {
    absl::MutexLock lock(&mutex_);
    leaving = leaving_;
  }
  if (leaving == nullptr) return absl::OkStatus();
  absl::Status left = leaving->Leave();
  absl::MutexLock lock(&mutex_);
  if (left.ok() && leaving_ == leaving) leaving_ = nullptr;
  return left;
}

absl::Status ClaimKeeper::KeepAliveOnce() {
  absl::Status left = LeaveLate();
  const std::shared_ptr<QueuePlace> mine = present();
  if (mine == nullptr) return left;
  absl::Status kept = mine->KeepAlive();
  if (absl::IsAborted(kept)) Note(mine, State::kLost);
  std::optional<QueueEntry> unsaid;
  {
    absl::MutexLock lock(&mutex_);
    if (place_ == mine) unsaid = unsaid_;
  }
  if (kept.ok() && unsaid.has_value()) Change(*unsaid).IgnoreError();
  return kept;
}

void ClaimKeeper::Serve(Clock& clock) {
  const absl::Duration every = locks_.lease_time() / 3;
  const absl::Duration soon = locks_.lease_time() / 30;
  while (!wait_.cancelled()) {
    const std::shared_ptr<QueuePlace> mine = present();
    // The store starts the lease's time anew no earlier than this.
    const absl::Time asked = clock.Now();
    const absl::Status kept = KeepAliveOnce();
    NoteKept(mine, kept.ok(), asked);
    if (present() == nullptr && kept.ok()) {
      wait_.WaitUntil(clock, absl::InfiniteFuture());
    } else {
      wait_.WaitFor(clock, kept.ok() ? every : soon);
    }
  }
}

std::optional<absl::Time> ClaimKeeper::kept_alive() const {
  absl::MutexLock lock(&mutex_);
  return place_ == nullptr ? std::nullopt : kept_alive_;
}

void ClaimKeeper::NoteKept(const std::shared_ptr<QueuePlace>& place, bool kept, absl::Time asked) {
  absl::MutexLock lock(&mutex_);
  if (place_ != place) return;
  // A place that was never kept alive is a new one. Entering it woke Serve().
  if (kept || !kept_alive_.has_value()) kept_alive_ = asked;
}

std::shared_ptr<QueuePlace> ClaimKeeper::present() const {
  absl::MutexLock lock(&mutex_);
  return place_;
}

void ClaimKeeper::Note(const std::shared_ptr<QueuePlace>& place, State state) {
  std::shared_ptr<QueuePlace> lost;  // ended after the lock is let go: its end asks the store
  absl::MutexLock lock(&mutex_);
  if (place_ != place) return;
  state_ = state;
  if (state == State::kLost) lost = std::move(place_);
}

namespace {

constexpr size_t kMostShown = 3;

}  // namespace

std::string ShardLine::Holders() const {
  std::string text;
  size_t shown = 0;
  for (const auto& [donor, recipient] : held) {
    if (++shown > kMostShown) return absl::StrCat(text, " and ", held.size() - kMostShown, " more");
    absl::StrAppend(&text, text.empty() ? "" : ", ", donor.ToString(), " serves ",
                    recipient.ToString());
  }
  return text.empty() ? "no donor is free" : text;
}

ShardLine LineFrom(const std::vector<QueueEntry>& entries, const QueueEntry& mine) {
  ShardLine line;
  for (const QueueEntry& entry : entries) {
    if (entry.tablet == mine.tablet) {
      line.there = line.there || entry.operation == mine.operation;
      continue;
    }
    if (!entry.holds.empty()) {
      line.held[entry.holds] = entry.tablet;
    } else if (!entry.waiting) {
      ++line.finishing;
    }
    if (entry.acknowledges && !(entry.waiting && line.there)) line.acknowledger = entry.tablet;
    if (!entry.waiting || line.there) continue;
    if (entry.wants == mine.wants) ++line.ahead;
    if (entry.wants.empty()) {
      ++line.ahead_for_any;
    } else {
      line.named.insert(entry.wants);
    }
  }
  return line;
}

size_t LeftToOthers(const ShardLine& line, bool left_over) {
  return left_over ? 0 : static_cast<size_t>(line.ahead_for_any);
}

}  // namespace graft
