#include "fakes/fake_store.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/clock.h"

namespace graft {
namespace {

absl::Status CheckKey(absl::string_view key) {
  if (key.empty()) return absl::InvalidArgumentError("the key is empty");
  return absl::OkStatus();
}

absl::Status NoSuchLease(LeaseId lease) {
  return absl::NotFoundError(absl::StrCat("no such lease: ", lease));
}

}  // namespace

// Walks the store's history on a thread of its own.
class FakeStore::FakeWatch : public Watch {
 public:
  FakeWatch(FakeStore& store, absl::string_view prefix, Version after,
            std::function<void(const KeyEvent&)> on_event)
      : store_(store), prefix_(prefix), after_(after), on_event_(std::move(on_event)) {
    thread_ = std::thread([this] { Run(); });
  }

  ~FakeWatch() override {
    {
      absl::MutexLock lock(&store_.mutex_);
      stopped_ = true;
    }
    thread_.join();
  }

 private:
  void Run() {
    while (std::optional<KeyEvent> event = Next()) on_event_(*event);
  }

  // The next event of this watch; nullopt: stopped.
  std::optional<KeyEvent> Next() {
    absl::MutexLock lock(&store_.mutex_, absl::Condition(this, &FakeWatch::Ready));
    if (stopped_) return std::nullopt;
    return store_.history_[position_++];
  }

  bool Ready() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (stopped_) return true;
    if (!store_.failure_.ok()) return false;
    while (position_ < store_.history_.size()) {
      const KeyValue& item = store_.history_[position_].item;
      if (item.version > after_ && absl::StartsWith(item.key, prefix_)) return true;
      ++position_;
    }
    return false;
  }

  FakeStore& store_;
  const std::string prefix_;
  const Version after_;
  const std::function<void(const KeyEvent&)> on_event_;
  size_t position_ = 0;   // in the history; guarded by the store's mutex
  bool stopped_ = false;  // guarded by the store's mutex
  std::thread thread_;
};

absl::StatusOr<KeyValue> FakeStore::Get(absl::string_view key) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kGet));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  GRAFT_RETURN_IF_ERROR(CheckKey(key));
  auto it = items_.find(std::string(key));
  if (it == items_.end()) return absl::NotFoundError(absl::StrCat("no such key: ", key));
  return it->second;
}

absl::StatusOr<Version> FakeStore::Create(absl::string_view key, absl::string_view value,
                                          LeaseId lease) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kCreate));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  GRAFT_RETURN_IF_ERROR(CheckKey(key));
  if (items_.count(std::string(key)) != 0) {
    return absl::AlreadyExistsError(absl::StrCat("the key exists: ", key));
  }
  if (lease != kNoLease && leases_.count(lease) == 0) return NoSuchLease(lease);
  return Written(Put({std::string(key), std::string(value), 0, 0, lease}));
}

absl::StatusOr<Version> FakeStore::Update(absl::string_view key, absl::string_view value,
                                          Version expected) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kUpdate));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  GRAFT_RETURN_IF_ERROR(CheckKey(key));
  auto it = items_.find(std::string(key));
  if (it == items_.end() || it->second.version != expected) {
    return absl::AbortedError(absl::StrCat("the key has changed: ", key));
  }
  KeyValue item = it->second;
  item.value = std::string(value);
  return Written(Put(std::move(item)));
}

absl::Status FakeStore::Delete(absl::string_view key, Version expected) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kDelete));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  GRAFT_RETURN_IF_ERROR(CheckKey(key));
  auto it = items_.find(std::string(key));
  if (it == items_.end()) return absl::NotFoundError(absl::StrCat("no such key: ", key));
  if (it->second.version != expected) {
    return absl::AbortedError(absl::StrCat("the key has changed: ", key));
  }
  Erase(it->first, ++version_);
  return Written(version_).status();
}

absl::StatusOr<std::vector<KeyValue>> FakeStore::List(absl::string_view prefix,
                                                      absl::string_view suffix) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kList));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  std::vector<KeyValue> result;
  for (auto it = items_.lower_bound(std::string(prefix));
       it != items_.end() && absl::StartsWith(it->first, prefix); ++it) {
    if (absl::EndsWith(it->first, suffix)) result.push_back(it->second);
  }
  return result;
}

absl::StatusOr<std::unique_ptr<Watch>> FakeStore::WatchPrefix(
    absl::string_view prefix, Version after, std::function<void(const KeyEvent&)> on_event) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kWatchPrefix));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  if (after < 0 || after > version_) {
    return absl::InvalidArgumentError(
        absl::StrCat("watch of ", prefix, ": the store has no version ", after, " yet"));
  }
  return std::make_unique<FakeWatch>(*this, prefix, after == 0 ? version_ : after,
                                     std::move(on_event));
}

