#include "filestore/folder_store.h"

#include <sys/stat.h>

#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "filestore/folder.h"

namespace graft {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(50);
// How long it does without a transaction while the file stays as it is.
constexpr absl::Duration kLongestTrust = absl::Seconds(1);
// How long a watch waits if the file cannot be read at present.
constexpr absl::Duration kPauseAfterError = absl::Seconds(1);

// A write that creates a key has this create_version, for its own; a deletion has none.
constexpr Version kOwn = -1;
constexpr char kWrite[] =
    "INSERT INTO changes SELECT version, ?1, ?2, iif(?3 < 0, version, ?3), ?4, ?3 <> 0"
    " FROM (SELECT coalesce(max(version), 0) + 1 AS version FROM changes)";

class FolderWatch : public Watch {
 public:
  FolderWatch(Folder& folder, absl::string_view prefix,
              std::function<void(const KeyEvent&)> on_event)
      : folder_(folder), prefix_(prefix), on_event_(std::move(on_event)) {}

  ~FolderWatch() override {
    stop_.Cancel();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(Version after) {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_.Enter());
    GRAFT_ASSIGN_OR_RETURN(
        const auto newest,
        session->Changes("SELECT * FROM changes ORDER BY version DESC LIMIT 1", {}));
    const Version version = newest.empty() ? 0 : newest.front().item.version;
    if (after < 0 || after > version) {
      return absl::InvalidArgumentError(absl::StrCat("folder store: watch of ", prefix_,
                                                     ": there is no version ", after, " yet"));
    }
    told_ = after == 0 ? version : after;
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

 private:
  void Run() {
    while (!stop_.cancelled()) {
      const bool looked = !MayHaveNews() || TellNews().ok();
      stop_.WaitFor(folder_.clock(), looked ? kLookInterval : kPauseAfterError);
    }
  }

  // Each commit changes the file's times. Two within one tick of the kernel's clock change them
  // once, and a lease ends without a commit: so graft looks all the same from time to time.
  bool MayHaveNews() {
    const absl::Time now = folder_.clock().Now();
    struct stat file = {};
    const bool known = stat(folder_.path().c_str(), &file) == 0;
    const absl::Time written = known ? absl::TimeFromTimespec(file.st_mtim) : now;
    if (written == written_ && now - looked_ < kLongestTrust) return false;
    written_ = written;
    looked_ = now;
    return true;
  }

  absl::Status TellNews() {
    GRAFT_ASSIGN_OR_RETURN(auto session, folder_.Enter());
    GRAFT_ASSIGN_OR_RETURN(
        const auto events,
        session->Changes("SELECT * FROM changes WHERE version > ?1 ORDER BY version", {told_}));
    GRAFT_RETURN_IF_ERROR(session->Commit());
    session.reset();
    for (const KeyEvent& event : events) {
      if (stop_.cancelled()) break;
      if (absl::StartsWith(event.item.key, prefix_)) on_event_(event);
      told_ = event.item.version;
    }
    return absl::OkStatus();
  }

  Folder& folder_;
  const std::string prefix_;
  const std::function<void(const KeyEvent&)> on_event_;
  Cancellation stop_;
  absl::Time written_ = absl::InfinitePast();  // the file, before the last look; the thread's own
  absl::Time looked_ = absl::InfinitePast();   // likewise
  Version told_ = 0;  // everything up to here has been told; the thread's own once it runs
  std::thread thread_;
};

class FolderStore : public KeyValueStore {
 public:
  explicit FolderStore(std::unique_ptr<Folder> folder) : folder_(std::move(folder)) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    return Read(*session, key);
  }

  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    const absl::Status present = Read(*session, key).status();
    if (present.ok()) {
      return absl::AlreadyExistsError(absl::StrCat("folder store: the key exists: ", key));
    }
    if (!absl::IsNotFound(present)) return present;
    if (lease != kNoLease) {
      const char* find = "UPDATE leases SET ttl_ms = ttl_ms WHERE id = ?1 AND end_ms > ?2";
      GRAFT_RETURN_IF_ERROR(SetLease(*session, find, lease));
    }
    return Commit(*session, {std::string(key), std::string(value), 0, kOwn, lease});
  }

  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    absl::StatusOr<KeyValue> item = Read(*session, key);
    if (absl::IsNotFound(item.status())) return Changed(key, expected);
    GRAFT_RETURN_IF_ERROR(item.status());
    if (item->version != expected) return Changed(key, expected);
    item->value = std::string(value);
    return Commit(*session, *item);
  }

  absl::Status Delete(absl::string_view key, Version expected) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    GRAFT_ASSIGN_OR_RETURN(const KeyValue item, Read(*session, key));
    if (item.version != expected) return Changed(key, expected);
    return Commit(*session, {std::string(key), "", 0, 0, kNoLease}).status();
  }

  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    GRAFT_ASSIGN_OR_RETURN(
        const auto events,
        session->Changes("SELECT * FROM changes WHERE live AND "
                         "substr(key, 1, length(?1)) = ?1 AND (length(?2) = 0 OR "
                         "substr(key, -length(?2)) = ?2) ORDER BY key",
                         {prefix, suffix}));
    std::vector<KeyValue> items;
    items.reserve(events.size());
    for (const KeyEvent& event : events) items.push_back(event.item);
    return items;
  }

  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override {
    auto watch = std::make_unique<FolderWatch>(*folder_, prefix, std::move(on_event));
    GRAFT_RETURN_IF_ERROR(watch->Start(after));
    return std::unique_ptr<Watch>(std::move(watch));
  }

  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    if (ttl < absl::Seconds(1) || ttl % absl::Seconds(1) != absl::ZeroDuration()) {
      return absl::InvalidArgumentError("folder store: a lease lasts whole seconds, at least 1");
    }
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    // A random number, so that it does not come again, not even after a loss of the folder.
    GRAFT_RETURN_IF_ERROR(session->Run(
        "INSERT INTO leases VALUES ((random() & 0x3fffffffffffffff) + 1, ?1, ?2 + ?1, ?3)",
        {absl::ToInt64Milliseconds(ttl), BootMilliseconds(), folder_->boot_id()}));
    const LeaseId lease = session->inserted_row();
    GRAFT_RETURN_IF_ERROR(session->Commit());
    return lease;
  }

  absl::Status KeepLeaseAlive(LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    GRAFT_RETURN_IF_ERROR(
        SetLease(*session, "UPDATE leases SET end_ms = ?2 + ttl_ms WHERE id = ?1", lease));
    return session->Commit();
  }

  absl::Status RevokeLease(LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(const auto session, folder_->Enter());
    GRAFT_RETURN_IF_ERROR(
        SetLease(*session, "UPDATE leases SET end_ms = 0 WHERE id = ?1 AND end_ms > ?2", lease));
    return session->Commit();  // the next look ends overdue leases
  }

  void EndCallsBy(absl::Time when) override { folder_->EndCallsBy(when); }

 private:
  static absl::Status Changed(absl::string_view key, Version expected) {
    return absl::AbortedError(absl::StrCat("folder store: ", key, " no longer has version ",
                                           expected, ": read it again"));
  }

  // NOT_FOUND, INVALID_ARGUMENT.
  static absl::StatusOr<KeyValue> Read(StoreSession& session, absl::string_view key) {
    if (key.empty()) return absl::InvalidArgumentError("folder store: the key is empty");
    GRAFT_ASSIGN_OR_RETURN(const auto found,
                           session.Changes("SELECT * FROM changes WHERE live AND key = ?1", {key}));
    if (!found.empty()) return found.front().item;
    return absl::NotFoundError(absl::StrCat("folder store: no such key: ", key));
  }

  // Writes the key's next version.
  static absl::StatusOr<Version> Commit(StoreSession& session, const KeyValue& item) {
    GRAFT_RETURN_IF_ERROR(
        session.Run(kWrite, {item.key, item.value, item.create_version, item.lease}));
    const Version version = session.inserted_row();
    GRAFT_RETURN_IF_ERROR(session.Commit());
    return version;
  }

  // `sql` has the lease as ?1 and the time as ?2. NOT_FOUND: it found no such lease.
  static absl::Status SetLease(StoreSession& session, const char* sql, LeaseId lease) {
    GRAFT_RETURN_IF_ERROR(session.Run(sql, {lease, BootMilliseconds()}));
    if (session.changed_rows() > 0) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat("folder store: no such lease: ", lease));
  }

  const std::unique_ptr<Folder> folder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeFolderStore(Clock& clock,
                                                               const std::string& root) {
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<Folder> folder, Folder::Open(clock, root));
  return std::unique_ptr<KeyValueStore>(std::make_unique<FolderStore>(std::move(folder)));
}

}  // namespace graft
