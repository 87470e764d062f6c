#include "fakes/fake_journal.h"

#include <algorithm>
#include <utility>

namespace graft {
namespace {
bool Older(const Operation& a, const Operation& b) {
  return a.requested != b.requested ? a.requested < b.requested : a.request.id < b.request.id;
}
}  // namespace

absl::Status FakeJournal::Save(const Operation& operation) {
  if (before_save) {
    if (const absl::Status refused = before_save(operation); !refused.ok()) return refused;
  }
  {
    absl::MutexLock lock(&mutex_);
    if (failures_left_ > 0) {
      --failures_left_;
      return failure_;
    }
    const auto same = std::find_if(
        operations_.begin(), operations_.end(),
        [&operation](const Operation& other) { return other.request.id == operation.request.id; });
    if (same != operations_.end()) operations_.erase(same);
    operations_.insert(std::upper_bound(operations_.begin(), operations_.end(), operation, Older),
                       operation);
    Prune();
    ++saves_;
  }
  if (on_save) on_save(operation);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Operation>> FakeJournal::Load() {
  absl::MutexLock lock(&mutex_);
  return operations_;
}

void FakeJournal::FailNext(int times, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failures_left_ = times;
  failure_ = std::move(status);
}

int FakeJournal::saves() const {
  absl::MutexLock lock(&mutex_);
  return saves_;
}

void FakeJournal::Prune() {
  auto excess = static_cast<int>(operations_.size()) - keep_;
  for (auto it = operations_.begin(); excess > 0 && it != operations_.end();) {
    if (it->outcome == Outcome::kRunning) {
      ++it;
      continue;
    }
    it = operations_.erase(it);
    --excess;
  }
}

}  // namespace graft
