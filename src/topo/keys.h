// Keys of Vitess's topology: the one place that knows where a record lies.
//
// `root` is --topo-global-root for global records and CellInfo.root for those of a cell; roots are
// joined as Go's path.Join does, so that "/vitess/zone1/" and "//vitess/zone1" are the same place.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "graft/tablet.h"

namespace graft::topo {

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
