// `graftctl reprovision --shard`: plans the rebuild of several tablets of a shard, begins it, shows
// it, stops it. The rebuild itself lies in the topology, and the agents run it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/agents.h"
#include "cli/commands.h"
#include "cli/rebuild_plan.h"
#include "graft/shard_rebuild.h"
#include "graft/shard_rebuilds.h"
#include "graft/topology.h"

namespace graft::cli {

// What the command works with. Referred-to things outlive it.
struct RebuildDeps {
  Topology& topology;
  ShardRebuilds& rebuilds;
  AskAgent ask;
  AskTimes times;
};

struct ShardRebuildCall {
  std::string keyspace;
  std::string shard;
  RebuildChoice choice = RebuildChoice::kNone;  // kNone: the rebuild that is there
  std::vector<TabletAlias> named;
  ReprovisionCall request;  // without an id
  std::string by;           // "alice@db-101"
  int max_unavailable = 1;
  bool plan_only = false;
  bool stop = false;
  bool watch = false;
  bool yes = false;
  // Asks the person at the terminal; nullptr: nobody is there.
  std::function<bool(const std::string& question)> confirm;
};

Result RebuildShard(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call);

// Shows the rebuild until it is over. Interrupted, it says that the rebuild goes on.
Result WatchRebuild(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call);

// The rebuild as lines: how far it is, a line for each member, and why members have failed.
// `running` are the operations of members, as far as their agents answer.
std::vector<std::string> RenderRebuild(const ShardRebuildCall& call, const ShardRebuild& rebuild,
                                       const std::map<TabletAlias, v1::Operation>& running,
                                       absl::Time now);

// One line, as it is stored, but with the fields in a certain order.
std::string RebuildJson(const ShardRebuild& rebuild);

}  // namespace graft::cli
