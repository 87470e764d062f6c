// Folder: the files of a folder store; FolderSession: what may be done with them while the lock is
// held. Private to src/filestore. A Folder is safe for use from several threads, a FolderSession is
// not; it must not outlive its Folder, and is short: everybody else waits.
#ifndef GRAFT_FILESTORE_FOLDER_H_
#define GRAFT_FILESTORE_FOLDER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "filestore/folder_lock.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

class Folder;

class FolderSession {
 public:
  // The version of the last write.
  Version version() const { return version_; }

  // NOT_FOUND.
  absl::StatusOr<KeyValue> Read(absl::string_view key) const;
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) const;

  // Gives the write its version and carries it out.
  absl::StatusOr<Version> Commit(KeyEvent event);

  // All writes after `after`. OUT_OF_RANGE: they are not kept any more.
  absl::StatusOr<std::vector<KeyEvent>> EventsAfter(Version after) const;

  absl::StatusOr<LeaseId> GrantLease(int64_t ttl_seconds);
  // NOT_FOUND, as for the two below.
  absl::Status FindLease(LeaseId lease) const;
  absl::Status KeepLeaseAlive(LeaseId lease);
  absl::Status EndLease(LeaseId lease);
  // How long until the first lease ends; InfiniteDuration(): there is none.
  absl::StatusOr<absl::Duration> UntilLeaseEnds() const;

 private:
  friend class Folder;
  struct Lease {
    LeaseId id;
    int64_t ttl_seconds;
    int64_t end;  // nanoseconds on CLOCK_BOOTTIME; 0: over
  };

  FolderSession(const Folder& folder, FolderLock lock) : folder_(folder), lock_(std::move(lock)) {}
  absl::Status Begin();
  absl::Status Apply(const KeyEvent& event);
  absl::Status WriteVersion(Version version);
  absl::StatusOr<std::optional<Lease>> ReadLease(const std::string& name) const;
  absl::StatusOr<std::vector<Lease>> Leases() const;
  absl::Status WriteLease(const Lease& lease);
  absl::Status DropLease(const Lease& lease);
  absl::Status DropOverdueLeases();

  const Folder& folder_;
  FolderLock lock_;
  Version version_ = 0;
};

class Folder {
 public:
  static absl::StatusOr<Folder> Create(Clock& clock, const std::string& root);

  // Takes the lock, completes a write that was cut short and ends overdue leases. Waits for the
  // lock until `deadline`, and at most kLockTimeout.
  absl::StatusOr<FolderSession> Enter(absl::Time deadline = absl::InfiniteFuture()) const;

  const std::string& root() const { return root_; }

 private:
  friend class FolderSession;
  Folder(Clock& clock, std::string root, std::string boot_id)
      : clock_(&clock), root_(std::move(root)), boot_id_(std::move(boot_id)) {}
  absl::Status Prepare() const;
  std::string EventPath(Version version) const;
  std::string Path(absl::string_view name) const;
  // Readers see the old or the new, whole; the name is on the disk once its folder is synced.
  absl::Status Replace(const std::string& path, absl::string_view bytes, bool durable = true) const;
  absl::StatusOr<std::vector<std::string>> Names(absl::string_view folder) const;

  Clock* clock_;
  std::string root_;
  std::string boot_id_;  // tells this boot of the machine from others
};

}  // namespace graft

#endif  // GRAFT_FILESTORE_FOLDER_H_
