// How a tablet's agent appears in the topology, leaves it, and becomes its shard's primary.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "topo/records.h"
#include "topo/vitess_topology.h"

namespace graft {
namespace {

constexpr char kSidecarDatabase[] = "_vt";  // Vitess's own default

absl::Status CheckSameShard(const topodata::Tablet& present, const Tablet& wanted) {
  if (present.keyspace() == wanted.keyspace && present.shard() == wanted.shard) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "tablet ", wanted.alias.ToString(), " is registered in ", present.keyspace(), "/",
      present.shard(), ", not in ", wanted.keyspace, "/", wanted.shard,
      ": give this one another alias, or delete the old record if its tablet is gone"));
}

// The type a tablet starts with, given its record of old (default: none) and its shard; and the
// term to go with PRIMARY.
TabletType StartType(const Tablet& wanted, const topodata::Tablet& old,
                     const topodata::Shard& shard, vttime::Time& term) {
  const absl::Time shard_term =
      topo::FromRecord(shard.has_primary_term_start_time(), shard.primary_term_start_time());
  const absl::Time own_term =
      topo::FromRecord(old.has_primary_term_start_time(), old.primary_term_start_time());
  const bool was_primary = old.type() == topodata::PRIMARY;
  if (topo::FromRecord(shard.primary_alias()) == wanted.alias) {
    term = was_primary && own_term > shard_term ? old.primary_term_start_time()
                                                : shard.primary_term_start_time();
    return TabletType::kPrimary;
  }
  if (was_primary && own_term > shard_term) {
    term = old.primary_term_start_time();
    return TabletType::kPrimary;
  }
  return old.type() == topodata::RESTORE ? TabletType::kRestore : wanted.type;
}

// Makes `record`, which may be empty, that of `wanted`.
void TakeOver(const Tablet& wanted, const topodata::Shard& shard,
              const std::optional<topodata::KeyRange>& key_range, topodata::Tablet& record) {
  Tablet merged = wanted;
  merged.tags.insert(record.tags().begin(), record.tags().end());
  vttime::Time term;
  merged.type = StartType(wanted, record, shard, term);
  topo::MergeInto(merged, record);
  record.clear_key_range();
  if (key_range.has_value()) *record.mutable_key_range() = *key_range;
  if (merged.type == TabletType::kPrimary) *record.mutable_primary_term_start_time() = term;
}

absl::Status CheckOwner(const Tablet& present, const Tablet& self) {
  if (present.hostname == self.hostname && present.Port("graft") == self.Port("graft")) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("tablet ", self.alias.ToString(), " now belongs to the process at ",
                   present.hostname, ":", present.Port("graft"), "; its record is left as it is"));
}

}  // namespace

absl::Status VitessTopology::EnsureKeyspace(absl::string_view keyspace) {
  return topo::ChangeRecord<topodata::Keyspace>(
      deps_.global, topo::KeyspaceKey(deps_.global_root, keyspace), topo::IfMissing::kCreate,
      [](topodata::Keyspace& record) {
        if (record.sidecar_db_name().empty()) record.set_sidecar_db_name(kSidecarDatabase);
        return absl::OkStatus();
      });
}

absl::Status VitessTopology::EnsureShard(absl::string_view keyspace, absl::string_view shard) {
  const std::string key = topo::ShardKey(deps_.global_root, keyspace, shard);
  const absl::Status found = deps_.global.Get(key).status();
  if (!absl::IsNotFound(found)) return Annotate(found, absl::StrCat("read ", key));
  GRAFT_ASSIGN_OR_RETURN(const topo::ShardName name, topo::ParseShardName(shard));
  std::vector<DamagedShard> damaged;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Shard> others, ListShards(keyspace, &damaged));
  // Like Vitess: a shard that overlaps an older one does not serve until the traffic is switched.
  std::vector<std::string> names;
  names.reserve(others.size() + damaged.size());
  for (const Shard& other : others) names.push_back(other.name);
  for (const DamagedShard& other : damaged) names.push_back(other.name);
  const bool serves = std::none_of(names.begin(), names.end(), [&name](const std::string& other) {
    const absl::StatusOr<topo::ShardName> range = topo::ParseShardName(other);
    return range.ok() && topo::Intersect(range->key_range, name.key_range);
  });
  topodata::Shard record;
  if (name.key_range.has_value()) *record.mutable_key_range() = *name.key_range;
  record.set_is_primary_serving(serves);
  const absl::Status made = deps_.global.Create(key, topo::Serialize(record), kNoLease).status();
  // Another agent of the shard came first with the same record.
  if (absl::IsAlreadyExists(made)) return absl::OkStatus();
  return Annotate(made, absl::StrCat("write ", key));
}

