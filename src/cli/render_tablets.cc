#include "cli/render_tablets.h"

#include "absl/strings/str_join.h"
#include "cli/operation_view.h"
#include "cli/text.h"
#include "topo/records.h"

namespace graft::cli {
namespace {

std::vector<std::string> TabletRow(const Tablet& tablet) {
  const auto pair = absl::PairFormatter("=");
  const auto graft = tablet.port_map.find("graft");
  const std::string agent = tablet.hostname.empty() ? "stopped"
                            : graft == tablet.port_map.end()
                                ? tablet.hostname
                                : HostPort{tablet.hostname, graft->second}.ToString();
  return {tablet.alias.ToString(),
          tablet.keyspace,
          tablet.shard,
          std::string(TabletTypeName(tablet.type)),
          agent,
          tablet.mysql.empty() ? "-" : tablet.mysql.ToString(),
          absl::StrJoin(tablet.tags, ",", pair)};
}

}  // namespace

std::vector<std::string> RenderTablets(const std::vector<Tablet>& tablets) {
  std::vector<std::vector<std::string>> rows = {
      {"TABLET", "KEYSPACE", "SHARD", "TYPE", "AGENT", "MYSQL", "TAGS"}};
  for (const Tablet& tablet : tablets) rows.push_back(TabletRow(tablet));
  return AlignColumns(rows);
}

std::string TabletJson(const Tablet& tablet) {
  topodata::Tablet record;
  topo::MergeInto(tablet, record);
  return ToJsonLine(record);
}

}  // namespace graft::cli
