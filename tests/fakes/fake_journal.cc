#include "fakes/fake_journal.h"

#include <algorithm>
#include <utility>

#include "graft/clock.h"

namespace graft {

absl::Status FakeJournal::Save(const TabletState& state) {
  const Operation& operation = state.operation;
  if (before_save && !quiet) {
    if (const absl::Status refused = before_save(state); !refused.ok()) return refused;
  }
  std::function<void()> hang;
  {
    absl::MutexLock lock(&mutex_);
    hang = std::exchange(hang_, nullptr);
  }
  if (hang && !quiet) hang();
  {
    absl::MutexLock lock(&mutex_);
    if (failures_left_ > 0 && !quiet) {
      --failures_left_;
      return failure_;
    }
    const auto same =
        std::find_if(states_.begin(), states_.end(), [&operation](const TabletState& other) {
          return other.operation.request.id == operation.request.id;
        });
    if (same != states_.end()) states_.erase(same);
    states_.insert(std::upper_bound(states_.begin(), states_.end(), state, IsOlder), state);
    Prune();
    if (!quiet) ++saves_;
  }
  if (on_save && !quiet) on_save(state);
  return absl::OkStatus();
}

absl::StatusOr<LoadedJournal> FakeJournal::Load() {
  if (before_load) {
    if (const absl::Status refused = before_load(); !refused.ok()) return refused;
  }
  absl::MutexLock lock(&mutex_);
  if (load_failures_left_ > 0) {
    --load_failures_left_;
    return load_failure_;
  }
  ++loads_;
  return LoadedJournal{states_, damaged_};
}

absl::Status FakeJournal::SetDamagedAside() {
  absl::MutexLock lock(&mutex_);
  damaged_.clear();
  return absl::OkStatus();
}

void FakeJournal::FailNext(int times, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failures_left_ = times;
  failure_ = std::move(status);
}

void FakeJournal::FailNextLoad(int times, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  load_failures_left_ = times;
  load_failure_ = std::move(status);
}

void FakeJournal::HangNext(Clock& clock, absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  hang_ = [&clock, duration] { Cancellation().WaitFor(clock, duration); };
}

void FakeJournal::AddDamaged(DamagedRecord record) {
  absl::MutexLock lock(&mutex_);
  damaged_.push_back(std::move(record));
}

int FakeJournal::saves() const {
  absl::MutexLock lock(&mutex_);
  return saves_;
}

int FakeJournal::loads() const {
  absl::MutexLock lock(&mutex_);
  return loads_;
}

void FakeJournal::Prune() {
  auto excess = static_cast<int>(states_.size()) - keep_;
  for (size_t i = 0; excess > 0 && i + 1 < states_.size();) {
    if (states_[i].operation.outcome == Outcome::kRunning) {
      ++i;
      continue;
    }
    states_.erase(states_.begin() + static_cast<std::ptrdiff_t>(i));
    --excess;
  }
}

}  // namespace graft