absl::Status VitessTopology::EnsureReplicationNode(const Place& place, const Tablet& tablet) {
  return topo::ChangeRecord<topodata::ShardReplication>(
      *place.store, topo::ShardReplicationKey(place.root, tablet.keyspace, tablet.shard),
      topo::IfMissing::kCreate, [&](topodata::ShardReplication& record) {
        const auto is_ours = [&](const topodata::ShardReplication::Node& node) {
          return topo::FromRecord(node.tablet_alias()) == tablet.alias;
        };
        if (std::none_of(record.nodes().begin(), record.nodes().end(), is_ours)) {
          *record.add_nodes()->mutable_tablet_alias() = topo::ToRecord(tablet.alias);
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<Tablet> VitessTopology::RegisterTablet(const Tablet& tablet) {
  GRAFT_RETURN_IF_ERROR(topo::ValidateKeyspaceName(tablet.keyspace));
  GRAFT_ASSIGN_OR_RETURN(const topo::ShardName shard_name, topo::ParseShardName(tablet.shard));
  GRAFT_ASSIGN_OR_RETURN(const Place place, OpenCell(tablet.alias.cell));
  Tablet wanted = tablet;
  wanted.shard = shard_name.text;
  wanted.start_time = deps_.clock.Now();
  wanted.shutdown_time = absl::InfinitePast();
  const std::string key = topo::TabletKey(place.root, wanted.alias);
  // Looked at first, so that a tablet of another shard leaves no trace in this one.
  const auto present = topo::ReadRecord<topodata::Tablet>(*place.store, key);
  if (present.ok()) GRAFT_RETURN_IF_ERROR(CheckSameShard(*present, wanted));
  if (!present.ok() && !absl::IsNotFound(present.status())) return present.status();
  GRAFT_RETURN_IF_ERROR(EnsureKeyspace(wanted.keyspace));
  GRAFT_RETURN_IF_ERROR(EnsureShard(wanted.keyspace, wanted.shard));
  GRAFT_ASSIGN_OR_RETURN(
      const auto shard,
      topo::ReadRecord<topodata::Shard>(
          deps_.global, topo::ShardKey(deps_.global_root, wanted.keyspace, wanted.shard)));
  Tablet written;
  GRAFT_RETURN_IF_ERROR(topo::ChangeRecord<topodata::Tablet>(
      *place.store, key, topo::IfMissing::kCreate, [&](topodata::Tablet& record) {
        if (record.has_alias()) GRAFT_RETURN_IF_ERROR(CheckSameShard(record, wanted));
        TakeOver(wanted, shard, shard_name.key_range, record);
        written = topo::FromRecord(record);
        return absl::OkStatus();
      }));
  GRAFT_RETURN_IF_ERROR(EnsureReplicationNode(place, wanted));
  return written;
}

absl::Status VitessTopology::UnregisterTablet(const Tablet& self) {
  return UpdateTablet(self.alias, [&](Tablet& tablet) {
    GRAFT_RETURN_IF_ERROR(CheckOwner(tablet, self));
    tablet.hostname.clear();
    tablet.port_map.clear();
    tablet.mysql = HostPort();
    tablet.start_time = absl::InfinitePast();
    tablet.shutdown_time = deps_.clock.Now();
    return absl::OkStatus();
  });
}

absl::Status VitessTopology::CheckMayBecomePrimary(absl::string_view keyspace,
                                                   absl::string_view shard,
                                                   const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, GetTablet(alias));
  if (tablet.keyspace != keyspace || tablet.shard != shard) {
    return absl::FailedPreconditionError(absl::StrCat("tablet ", alias.ToString(), " is of ",
                                                      tablet.keyspace, "/", tablet.shard,
                                                      ", not of ", keyspace, "/", shard));
  }
  if (tablet.type == TabletType::kRestore || tablet.type == TabletType::kBackup) {
    return absl::FailedPreconditionError(absl::StrCat("tablet ", alias.ToString(), " is of type ",
                                                      TabletTypeName(tablet.type),
                                                      ": wait until it is a replica again"));
  }
  return absl::OkStatus();
}

absl::Status VitessTopology::SetPrimary(absl::string_view keyspace, absl::string_view shard,
                                        const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Shard present, GetShard(keyspace, shard));
  GRAFT_RETURN_IF_ERROR(CheckMayBecomePrimary(keyspace, present.name, alias));
  TabletAlias former;
  vttime::Time term;
  GRAFT_RETURN_IF_ERROR(topo::ChangeRecord<topodata::Shard>(
      deps_.global, topo::ShardKey(deps_.global_root, keyspace, present.name),
      topo::IfMissing::kFail, [&](topodata::Shard& record) {
        former = topo::FromRecord(record.primary_alias());
        if (former != alias || !record.has_primary_term_start_time()) {
          *record.mutable_primary_alias() = topo::ToRecord(alias);
          *record.mutable_primary_term_start_time() = topo::ToRecord(deps_.clock.Now());
        }
        term = record.primary_term_start_time();
        return absl::OkStatus();
      }));
  GRAFT_ASSIGN_OR_RETURN(const Place place, OpenCell(alias.cell));
  GRAFT_RETURN_IF_ERROR(
      topo::ChangeRecord<topodata::Tablet>(*place.store, topo::TabletKey(place.root, alias),
                                           topo::IfMissing::kFail, [&](topodata::Tablet& record) {
                                             record.set_type(topodata::PRIMARY);
                                             *record.mutable_primary_term_start_time() = term;
                                             return absl::OkStatus();
                                           }));
  if (former.empty() || former == alias) return absl::OkStatus();
  const absl::Status demoted = UpdateTablet(former, [](Tablet& tablet) {
    if (tablet.type == TabletType::kPrimary) tablet.type = TabletType::kReplica;
    return absl::OkStatus();
  });
  // A former primary that is gone needs no new type.
  return absl::IsNotFound(demoted) ? absl::OkStatus() : demoted;
}

}  // namespace graft