absl::StatusOr<LeaseId> FakeStore::GrantLease(absl::Duration ttl) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kGrantLease));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  if (ttl < absl::Seconds(1) || ttl % absl::Seconds(1) != absl::ZeroDuration()) {
    return absl::InvalidArgumentError("a lease lasts whole seconds, at least 1");
  }
  leases_[++last_lease_] = {ttl, clock_.Now() + ttl};
  return last_lease_;
}

absl::Status FakeStore::KeepLeaseAlive(LeaseId lease) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kKeepLeaseAlive));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  auto it = leases_.find(lease);
  if (it == leases_.end()) return NoSuchLease(lease);
  it->second.end = clock_.Now() + it->second.ttl;
  return absl::OkStatus();
}

absl::Status FakeStore::RevokeLease(LeaseId lease) {
  GRAFT_RETURN_IF_ERROR(Approach(StoreMethod::kRevokeLease));
  absl::MutexLock lock(&mutex_);
  GRAFT_RETURN_IF_ERROR(Enter());
  if (leases_.count(lease) == 0) return NoSuchLease(lease);
  EndLease(lease);
  return Written(version_).status();
}

void FakeStore::FailNext(int calls, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failures_left_ = calls;
  next_failure_ = std::move(status);
}

void FakeStore::FailNext(StoreMethod method, absl::Status status, int times) {
  absl::MutexLock lock(&mutex_);
  faults_[method].failures = times;
  faults_[method].failure = std::move(status);
}

void FakeStore::HangNext(StoreMethod method, int times) {
  absl::MutexLock lock(&mutex_);
  faults_[method].hangs = times;
}

void FakeStore::EndCallsBy(absl::Time when) {
  absl::MutexLock lock(&mutex_);
  end_calls_by_ = when;
}

void FakeStore::FailAll(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(status);
}

void FakeStore::LoseAnswer(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  lost_answer_ = std::move(status);
}

void FakeStore::Heal() {
  absl::MutexLock lock(&mutex_);
  failures_left_ = 0;
  faults_.clear();
  failure_ = absl::OkStatus();
  lost_answer_ = absl::OkStatus();
}

void FakeStore::Tick() {
  absl::MutexLock lock(&mutex_);
  ExpireLeases();
}

int FakeStore::calls() const {
  absl::MutexLock lock(&mutex_);
  int all = 0;
  for (const auto& [method, calls] : calls_) all += calls;
  return all;
}

int FakeStore::calls(StoreMethod method) const {
  absl::MutexLock lock(&mutex_);
  const auto found = calls_.find(method);
  return found == calls_.end() ? 0 : found->second;
}

absl::Status FakeStore::Approach(StoreMethod method) {
  if (before_call) GRAFT_RETURN_IF_ERROR(before_call(method));
  absl::Time deadline = clock_.Now() + call_timeout_;
  {
    absl::MutexLock lock(&mutex_);
    deadline = std::min(deadline, end_calls_by_);
    ++calls_[method];
    Fault& fault = faults_[method];
    if (fault.hangs == 0) {
      if (fault.failures == 0) return absl::OkStatus();
      --fault.failures;
      return fault.failure;
    }
    --fault.hangs;
  }
  Cancellation().WaitUntil(clock_, deadline);
  return absl::DeadlineExceededError("the store did not answer in time");
}

absl::Status FakeStore::Enter() {
  ExpireLeases();
  if (failures_left_ > 0) {
    --failures_left_;
    return next_failure_;
  }
  return failure_;
}

absl::StatusOr<Version> FakeStore::Written(Version version) {
  if (lost_answer_.ok()) return version;
  return std::exchange(lost_answer_, absl::OkStatus());
}

Version FakeStore::Put(KeyValue item) {
  item.version = ++version_;
  if (item.create_version == 0) item.create_version = version_;
  history_.push_back({KeyEvent::Kind::kPut, item});
  std::string key = item.key;
  items_[key] = std::move(item);
  return version_;
}

void FakeStore::Erase(const std::string& key, Version version) {
  history_.push_back({KeyEvent::Kind::kDelete, {key, "", version, 0, kNoLease}});
  items_.erase(key);
}

void FakeStore::EndLease(LeaseId lease) {
  leases_.erase(lease);
  std::vector<std::string> keys;
  for (const auto& [key, item] : items_) {
    if (item.lease == lease) keys.push_back(key);
  }
  if (!keys.empty()) ++version_;
  for (const std::string& key : keys) Erase(key, version_);
}

void FakeStore::ExpireLeases() {
  const absl::Time now = clock_.Now();
  std::vector<LeaseId> over;
  for (const auto& [id, lease] : leases_) {
    if (lease.end <= now) over.push_back(id);
  }
  for (LeaseId id : over) EndLease(id);
}

}  // namespace graft
