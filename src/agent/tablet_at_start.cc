#include "agent/tablet_at_start.h"

namespace graft {

namespace {

bool WasThereOne(const TabletState& state) {
  return !state.operation.request.id.empty();
}

}  // namespace

bool IsUnfinished(const TabletState& state) {
  return WasThereOne(state) && state.operation.outcome == Outcome::kRunning;
}

bool MustNotServe(const TabletState& state) {
  return WasThereOne(state) && state.operation.outcome != Outcome::kDone &&
         (state.operation.data_state != DataState::kIntact || state.fence.up);
}

bool EndedBadly(const TabletState& state) {
  return !IsUnfinished(state) && MustNotServe(state);
}

bool RecordSaysDropped(const TabletState& state, const Tablet& record) {
  const auto data_state = record.tags.find("graft.data_state");
  return !WasThereOne(state) && record.type == TabletType::kRestore &&
         data_state != record.tags.end() &&
         (data_state->second == "PARTIAL" || data_state->second == "EMPTY");
}

TabletType TypeWithoutOperation(const TabletState& state, TabletType init_type) {
  const bool found_out = WasThereOne(state) && state.operation.outcome != Outcome::kDone &&
                         state.type_before == TabletType::kRestore;
  return found_out ? TabletType::kRestore : init_type;
}

Tablet AnnouncedTablet(const AgentOptions& options, const TabletState& state,
                       const AgentPorts& ports) {
  Tablet tablet;
  tablet.alias = options.alias;
  tablet.hostname = options.hostname;
  if (ports.http != 0) tablet.port_map["vt"] = ports.http;
  tablet.port_map["graft"] = ports.grpc;
  tablet.keyspace = options.keyspace;
  tablet.shard = options.shard;
  // Not to be served from before it is known to hold data.
  const bool holds_back = options.restore_with_clone || MustNotServe(state);
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
