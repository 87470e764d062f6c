// The rebuild of several tablets of a shard before it begins: who is a member, in which round, and
// about how long it takes. Pure functions.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "graft/shard_rebuild.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft::cli {

// A tablet of the shard by its record and by its agent.
struct SeenTablet {
  Tablet record;
  absl::StatusOr<AgentAnswer> answer;
  std::vector<absl::Duration> rebuilds;  // what its earlier rebuilds took that ended well
};

// What is wrong with a replica, by its record or its agent: "replication error 1062"; empty:
// nothing. Only of a tablet whose agent answers.
std::string WhyUnhealthy(const SeenTablet& tablet);

enum class RebuildChoice { kNone, kAll, kUnhealthy, kNamed };

struct PlanRequest {
  Shard shard;
  RebuildChoice choice = RebuildChoice::kAll;
  std::vector<TabletAlias> named;  // for kNamed
  TabletAlias donor;               // the one that is named; empty: none is
  int max_unavailable = 1;
};

struct RebuildPlan {
  struct Row {
    TabletAlias alias;
    TabletType type = TabletType::kUnknown;
    std::string why;
    int round = 1;
    std::optional<absl::Duration> takes;  // nullopt: there is no earlier rebuild in the shard
  };
  std::vector<Row> rows;                // in order: unhealthy tablets first
  int at_once = 1;                      // members, at most
  bool one_by_one = false;              // though more were allowed: some acknowledge to the primary
  std::vector<std::string> left_out;    // "zone1-0000000103: its agent does not answer"
  std::optional<absl::Duration> takes;  // all rounds
};

// FAILED_PRECONDITION: a named tablet cannot be a member, or a healthy replica would have to go
// while no other one serves. NOT_FOUND: a named tablet is not in the shard.
absl::StatusOr<RebuildPlan> MakePlan(const PlanRequest& request,
                                     const std::vector<SeenTablet>& tablets);

std::vector<std::string> RenderPlan(const PlanRequest& request, const RebuildPlan& plan);

// The round in which a member begins, by its place in the order, from 0 on.
int RoundOf(size_t place, int max_unavailable);

// `graftctl reprovision --shard`: plans the rebuild of several tablets of a shard, begins it, shows
// it, stops it. The rebuild itself lies in the topology, and the agents run it.

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

// What is known of members: the operation of one that runs, or why one does not go on.
using MembersSeen = std::map<TabletAlias, absl::StatusOr<v1::Operation>>;

// Of those that run and those that are next, by their agents.
MembersSeen SeeMembers(const Session& session, const RebuildDeps& deps,
                       const ShardRebuild& rebuild);

// The rebuild as lines: how far it is, a line for each member, and why members have failed.
std::vector<std::string> RenderRebuild(const ShardRebuildCall& call, const ShardRebuild& rebuild,
                                       const MembersSeen& seen, absl::Time now);

}  // namespace graft::cli
