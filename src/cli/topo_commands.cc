// The subcommands that need the topology alone.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

using Json = nlohmann::ordered_json;

Json CellJson(const Cell& cell) {
  return {{"name", cell.name}, {"serverAddress", cell.server_address}, {"root", cell.root}};
}

Json ShardJson(const Shard& shard) {
  return {{"keyspace", shard.keyspace},
          {"name", shard.name},
          {"primary", shard.primary.empty() ? "" : shard.primary.ToString()}};
}

Json TopologyJson(const std::vector<Cell>& cells, const std::vector<Shard>& shards,
                  const TabletList& list) {
  Json json = {{"cells", Json::array()},
               {"shards", Json::array()},
               {"tablets", Json::array()},
               {"missingCells", Json::array()}};
  for (const Cell& cell : cells) json["cells"].push_back(CellJson(cell));
  for (const Shard& shard : shards) json["shards"].push_back(ShardJson(shard));
  for (const Tablet& tablet : list.tablets) {
    json["tablets"].push_back(Json::parse(TabletJson(tablet), nullptr, false));
  }
  for (const MissingCell& cell : list.missing_cells) {
    json["missingCells"].push_back({{"name", cell.name}, {"error", cell.why.ToString()}});
  }
  return json;
}

std::string TextOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Beside the list, which is not whole then.
void TellMissing(const Session& session, const TabletList& list) {
  if (!list.missing_cells.empty()) session.err << list.MissingText() << '\n';
}

// The agents that are there, by their records, and did not answer.
void TellSilent(const Session& session, const std::vector<Tablet>& tablets,
                const std::vector<absl::StatusOr<AgentAnswer>>& answers) {
  constexpr size_t kMostNamed = 20;
  std::vector<std::string> silent;
  for (size_t i = 0; i < tablets.size(); ++i) {
    if (!answers[i].ok() && AgentOf(tablets[i]).ok()) {
      silent.push_back(tablets[i].alias.ToString());
    }
  }
  if (silent.empty()) return;
  const size_t count = silent.size();
  silent.resize(std::min(count, kMostNamed));
  session.err << count << " of " << tablets.size() << " agents did not answer within "
              << HumanDuration(session.timeout) << " (--timeout): " << absl::StrJoin(silent, ", ");
  if (count > kMostNamed) session.err << " and " << count - kMostNamed << " more";
  session.err << '\n';
}

// NOT_FOUND if a list is empty because what it is to be of does not exist.
absl::Status CheckExists(VitessTopology& topology, const TabletFilter& wanted) {
  std::vector<DamagedShard> damaged;
  GRAFT_ASSIGN_OR_RETURN(const auto shards, topology.ListShards(wanted.keyspace, &damaged));
  const bool exists = std::any_of(shards.begin(), shards.end(), [&](const Shard& shard) {
    return wanted.shard.empty() || wanted.shard == shard.name;
  });
  if (exists || !damaged.empty()) return absl::OkStatus();
  if (wanted.keyspace.empty() && wanted.shard.empty()) {
    std::vector<MissingCell> missing;
    GRAFT_ASSIGN_OR_RETURN(const auto cells, topology.ListCells(&missing));
    if (!cells.empty() || !missing.empty()) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat("nothing is below ", topology.global_root(),
                     ": is --topo-global-root right? graftctl topo add-cell adds the first cell"));
  }
  const std::string what = wanted.shard.empty()
                               ? absl::StrCat("keyspace ", wanted.keyspace)
                               : absl::StrCat("shard ", wanted.keyspace,
                                              wanted.keyspace.empty() ? "" : "/", wanted.shard);
  return absl::NotFoundError(absl::StrCat(what, " is not in the topology below ",
                                          topology.global_root(),
                                          ": graftctl topo show lists what is"));
}

}  // namespace

