#include "agent/tablet_at_start.h"

namespace graft {

bool IsUnfinished(const std::vector<Operation>& history) {
  return !history.empty() && history.back().outcome == Outcome::kRunning;
}

bool EndedBadly(const std::vector<Operation>& history) {
  return !history.empty() && !IsUnfinished(history) && history.back().outcome != Outcome::kDone &&
         (history.back().data_state != DataState::kIntact || history.back().fence.up);
}

bool RecordSaysDropped(const std::vector<Operation>& history, const Tablet& record) {
  const auto data_state = record.tags.find("graft.data_state");
  return history.empty() && record.type == TabletType::kRestore &&
         data_state != record.tags.end() &&
         (data_state->second == "PARTIAL" || data_state->second == "EMPTY");
}

TabletType TypeWithoutOperation(const std::vector<Operation>& history, TabletType init_type) {
  if (history.empty()) return init_type;
  const Operation& last = history.back();
  return last.outcome == Outcome::kDone ? last.type_after : last.type_before;
}

Tablet AnnouncedTablet(const AgentOptions& options, const std::vector<Operation>& history,
                       const AgentPorts& ports) {
  Tablet tablet;
  tablet.alias = options.alias;
  tablet.hostname = options.hostname;
  if (ports.http != 0) tablet.port_map["vt"] = ports.http;
  tablet.port_map["graft"] = ports.grpc;
  tablet.keyspace = options.keyspace;
  tablet.shard = options.shard;
  // Not to be served from before it is known to hold data.
  const bool holds_back = options.restore_with_clone || EndedBadly(history);
  tablet.type = holds_back ? TabletType::kRestore : options.init_type;
  if (AdvertisedMysql(options).port != 0) tablet.mysql = AdvertisedMysql(options);
  return tablet;
}

HostPort AdvertisedMysql(const AgentOptions& options) {
  const bool by_tcp = options.mysql_socket.empty();
  return {by_tcp ? options.mysql_address.host : options.hostname,
          by_tcp ? options.mysql_address.port : 0};
}

}  // namespace graft
