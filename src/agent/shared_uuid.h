// Two servers with one server_uuid: the source throws off one of them for the other (13114). Only
// the records of the shard's tablets say which tablet has the other one.
#pragma once

#include <string>
#include <vector>

#include "graft/replication_channel.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft {

struct ShardMember {
  Topology& topology;
  const TabletAlias& alias;
  const std::string& keyspace;
  const std::string& shard;
};

// Adds the other tablets to the errors of those channels that were thrown off, and what to do. Asks
// the topology only if there is such a channel.
void NameSharedUuid(const ShardMember& member, const std::string& server_uuid,
                    std::vector<ReplicationChannel>& channels);

}  // namespace graft
