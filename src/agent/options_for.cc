#include "agent/options_for.h"

#include "agent/tablet_at_start.h"

namespace graft {

ConnectionOptions LocalConnection(const AgentOptions& options) {
  ConnectionOptions connection;
  connection.socket = options.mysql_socket;
  connection.address = options.mysql_address;
  connection.user = options.dba.user;
  connection.password = options.dba.password;
  connection.require_ssl = options.dba.use_ssl && options.mysql_socket.empty();
  connection.ssl_ca = options.mysql_ssl_ca;
  return connection;
}

ConnectionOptions WatchingConnection(const AgentOptions& options) {
  ConnectionOptions connection = LocalConnection(options);
  connection.keep_session = false;
  return connection;
}

ConnectionOptions PeerConnection(const AgentOptions& options, const HostPort& address) {
  ConnectionOptions connection;
  connection.address = address;
  connection.user = options.clone.user;
  connection.password = options.clone.password;
  connection.require_ssl = options.clone.use_ssl;
  connection.ssl_ca = options.mysql_ssl_ca;
  return connection;
}

ProvisionerOptions ForProvisioner(const AgentOptions& options) {
  ProvisionerOptions result;
  result.alias = options.alias;
  result.keyspace = options.keyspace;
  result.shard = options.shard;
  result.init_type = options.init_type;
  result.clone_user = options.clone.user;
  result.clone_password = options.clone.password;
  result.clone_use_ssl = options.clone.use_ssl;
  result.repl_user = options.repl.user;
  result.repl_password = options.repl.password;
  result.repl_use_ssl = options.repl.use_ssl;
  result.agent_user = options.dba.user;
  const CloneOptions& clone = options.clone_options;
  result.restart_wait_timeout = clone.restart_wait_timeout;
  result.max_attempts = clone.max_attempts;
  result.donor_wait_timeout = clone.donor_wait_timeout;
  result.stall_timeout = clone.stall_timeout;
  result.donor_gone_timeout = clone.donor_gone_timeout;
  result.catch_up_stall_timeout = clone.catch_up_stall_timeout;
  return result;
}

TabletAgent::Options ForTabletAgent(const AgentOptions& options) {
  return {ForProvisioner(options), ForOperations(options), AdvertisedMysql(options),
          options.restore_with_clone, options.init_timeout};
}

AutoRepair::Options ForRepair(const AgentOptions& options) {
  AutoRepair::Options result;
  result.alias = options.alias;
  result.keyspace = options.keyspace;
  result.shard = options.shard;
  result.rules = options.repair;
  result.donor = options.clone_options.donor;
  return result;
}

Operations::Defaults ForOperations(const AgentOptions& options) {
  const CloneOptions& clone = options.clone_options;
  return {options.alias, clone.donor, clone.replicate_from, clone.settings, clone.allow};
}

}  // namespace graft
