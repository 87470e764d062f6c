// Vitess's records: as bytes, on a key-value store, and beside graft's plain values.
//
// A change is made to the parsed record, so that unknown fields survive the change.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "google/protobuf/message_lite.h"
#include "graft/key_value_store.h"
#include "graft/tablet.h"
#include "vitess/topodata.pb.h"

namespace graft::topo {

// Binary proto3, map entries in key order, so that equal records are equal bytes.
std::string Serialize(const google::protobuf::MessageLite& record);

// DATA_LOSS: `bytes`, found at `key`, are no such record.
template <typename Record>
absl::StatusOr<Record> Parse(absl::string_view key, absl::string_view bytes) {
  Record record;
  if (record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return record;
  return absl::DataLossError(absl::StrCat("the value of ", key, " is no ", record.GetTypeName(),
                                          " record; look at what wrote it"));
}

// Others' writes between a read and its write before giving up; each costs one more round.
inline constexpr int kChangeTries = 32;

// NOT_FOUND with a plain text; DATA_LOSS.
template <typename Record>
absl::StatusOr<Record> ReadRecord(KeyValueStore& store, const std::string& key) {
  const absl::StatusOr<KeyValue> item = store.Get(key);
  if (!item.ok()) return Annotate(item.status(), absl::StrCat("read ", key));
  return Parse<Record>(key, item->value);
}

enum class IfMissing { kFail, kCreate };

// Read, change, compare-and-swap; again when another writer came first. Writes nothing when
// `change` leaves the record as it is, or fails. `change` may be called several times. NOT_FOUND
// (kFail only); ABORTED: others wrote kChangeTries times in between.
template <typename Record>
absl::Status ChangeRecord(KeyValueStore& store, const std::string& key, IfMissing if_missing,
                          const std::function<absl::Status(Record&)>& change) {
  for (int i = 0; i < kChangeTries; ++i) {
    const absl::StatusOr<KeyValue> item = store.Get(key);
    const bool create = absl::IsNotFound(item.status()) && if_missing == IfMissing::kCreate;
    if (!item.ok() && !create) return Annotate(item.status(), absl::StrCat("read ", key));
    Record record;
    if (!create) {
      GRAFT_ASSIGN_OR_RETURN(record, Parse<Record>(key, item->value));
    }
    const std::string before = Serialize(record);
    GRAFT_RETURN_IF_ERROR(change(record));
    const std::string after = Serialize(record);
    if (!create && before == after) return absl::OkStatus();
    const absl::Status written = create ? store.Create(key, after, kNoLease).status()
                                        : store.Update(key, after, item->version).status();
    if (!absl::IsAborted(written) && !absl::IsAlreadyExists(written)) {
      return Annotate(written, absl::StrCat("write ", key));
    }
  }
  return absl::AbortedError(absl::StrCat("write ", key, ": others changed it ", kChangeTries,
                                         " times in a row; try again"));
}

// Vitess's Time and absl's; an unset one is InfinitePast().
absl::Time FromRecord(bool present, const vttime::Time& time);
vttime::Time ToRecord(absl::Time time);

TabletAlias FromRecord(const topodata::TabletAlias& record);
topodata::TabletAlias ToRecord(const TabletAlias& alias);

Tablet FromRecord(const topodata::Tablet& record);
Shard FromRecord(absl::string_view keyspace, absl::string_view shard,
                 const topodata::Shard& record);

// Writes the members of `tablet` into `record` and keeps all other fields, except the primary's
// term: a tablet of any other type must not have a term. A field that graft could not read (an
// invalid address or type) stays unless `tablet` has a new value.
void MergeInto(const Tablet& tablet, topodata::Tablet& record);

// A valid shard name. One with a '-' is a range of keyspace ids.
struct ShardName {
  std::string text;                             // lower case for ranges, as Vitess stores it
  std::optional<topodata::KeyRange> key_range;  // nullopt: not sharded by range
};

// INVALID_ARGUMENT; the text says what a valid name looks like.
absl::StatusOr<ShardName> ParseShardName(absl::string_view name);
absl::Status ValidateKeyspaceName(absl::string_view name);
absl::Status ValidateCellName(absl::string_view name);

// Do two ranges share a keyspace id? No range means all of them, as in Vitess.
bool Intersect(const std::optional<topodata::KeyRange>& a,
               const std::optional<topodata::KeyRange>& b);

// Keys of Vitess's topology: the one place that knows where a record lies.
//
// `root` is --topo-global-root for global records and CellInfo.root for those of a cell; roots are
// joined as Go's path.Join does, so that "/vitess/zone1/" and "//vitess/zone1" are the same place.

// Go's path.Join(root, path): joined with '/', doubled and trailing slashes, "." and ".." resolved.
std::string JoinPath(absl::string_view root, absl::string_view path);

// Below the global root.
std::string CellInfoKey(absl::string_view root, absl::string_view cell);
std::string KeyspaceKey(absl::string_view root, absl::string_view keyspace);
std::string ShardKey(absl::string_view root, absl::string_view keyspace, absl::string_view shard);
// Prefixes end in '/': Vitess lists without it, which also finds "cells_aliases" for "cells".
std::string CellsPrefix(absl::string_view root);
std::string KeyspacesPrefix(absl::string_view root);
std::string ShardsPrefix(absl::string_view root, absl::string_view keyspace);
// Of the queue of a named lock; a place in it is "<prefix><id of its lease in decimal>".
std::string NamedLockPrefix(absl::string_view root, absl::string_view name);
// graft's own: the newest rebuild of a shard.
std::string ShardRebuildKey(absl::string_view root, absl::string_view keyspace,
                            absl::string_view shard);

// Below a cell's root. Vitess decodes every value under "tablets" as a Tablet: nothing else may
// ever be written there.
std::string TabletKey(absl::string_view root, const TabletAlias& alias);
std::string TabletsPrefix(absl::string_view root);
std::string ShardReplicationKey(absl::string_view root, absl::string_view keyspace,
                                absl::string_view shard);

// The part of `key` between `prefix` and "/<name>", if it has that shape and is not empty:
// MiddleOf("/r/cells/zone1/CellInfo", "/r/cells/", "CellInfo") is "zone1".
std::optional<absl::string_view> MiddleOf(absl::string_view key, absl::string_view prefix,
                                          absl::string_view name);

}  // namespace graft::topo