Result ShowTablets(const Session& session, VitessTopology& topology, const TabletFilter& filter,
                   const AskAgent& ask) {
  TabletFilter wanted = filter;
  if (absl::StrContains(filter.shard, '/')) {  // "shop/0", as reprovision --shard has it
    GRAFT_ASSIGN_OR_RETURN(std::tie(wanted.keyspace, wanted.shard), SplitShard(filter.shard));
  }
  GRAFT_ASSIGN_OR_RETURN(const TabletList list, topology.ListTablets(wanted));
  const std::vector<Tablet>& tablets = list.tablets;
  TellMissing(session, list);
  if (tablets.empty()) GRAFT_RETURN_IF_ERROR(CheckExists(topology, wanted));
  const bool as_objects = session.output != OutputFormat::kTable;
  if (ask == nullptr) {
    if (!as_objects) WriteLines(RenderTablets(tablets), session.out);
    for (const Tablet& tablet : tablets) {
      if (as_objects) WriteObject(session.output, TabletJson(tablet), session.out);
    }
    return ExitCode::kDone;
  }
  const auto answers =
      AskAgents(session.clock, ask, tablets, session.clock.Now() + session.timeout);
  TellSilent(session, tablets, answers);
  if (!as_objects) WriteLines(RenderShard(tablets, answers), session.out);
  for (size_t i = 0; as_objects && i < tablets.size(); ++i) {
    WriteObject(session.output, TabletJson(tablets[i], answers[i]), session.out);
  }
  return ExitCode::kDone;
}

Result AddCell(const Session& session, VitessTopology& topology, const Cell& cell) {
  GRAFT_RETURN_IF_ERROR(topology.AddCell(cell));
  if (session.output != OutputFormat::kTable) {
    WriteObject(session.output, TextOf(CellJson(cell)), session.out);
    return ExitCode::kDone;
  }
  session.out << "cell " << cell.name << " is at " << cell.server_address << " under " << cell.root
              << '\n';
  return ExitCode::kDone;
}

Result ShowTopology(const Session& session, VitessTopology& topology) {
  std::vector<MissingCell> damaged_cells;  // the list of tablets has them too
  std::vector<DamagedShard> damaged_shards;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Cell> cells, topology.ListCells(&damaged_cells));
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Shard> shards, topology.ListShards("", &damaged_shards));
  GRAFT_ASSIGN_OR_RETURN(const TabletList list, topology.ListTablets({}));
  TellMissing(session, list);
  for (const DamagedShard& shard : damaged_shards) session.err << shard.why.message() << '\n';
  if (session.output != OutputFormat::kTable) {
    WriteObject(session.output, TextOf(TopologyJson(cells, shards, list)), session.out);
    return ExitCode::kDone;
  }
  std::vector<std::vector<std::string>> rows = {{"CELL", "SERVER", "ROOT"}};
  for (const Cell& cell : cells) rows.push_back({cell.name, cell.server_address, cell.root});
  WriteLines(AlignColumns(rows), session.out);
  rows = {{"KEYSPACE", "SHARD", "PRIMARY"}};
  for (const Shard& shard : shards) {
    rows.push_back(
        {shard.keyspace, shard.name, shard.primary.empty() ? "none" : shard.primary.ToString()});
  }
  session.out << '\n';
  WriteLines(AlignColumns(rows), session.out);
  session.out << '\n';
  WriteLines(RenderTablets(list.tablets), session.out);
  return ExitCode::kDone;
}

absl::StatusOr<std::pair<std::string, std::string>> SplitShard(const std::string& shard) {
  const std::vector<std::string> parts = absl::StrSplit(shard, '/');
  if (parts.size() == 2) return std::make_pair(parts[0], parts[1]);
  return absl::InvalidArgumentError(
      absl::StrCat("\"", shard, "\" is no shard; write keyspace/shard, e.g. commerce/0"));
}

Result SetPrimary(const Session& session, VitessTopology& topology, const std::string& shard,
                  const std::string& alias) {
  GRAFT_ASSIGN_OR_RETURN(const auto parts, SplitShard(shard));
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias tablet, TabletAlias::Parse(alias));
  GRAFT_RETURN_IF_ERROR(topology.SetPrimary(parts.first, parts.second, tablet));
  if (session.output != OutputFormat::kTable) {
    const Shard changed = {parts.first, parts.second, tablet};
    WriteObject(session.output, TextOf(ShardJson(changed)), session.out);
    return ExitCode::kDone;
  }
  session.out << tablet.ToString() << " is the primary of " << shard << '\n';
  return ExitCode::kDone;
}

}  // namespace graft::cli
