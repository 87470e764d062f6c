#include "cli/find_agent.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft::cli {

absl::StatusOr<std::string> AgentAddress(const Tablet& tablet) {
  const TabletAlias& alias = tablet.alias;
  if (tablet.shutdown_time != absl::InfinitePast()) {
    return absl::UnavailableError(absl::StrCat(
        "the agent of ", alias.ToString(), " was stopped at ",
        absl::FormatTime("%Y-%m-%d %H:%M:%SZ", tablet.shutdown_time, absl::UTCTimeZone()),
        ": start graftd there"));
  }
  const auto port = tablet.port_map.find("graft");
  if (tablet.hostname.empty() || port == tablet.port_map.end() || port->second <= 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("tablet ", alias.ToString(), " has no graft agent: its record holds no ",
                     tablet.hostname.empty() ? "hostname" : "port \"graft\"",
                     "; start graftd beside its mysqld, or give --server host:port"));
  }
  return HostPort{tablet.hostname, port->second}.ToString();
}

absl::StatusOr<std::string> FindAgent(Topology& topology, const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, topology.GetTablet(alias));
  return AgentAddress(tablet);
}

}  // namespace graft::cli
