#include "cli/render.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "cli/agent_client.h"
#include "cli/output.h"
#include "cli/text.h"
#include "google/protobuf/struct.pb.h"
#include "topo/records.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

std::string AgentText(const Tablet& tablet) {
  if (tablet.hostname.empty()) return "stopped";
  if (tablet.Port("graft") == 0) return tablet.hostname;
  return HostPort{tablet.hostname, tablet.Port("graft")}.ToString();
}

std::string MysqlText(const Tablet& tablet) {
  return tablet.mysql.empty() ? "-" : tablet.mysql.ToString();
}

std::vector<std::string> TabletRow(const Tablet& tablet) {
  return {tablet.alias.ToString(),
          tablet.keyspace,
          tablet.shard,
          std::string(TabletTypeName(tablet.type)),
          AgentText(tablet),
          MysqlText(tablet),
          absl::StrJoin(tablet.tags, ",", absl::PairFormatter("="))};
}

std::string TagOr(const Tablet& tablet, const std::string& tag, const char* otherwise) {
  const std::string value = tablet.Tag(tag);
  return value.empty() ? otherwise : value;
}

// Lag, data state, step and percent.
std::vector<std::string> StateByRecord(const Tablet& tablet) {
  return {"?", TagOr(tablet, "graft.data_state", "-"), TagOr(tablet, "graft.step", "-"),
          TagOr(tablet, "graft.progress", "-")};
}

std::vector<std::string> StateByAgent(const AgentAnswer& answer) {
  std::vector<std::string> cells = {LagText(answer.tablet), "-", "-", "-"};
  if (!answer.operation.has_value()) return cells;
  const v1::Operation& operation = *answer.operation;
  cells[1] = v1::DataState_Name(operation.data_state());
  if (operation.outcome() != v1::RUNNING) return cells;
  cells[2] = operation.step();
  if (!operation.progress().phases().empty()) {
    cells[3] = absl::StrCat(view::PercentOf(operation.progress().percent() / 100), "%");
  }
  return cells;
}

std::vector<std::string> ShardRow(const Tablet& tablet, const absl::StatusOr<AgentAnswer>& answer) {
  std::vector<std::string> row = {tablet.alias.ToString(),
                                  absl::StrCat(tablet.keyspace, "/", tablet.shard),
                                  std::string(TabletTypeName(tablet.type)), MysqlText(tablet)};
  if (answer.ok() && !answer->tablet.mysql_reachable()) row.back() += " is down";
  const std::vector<std::string> state =
      answer.ok() ? StateByAgent(*answer) : StateByRecord(tablet);
  row.insert(row.end(), state.begin(), state.end());
  row.push_back(AgentText(tablet));
  if (!answer.ok() && AgentOf(tablet).ok()) {
    row.back() +=
        absl::IsDeadlineExceeded(answer.status()) ? " does not answer in time" : " does not answer";
  }
  return row;
}

}  // namespace

std::vector<std::string> RenderTablets(const std::vector<Tablet>& tablets) {
  std::vector<std::vector<std::string>> rows = {
      {"TABLET", "KEYSPACE", "SHARD", "TYPE", "AGENT", "MYSQL", "TAGS"}};
  for (const Tablet& tablet : tablets) rows.push_back(TabletRow(tablet));
  return AlignColumns(rows);
}

std::vector<std::string> RenderShard(const std::vector<Tablet>& tablets,
                                     const std::vector<absl::StatusOr<AgentAnswer>>& answers) {
  std::vector<std::vector<std::string>> rows = {
      {"TABLET", "SHARD", "TYPE", "MYSQL", "LAG", "DATA", "STEP", "DONE", "AGENT"}};
  rows.reserve(tablets.size() + 1);
  for (size_t i = 0; i < tablets.size(); ++i) rows.push_back(ShardRow(tablets[i], answers[i]));
  return AlignColumns(rows);
}

std::string LagText(const v1::GetTabletResponse& tablet) {
  if (!tablet.mysql_reachable() || tablet.replication().empty()) return "-";
  absl::Duration lag;
  for (const v1::ReplicationStatus& channel : tablet.replication()) {
    const int error =
        channel.applier_errno() != 0 ? channel.applier_errno() : channel.receiver_errno();
    if (error != 0) return absl::StrCat("error ", error);
    if (!channel.receiver_running() || !channel.applier_running()) return "stopped";
    if (!channel.has_lag()) return "unknown";
    lag = std::max(lag, FromDuration(channel.lag()));
  }
  return HumanDuration(lag);
}

std::string TabletJson(const Tablet& tablet) {
  topodata::Tablet record;
  topo::MergeInto(tablet, record);
  return ToJsonLine(record);
}

std::string TabletJson(const Tablet& tablet, const absl::StatusOr<AgentAnswer>& answer) {
  std::string agent;
  if (answer.ok()) {
    agent =
        absl::StrCat("{\"answers\":true,\"tablet\":", ToJsonLine(answer->tablet), ",\"operation\":",
                     answer->operation.has_value() ? ToJsonLine(*answer->operation) : "null", "}");
  } else {
    google::protobuf::Value error;  // for its quoting
    error.set_string_value(answer.status().ToString());
    agent = absl::StrCat("{\"answers\":false,\"error\":", ToJsonLine(error), "}");
  }
  std::string json = TabletJson(tablet);
  json.pop_back();  // its closing brace
  return absl::StrCat(json, ",\"agent\":", agent, "}");
}

}  // namespace graft::cli
