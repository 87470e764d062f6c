// The subcommands that need the topology alone.
#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/render_tablets.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

using google::protobuf::Struct;

Struct MakeObject(const std::vector<std::pair<std::string, std::string>>& fields) {
  Struct object;
  for (const auto& [name, value] : fields) {
    (*object.mutable_fields())[name].set_string_value(value);
  }
  return object;
}

std::string AliasOrEmpty(const TabletAlias& alias) {
  return alias.empty() ? "" : alias.ToString();
}

Struct CellObject(const Cell& cell) {
  return MakeObject(
      {{"name", cell.name}, {"serverAddress", cell.server_address}, {"root", cell.root}});
}

Struct ShardObject(const Shard& shard) {
  return MakeObject({{"keyspace", shard.keyspace},
                     {"name", shard.name},
                     {"primary", AliasOrEmpty(shard.primary)}});
}

std::string TopologyJson(const std::vector<Cell>& cells, const std::vector<Shard>& shards,
                         const TabletList& list) {
  std::vector<std::string> parts[4];
  for (const Cell& cell : cells) {
    parts[0].push_back(ToJsonLine(CellObject(cell)));
  }
  for (const Shard& shard : shards) {
    parts[1].push_back(ToJsonLine(ShardObject(shard)));
  }
  for (const Tablet& tablet : list.tablets) parts[2].push_back(TabletJson(tablet));
  for (const MissingCell& cell : list.missing_cells) {
    parts[3].push_back(
        ToJsonLine(MakeObject({{"name", cell.name}, {"error", cell.why.ToString()}})));
  }
  return absl::StrCat("{\"cells\":[", absl::StrJoin(parts[0], ","), "],\"shards\":[",
                      absl::StrJoin(parts[1], ","), "],\"tablets\":[", absl::StrJoin(parts[2], ","),
                      "],\"missingCells\":[", absl::StrJoin(parts[3], ","), "]}");
}

// Beside the list, which is not whole then.
void TellMissing(const Session& session, const TabletList& list) {
  if (!list.missing_cells.empty()) session.err << list.MissingText() << '\n';
}

}  // namespace

Result ShowTablets(const Session& session, VitessTopology& topology, const TabletFilter& filter,
                   const AskAgent& ask) {
  GRAFT_ASSIGN_OR_RETURN(const TabletList list, topology.ListTablets(filter));
  const std::vector<Tablet>& tablets = list.tablets;
  TellMissing(session, list);
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
  if (!as_objects) WriteLines(RenderShard(tablets, answers), session.out);
  for (size_t i = 0; as_objects && i < tablets.size(); ++i) {
    WriteObject(session.output, TabletJson(tablets[i], answers[i]), session.out);
  }
  return ExitCode::kDone;
}

Result AddCell(const Session& session, VitessTopology& topology, const Cell& cell) {
  GRAFT_RETURN_IF_ERROR(topology.AddCell(cell));
  if (session.output != OutputFormat::kTable) {
    WriteObject(session.output, ToJsonLine(CellObject(cell)), session.out);
    return ExitCode::kDone;
  }
  session.out << "cell " << cell.name << " is at " << cell.server_address << " under " << cell.root
              << '\n';
  return ExitCode::kDone;
}

Result ShowTopology(const Session& session, VitessTopology& topology) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Cell> cells, topology.ListCells());
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Shard> shards, topology.ListShards(""));
  GRAFT_ASSIGN_OR_RETURN(const TabletList list, topology.ListTablets({}));
  TellMissing(session, list);
  if (session.output != OutputFormat::kTable) {
    WriteObject(session.output, TopologyJson(cells, shards, list), session.out);
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

Result SetPrimary(const Session& session, VitessTopology& topology, const std::string& shard,
                  const std::string& alias) {
  const std::vector<std::string> parts = absl::StrSplit(shard, '/');
  if (parts.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", shard, "\" is no shard; write keyspace/shard, e.g. commerce/0"));
  }
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias tablet, TabletAlias::Parse(alias));
  GRAFT_RETURN_IF_ERROR(topology.SetPrimary(parts[0], parts[1], tablet));
  if (session.output != OutputFormat::kTable) {
    const Shard changed = {parts[0], parts[1], tablet};
    WriteObject(session.output, ToJsonLine(ShardObject(changed)), session.out);
    return ExitCode::kDone;
  }
  session.out << tablet.ToString() << " is the primary of " << shard << '\n';
  return ExitCode::kDone;
}

}  // namespace graft::cli
