#include "filestore/folder_store.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "filestore/folder.h"
#include "filestore/folder_watch.h"

namespace graft {
namespace {

class FolderStore : public KeyValueStore {
 public:
  explicit FolderStore(Folder folder) : folder_(std::move(folder)) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    GRAFT_ASSIGN_OR_RETURN(const FolderSession session, Enter());
    return session.Read(key);
  }

  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    const absl::Status present = session.Read(key).status();
    if (present.ok()) {
      return absl::AlreadyExistsError(absl::StrCat("folder store: the key exists: ", key));
    }
    if (present.code() != absl::StatusCode::kNotFound) return present;
    if (lease != kNoLease) GRAFT_RETURN_IF_ERROR(session.FindLease(lease));
    return session.Commit(
        {KeyEvent::Kind::kPut, {std::string(key), std::string(value), 0, 0, lease}});
  }

  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    absl::StatusOr<KeyValue> item = session.Read(key);
    if (item.status().code() == absl::StatusCode::kNotFound) return Changed(key, expected);
    GRAFT_RETURN_IF_ERROR(item.status());
    if (item->version != expected) return Changed(key, expected);
    item->value = std::string(value);
    return session.Commit({KeyEvent::Kind::kPut, *std::move(item)});
  }

  absl::Status Delete(absl::string_view key, Version expected) override {
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    GRAFT_ASSIGN_OR_RETURN(const KeyValue item, session.Read(key));
    if (item.version != expected) return Changed(key, expected);
    KeyEvent event = {KeyEvent::Kind::kDelete, {}};
    event.item.key = std::string(key);
    return session.Commit(std::move(event)).status();
  }

  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) override {
    GRAFT_ASSIGN_OR_RETURN(const FolderSession session, Enter());
    return session.List(prefix);
  }

  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override {
    return StartFolderWatch(folder_, prefix, after, std::move(on_event));
  }

  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    if (ttl < absl::Seconds(1) || ttl % absl::Seconds(1) != absl::ZeroDuration()) {
      return absl::InvalidArgumentError("folder store: a lease lasts whole seconds, at least 1");
    }
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    return session.GrantLease(absl::ToInt64Seconds(ttl));
  }

  absl::Status KeepLeaseAlive(LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    return session.KeepLeaseAlive(lease);
  }

  absl::Status RevokeLease(LeaseId lease) override {
    GRAFT_ASSIGN_OR_RETURN(FolderSession session, Enter());
    return session.EndLease(lease);
  }

  void EndCallsBy(absl::Time when) override {
    absl::MutexLock lock(&mutex_);
    end_calls_by_ = when;
  }

 private:
  static absl::Status Changed(absl::string_view key, Version expected) {
    return absl::AbortedError(absl::StrCat("folder store: ", key, " no longer has version ",
                                           expected, ": read it again"));
  }

  absl::StatusOr<FolderSession> Enter() const {
    absl::ReleasableMutexLock lock(&mutex_);
    const absl::Time deadline = end_calls_by_;
    lock.Release();
    return folder_.Enter(deadline);
  }

  const Folder folder_;
  mutable absl::Mutex mutex_;
  absl::Time end_calls_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeFolderStore(Clock& clock,
                                                               const std::string& root) {
  GRAFT_ASSIGN_OR_RETURN(Folder folder, Folder::Create(clock, root));
  return std::unique_ptr<KeyValueStore>(std::make_unique<FolderStore>(std::move(folder)));
}

}  // namespace graft
