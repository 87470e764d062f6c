// Converts between Vitess's records as bytes and graft's plain values.
//
// A change is made to the parsed record, so that unknown fields survive the change.
#ifndef GRAFT_TOPO_RECORDS_H_
#define GRAFT_TOPO_RECORDS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
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

}  // namespace graft::topo

#endif  // GRAFT_TOPO_RECORDS_H_
