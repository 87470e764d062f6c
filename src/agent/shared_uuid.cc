#include "agent/shared_uuid.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "provision/donor/donor_fitness.h"

namespace graft {
namespace {

// "" if the topology is away.
std::string WhoHas(const ShardMember& member, const std::string& server_uuid) {
  const auto listed = member.topology.ListShardTablets(member.keyspace, member.shard);
  if (!listed.ok()) return "";
  std::vector<std::string> others;
  for (const Tablet& tablet : listed->tablets) {
    if (tablet.alias == member.alias || RecordedUuid(tablet) != server_uuid) continue;
    others.push_back(absl::StrCat(tablet.alias.ToString(), " (", tablet.mysql.ToString(), ")"));
  }
  if (!others.empty()) {
    return absl::StrCat("by its record that is the server of ", absl::StrJoin(others, ", "));
  }
  return "no tablet's record names that server; SHOW REPLICAS on the source shows its address";
}

}  // namespace

void NameSharedUuid(const ShardMember& member, const std::string& server_uuid,
                    std::vector<ReplicationChannel>& channels) {
  std::string who;
  for (ReplicationChannel& channel : channels) {
    if (!channel.server_uuid_is_taken()) continue;
    if (who.empty()) who = WhoHas(member, server_uuid);
    absl::StrAppend(&channel.receiver_error, "; ", who, who.empty() ? "" : "; ",
                    "remove auto.cnf of the copied data directory, restart that mysqld, then START "
                    "REPLICA here");
  }
}

}  // namespace graft
