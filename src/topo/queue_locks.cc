#include "topo/queue_locks.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "topo/records.h"

namespace graft {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr char kActionField[] = "Action";
constexpr char kTabletField[] = "GraftTablet";
constexpr char kOperationField[] = "GraftOperation";
constexpr char kWaitingField[] = "GraftWaiting";
constexpr char kWantsField[] = "GraftWants";
constexpr char kHoldsField[] = "GraftHolds";
constexpr char kAcknowledgesField[] = "GraftAcknowledges";

// What the value of a lock's key says: Vitess's JSON, two spaces of indentation, Status "Running".
// Vitess's readers skip the fields Graft…, which they do not know. The order of a queue is in the
// keys' versions.
std::string LockContents(const QueueEntry& entry, const std::string& host_name,
                         const std::string& user_name, absl::Time now) {
  OrderedJson json;
  json[kActionField] = entry.action;
  json["HostName"] = host_name;
  json["UserName"] = user_name;
  json["Time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  json["Options"] = OrderedJson::object();
  json[kTabletField] = entry.tablet.ToString();
  json[kOperationField] = entry.operation;
  if (entry.waiting) json[kWaitingField] = "yes";
  if (!entry.wants.empty()) json[kWantsField] = entry.wants.ToString();
  if (!entry.holds.empty()) json[kHoldsField] = entry.holds.ToString();
  if (entry.acknowledges) json[kAcknowledgesField] = "yes";
  json["Status"] = "Running";
  return json.dump(2, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
}

// What can be made out of anybody's contents; an empty entry if they are no JSON object.
QueueEntry ParseLockContents(const std::string& contents) {
  const OrderedJson json = OrderedJson::parse(contents, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  const auto text = [&json](const char* name) {
    const auto field = json.find(name);
    return field != json.end() && field->is_string() ? field->get<std::string>() : "";
  };
  const auto alias = [&text](const char* name) {
    return TabletAlias::Parse(text(name)).value_or(TabletAlias());
  };
  return {alias(kTabletField),
          text(kOperationField),
          text(kActionField),
          !text(kWaitingField).empty(),
          alias(kWantsField),
          alias(kHoldsField),
          !text(kAcknowledgesField).empty()};
}

absl::Status CheckName(absl::string_view name) {
  const bool good = !name.empty() && name != "." && name != ".." &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
                             c == '.' || c == '-';
                    });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no name of a lock; write letters, digits, '_', '.' or '-'"));
}

absl::Status PlaceLost(absl::string_view key, absl::string_view why) {
  return WithReason(
      absl::AbortedError(absl::StrCat("the place in the queue is lost: ", key, " ", why)),
      Reason::kClaimLost);
}

// NOT_FOUND says that it is over, which is all that is asked for.
absl::Status EndLease(KeyValueStore& store, LeaseId lease) {
  const absl::Status ended = store.RevokeLease(lease);
  return absl::IsNotFound(ended) ? absl::OkStatus() : ended;
}

// Others may write a place without a lease; it is then a plain key.
absl::Status EndPlace(KeyValueStore& store, const KeyValue& item) {
  if (item.lease != kNoLease) return EndLease(store, item.lease);
  const absl::Status gone = store.Delete(item.key, item.version);
  return absl::IsNotFound(gone) ? absl::OkStatus() : gone;
}

class LeasedPlace : public QueuePlace {
  static constexpr int kLookEvery = 3;  // times that it is kept alive

 public:
  // What a place's key says, of an entry.
  using Contents = std::function<std::string(const QueueEntry&)>;

  LeasedPlace(KeyValueStore& store, std::string prefix, std::string key, LeaseId lease,
              Contents contents)
      : store_(store),
        prefix_(std::move(prefix)),
        key_(std::move(key)),
        lease_(lease),
        contents_(std::move(contents)) {}

  ~LeasedPlace() override { Leave().IgnoreError(); }

  absl::StatusOr<int> Ahead() override {
    auto items = store_.List(prefix_);
    if (!items.ok()) return Annotate(items.status(), absl::StrCat("list ", prefix_));
    const auto own = std::find_if(items->begin(), items->end(),
                                  [this](const KeyValue& item) { return item.key == key_; });
    if (own == items->end()) return PlaceLost(key_, "is gone");
    return static_cast<int>(std::count_if(items->begin(), items->end(), [&](const KeyValue& item) {
      return item.create_version < own->create_version;
    }));
  }

  absl::Status KeepAlive() override {
    const absl::Status kept = store_.KeepLeaseAlive(lease_);
    if (absl::IsNotFound(kept)) return PlaceLost(key_, "has outlived its lease");
    GRAFT_RETURN_IF_ERROR(Annotate(kept, absl::StrCat("keep ", key_)));
    // Somebody may have removed the key by hand; its lease knows nothing of that.
    if (kept_++ % kLookEvery != 0) return absl::OkStatus();
    const absl::Status there = store_.Get(key_).status();
    if (absl::IsNotFound(there)) return PlaceLost(key_, "is gone");
    return Annotate(there, absl::StrCat("look at ", key_));
  }

  // Nobody else writes it, so a version that has changed is that of a lost answer.
  absl::Status Change(const QueueEntry& entry) override {
    absl::Status written = absl::AbortedError("not tried");
    for (int i = 0; i < 2 && absl::IsAborted(written); ++i) {
      const auto item = store_.Get(key_);
      if (absl::IsNotFound(item.status())) return PlaceLost(key_, "is gone");
      if (!item.ok()) return Annotate(item.status(), absl::StrCat("look at ", key_));
      written = store_.Update(key_, contents_(entry), item->version).status();
    }
    return Annotate(written, absl::StrCat("write ", key_));
  }

  absl::Status Leave() override {
    if (left_) return absl::OkStatus();
    const absl::Status ended = EndLease(store_, lease_);
    if (ended.ok()) left_ = true;
    return Annotate(ended, absl::StrCat("give up ", key_));
  }

 private:
  KeyValueStore& store_;
  const std::string prefix_;
  const std::string key_;
  const LeaseId lease_;
  const Contents contents_;
  std::atomic<int> kept_ = 0;
  std::atomic<bool> left_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<QueuePlace>> VitessQueueLocks::Enter(absl::string_view name,
                                                                    const QueueEntry& entry) {
  GRAFT_RETURN_IF_ERROR(CheckName(name));
  if (entry.tablet.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an entry of the queue ", name, " must name its tablet"));
  }
  const std::string prefix = topo::NamedLockPrefix(deps_.global_root, name);
  const absl::Status ready = EndDoubtfulPlaces();
  if (!ready.ok()) return Annotate(ready, absl::StrCat("enter the queue ", name));
  auto place = TakeUpFormerPlace(prefix, entry);
  if (absl::IsNotFound(place.status())) place = Join(prefix, entry);
  if (!place.ok()) return Annotate(place.status(), absl::StrCat("enter the queue ", name));
  return place;
}

absl::StatusOr<std::unique_ptr<QueuePlace>> VitessQueueLocks::TakeUpFormerPlace(
    const std::string& prefix, const QueueEntry& entry) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<KeyValue> items, deps_.global.List(prefix));
  std::unique_ptr<QueuePlace> former;
  for (const KeyValue& item : items) {
    const QueueEntry other = ParseLockContents(item.value);
    if (other.tablet != entry.tablet) continue;
    const bool same = former == nullptr && other.operation == entry.operation &&
                      item.lease != kNoLease && deps_.global.KeepLeaseAlive(item.lease).ok();
    if (same) {
      former = PlaceAt(prefix, item.key, item.lease);
      // It may say what the process before was about.
      if (!(other == entry)) GRAFT_RETURN_IF_ERROR(former->Change(entry));
    } else {
      GRAFT_RETURN_IF_ERROR(EndPlace(deps_.global, item));
    }
  }
  if (former == nullptr) return absl::NotFoundError("no former place");
  return former;
}

absl::Status VitessQueueLocks::EndDoubtfulPlaces() {
  std::vector<LeaseId> leases;
  {
    absl::MutexLock lock(&mutex_);
    leases.swap(doubtful_);
  }
  absl::Status status;
  for (const LeaseId lease : leases) {
    const absl::Status ended = EndLease(deps_.global, lease);
    if (ended.ok()) continue;
    status.Update(ended);
    absl::MutexLock lock(&mutex_);
    doubtful_.push_back(lease);
  }
  return status;
}

std::string VitessQueueLocks::Contents(const QueueEntry& entry) const {
  return LockContents(entry, options_.host_name, options_.user_name, deps_.clock.Now());
}

std::unique_ptr<QueuePlace> VitessQueueLocks::PlaceAt(const std::string& prefix, std::string key,
                                                      LeaseId lease) {
  return std::make_unique<LeasedPlace>(deps_.global, prefix, std::move(key), lease,
                                       [this](const QueueEntry& entry) { return Contents(entry); });
}

absl::StatusOr<std::unique_ptr<QueuePlace>> VitessQueueLocks::Join(const std::string& prefix,
                                                                   const QueueEntry& entry) {
  // If the answer is lost, the lease ends by itself, and no key depends on it.
  GRAFT_ASSIGN_OR_RETURN(const LeaseId lease, deps_.global.GrantLease(options_.lease_time));
  std::string key = absl::StrCat(prefix, lease);
  const absl::Status created = deps_.global.Create(key, Contents(entry), lease).status();
  if (created.ok()) {
    return PlaceAt(prefix, std::move(key), lease);
  }
  // It may have been written, or be written yet. Neither is possible once the lease has ended.
  if (!EndLease(deps_.global, lease).ok()) {
    absl::MutexLock lock(&mutex_);
    doubtful_.push_back(lease);
  }
  if (!absl::IsNotFound(created)) return created;
  return absl::UnavailableError(
      absl::StrCat("the lease of ", key, " ended before the place was taken; try again"));
}

absl::StatusOr<std::vector<QueueEntry>> VitessQueueLocks::List(absl::string_view name) {
  GRAFT_RETURN_IF_ERROR(CheckName(name));
  const std::string prefix = topo::NamedLockPrefix(deps_.global_root, name);
  absl::StatusOr<std::vector<KeyValue>> items = deps_.global.List(prefix);
  if (!items.ok()) return Annotate(items.status(), absl::StrCat("list ", prefix));
  std::sort(items->begin(), items->end(), [](const KeyValue& a, const KeyValue& b) {
    return a.create_version < b.create_version;
  });
  std::vector<QueueEntry> entries;
  for (const KeyValue& item : *items) entries.push_back(ParseLockContents(item.value));
  return entries;
}

absl::StatusOr<std::unique_ptr<Watch>> VitessQueueLocks::WatchQueue(
    absl::string_view name, std::function<void()> on_change) {
  GRAFT_RETURN_IF_ERROR(CheckName(name));
  return deps_.global.WatchPrefix(
      topo::NamedLockPrefix(deps_.global_root, name), /*after=*/0,
      [on_change = std::move(on_change)](const KeyEvent& /*event*/) { on_change(); });
}

}  // namespace graft
