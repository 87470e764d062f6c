// KeyValueStore: versioned keys with leases and watches, as etcd offers them.
//
// Keys are full paths ("/vitess/global/cells/zone1/CellInfo"), values are bytes. Versions grow
// across the whole store: a later write anywhere has a larger version (etcd's mod_revision).
// Implementations: EtcdStore, FolderStore, FakeStore; one contract test runs on all three.
// Safe for use from several threads. Every call ends within the store's own deadline.
//
// Besides the codes named at each method, every call may return
//   UNAVAILABLE        the store cannot be reached (retry is sensible)
//   DEADLINE_EXCEEDED  it did not answer in time; a write may or may not have happened
//   PERMISSION_DENIED, UNAUTHENTICATED
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

using Version = int64_t;
using LeaseId = int64_t;
inline constexpr LeaseId kNoLease = 0;

struct KeyValue {
  std::string key;
  std::string value;
  Version version = 0;         // of the last write of this key
  Version create_version = 0;  // of the write that created it; orders the waiters of a lock
  LeaseId lease = kNoLease;
};

// One change of a watched key.
struct KeyEvent {
  enum class Kind { kPut, kDelete };
  Kind kind = Kind::kPut;
  KeyValue item;  // kDelete: key and version of the deletion only
};

// A running watch; destruction stops it and waits until its callback has returned.
class Watch {
 public:
  virtual ~Watch() = default;
};

class KeyValueStore {
 public:
  virtual ~KeyValueStore() = default;

  // NOT_FOUND: no such key.
  virtual absl::StatusOr<KeyValue> Get(absl::string_view key) = 0;

  // Writes a key that must not exist yet, bound to `lease` unless that is kNoLease.
  // Returns its version. ALREADY_EXISTS; NOT_FOUND: no such lease (any more).
  virtual absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                         LeaseId lease) = 0;

  // Compare-and-swap: writes only if the key still has version `expected`. The key keeps its lease.
  // Returns the new version. ABORTED: it has another version, or is gone.
  virtual absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                         Version expected) = 0;

  // Compare-and-delete. ABORTED as for Update; NOT_FOUND: no such key.
  virtual absl::Status Delete(absl::string_view key, Version expected) = 0;

  // All keys that start with `prefix` and end with `suffix`, in key order. None is not an error.
  // The values of the others below the prefix are not read: they are somebody else's, and may be
  // large.
  virtual absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                                     absl::string_view suffix) = 0;
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) { return List(prefix, ""); }

  // Calls `on_event`, on a thread of the store, for each change after version `after` (0: from now
  // on) to a key that starts with `prefix`, in order and without gaps. After a lost connection the
  // store connects again by itself. `on_event` must not call the store.
  virtual absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after, std::function<void(const KeyEvent&)> on_event) = 0;

  // Grants a lease. The lease ends, and the store deletes its keys, unless the caller keeps the
  // lease alive at least every `ttl` (whole seconds, at least 1). INVALID_ARGUMENT.
  virtual absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) = 0;

  // Starts the lease's time anew. NOT_FOUND: the lease has ended.
  virtual absl::Status KeepLeaseAlive(LeaseId lease) = 0;

  // Ends the lease now and deletes its keys. NOT_FOUND: the lease had ended already.
  virtual absl::Status RevokeLease(LeaseId lease) = 0;

  // From now on every call that begins also ends by `when`, so that a program can stop although a
  // store is away. A store that is never away may do nothing.
  virtual void EndCallsBy(absl::Time /*when*/) {}
};

}  // namespace graft
