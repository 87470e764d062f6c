#include "topo/keys.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace graft::topo {

std::string JoinPath(absl::string_view root, absl::string_view path) {
  const std::string raw = root.empty() ? std::string(path) : absl::StrCat(root, "/", path);
  const bool absolute = absl::StartsWith(raw, "/");
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(raw, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    const bool up = part == "..";
    if (up && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!up || !absolute) {
      parts.push_back(part);
    }
  }
  return absl::StrCat(absolute ? "/" : "", absl::StrJoin(parts, "/"));
}

std::string CellsPrefix(absl::string_view root) {
  return JoinPath(root, "cells") + "/";
}

std::string CellInfoKey(absl::string_view root, absl::string_view cell) {
  return JoinPath(root, absl::StrCat("cells/", cell, "/CellInfo"));
}

std::string KeyspacesPrefix(absl::string_view root) {
  return JoinPath(root, "keyspaces") + "/";
}

std::string KeyspaceKey(absl::string_view root, absl::string_view keyspace) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/Keyspace"));
}

std::string ShardsPrefix(absl::string_view root, absl::string_view keyspace) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/shards")) + "/";
}

std::string ShardKey(absl::string_view root, absl::string_view keyspace, absl::string_view shard) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/shards/", shard, "/Shard"));
}

std::string NamedLockPrefix(absl::string_view root, absl::string_view name) {
  return JoinPath(root, absl::StrCat("internal/named_locks/", name, "/locks")) + "/";
}

std::string ShardRebuildKey(absl::string_view root, absl::string_view keyspace,
                            absl::string_view shard) {
  return JoinPath(root, absl::StrCat("graft/rebuilds/", keyspace, "/", shard));
}

std::string TabletsPrefix(absl::string_view root) {
  return JoinPath(root, "tablets") + "/";
}

std::string TabletKey(absl::string_view root, const TabletAlias& alias) {
  return JoinPath(root, absl::StrCat("tablets/", alias.ToString(), "/Tablet"));
}

std::string ShardReplicationKey(absl::string_view root, absl::string_view keyspace,
                                absl::string_view shard) {
  return JoinPath(root,
                  absl::StrCat("keyspaces/", keyspace, "/shards/", shard, "/ShardReplication"));
}

std::optional<absl::string_view> MiddleOf(absl::string_view key, absl::string_view prefix,
                                          absl::string_view name) {
  if (!absl::ConsumePrefix(&key, prefix) || !absl::ConsumeSuffix(&key, name) ||
      !absl::ConsumeSuffix(&key, "/") || key.empty()) {
    return std::nullopt;
  }
  return key;
}

}  // namespace graft::topo
