// ShardRebuilds on any key-value store: one key of graft's own below the global root, whose value
// is JSON, so that people can read it with etcdctl.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/key_value_store.h"
#include "graft/shard_rebuild.h"
#include "graft/shard_rebuilds.h"

namespace graft {

// `global` must outlive it.
std::unique_ptr<ShardRebuilds> MakeShardRebuilds(KeyValueStore& global,
                                                 absl::string_view global_root,
                                                 absl::string_view keyspace,
                                                 absl::string_view shard);

// As it is stored: one line of JSON. With `former`, fields of that which graft does not know stay.
std::string ShardRebuildJson(const ShardRebuild& rebuild, const std::string& former = "");
// DATA_LOSS: no rebuild, or one with a word that this graft does not know.
absl::StatusOr<ShardRebuild> ParseShardRebuild(const std::string& json);

}  // namespace graft
