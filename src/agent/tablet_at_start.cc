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

Tablet AnnouncedTablet(const TabletAgent::Options& options, const TabletState& state,
                       const TabletAgent::ApiPorts& ports) {
  Tablet tablet;
  tablet.alias = options.provisioner.alias;
  tablet.hostname = options.hostname;
  if (ports.http != 0) tablet.port_map["vt"] = ports.http;
  tablet.port_map["graft"] = ports.grpc;
  tablet.keyspace = options.provisioner.keyspace;
  tablet.shard = options.provisioner.shard;
  // Not to be served from before it is known to hold data.
  const bool holds_back = options.restore_with_clone || MustNotServe(state);
  tablet.type = holds_back ? TabletType::kRestore : options.provisioner.init_type;
  if (options.advertised_mysql.port != 0) tablet.mysql = options.advertised_mysql;
  return tablet;
}

}  // namespace graft
