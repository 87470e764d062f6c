// The facts of a healthy pair: nothing about it is to be found.
#pragma once

#include <set>
#include <string>

#include "provision/preflight/preflight.h"

namespace graft {

inline constexpr CheckOutcome kFatal = CheckOutcome::kFatal;
inline constexpr CheckOutcome kUnchecked = CheckOutcome::kUnchecked;
inline constexpr CheckOutcome kWarning = CheckOutcome::kWarning;

inline constexpr char kPrimaryUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
inline constexpr int64_t kGib = int64_t{1} << 30;

inline const std::set<std::string> kAgentPrivileges = {"CLONE_ADMIN",
                                                       "SYSTEM_VARIABLES_ADMIN",
                                                       "PERSIST_RO_VARIABLES_ADMIN",
                                                       "REPLICATION_SLAVE_ADMIN",
                                                       "REPLICATION CLIENT",
                                                       "RELOAD",
                                                       "CONNECTION_ADMIN",
                                                       "SELECT",
                                                       "PROCESS",
                                                       "SYSTEM_USER"};

inline ServerSurvey HealthyServer() {
  ServerSurvey server;
  server.facts.version = "9.7.4-2";
  server.facts.gtid_mode = "ON";
  server.facts.gtid_executed = std::string(kPrimaryUuid) + ":1-100";
  server.facts.clone_plugin_status = "ACTIVE";
  server.facts.user_schemas = {"shop"};
  server.variables = {
      {"version_compile_os", "Linux"},
      {"version_compile_machine", "x86_64"},
      {"innodb_page_size", "16384"},
      {"innodb_data_file_path", "ibdata1:12M:autoextend"},
      {"character_set_server", "utf8mb4"},
      {"collation_server", "utf8mb4_0900_ai_ci"},
      {"character_set_filesystem", "binary"},
      {"innodb_force_recovery", "0"},
      {"innodb_read_only", "OFF"},
      {"innodb_redo_log_capacity", "1073741824"},
      {"innodb_redo_log_encrypt", "OFF"},
      {"innodb_undo_log_encrypt", "OFF"},
      {"innodb_directories", "NULL"},
      {"innodb_undo_directory", "./"},
      {"datadir", "/var/lib/mysql/"},
      {"max_allowed_packet", "67108864"},
      {"max_connections", "151"},
      {"clone_max_concurrency", "16"},
      {"persisted_globals_load", "ON"},
      {"require_secure_transport", "OFF"},
      {"log_bin", "ON"},
      {"performance_schema", "ON"},
  };
  server.plugins = {{"InnoDB", "", false}, {"clone", "mysql_clone.so", false}};
  server.collations = {"utf8mb4_0900_ai_ci", "binary"};
  server.tablespaces = TablespaceFacts();
  server.tablespaces->bytes = 10 * kGib;
  server.tablespaces->dropped_bytes = 9 * kGib;
  server.non_innodb_tables = std::vector<std::string>();
  server.sessions = std::vector<ServerSession>();
  server.channels = std::vector<ReplicationChannel>();
  server.filters = std::vector<ReplicationFilter>();
  ServerAccount account{"localhost", "caching_sha2_password", "0123456789abcdef"};
  account.privileges = account.with_all_roles = kAgentPrivileges;
  server.accounts = std::vector<ServerAccount>{account};
  return server;
}

inline ReplicationChannel RunningChannel() {
  ReplicationChannel channel;
  channel.source = {"db-100.example", 3306};
  channel.receiver_running = channel.applier_running = true;
  channel.lag = absl::Seconds(1);
  channel.auto_position = true;
  return channel;
}

// The recipient is a replica, the donor the primary that it will follow.
inline PreflightFacts HealthyPair() {
  PreflightFacts facts;
  facts.recipient = HealthyServer();
  facts.recipient.facts.server_uuid = "00000000-0000-0000-0000-000000000101";
  facts.recipient.facts.read_only = facts.recipient.facts.super_read_only = true;
  facts.recipient.facts.privileges = kAgentPrivileges;
  facts.recipient.variables["server_id"] = "101";
  facts.recipient.account_user = "vt_dba";
  facts.recipient.account_host = "localhost";
  facts.recipient.channels->push_back(RunningChannel());
  facts.recipient.tablespaces->bytes = 2 * kGib;
  facts.recipient.tablespaces->dropped_bytes = 1 * kGib;
  facts.host = HostFacts{20 * kGib, {}, true, {}, std::vector<std::string>{"mysql_clone.so"}};

  facts.donor = HealthyServer();
  facts.donor->facts.server_uuid = kPrimaryUuid;
  facts.donor->facts.privileges = {"BACKUP_ADMIN", "PROCESS", "REPLICATION CLIENT", "SELECT"};
  facts.donor->variables["server_id"] = "100";
  facts.donor->account_user = "vt_clone";
  facts.donor->account_host = "%";
  facts.source = facts.source_as_replica = facts.donor->facts;
  facts.source_as_replica->privileges = {"REPLICATION SLAVE"};
  facts.primary = facts.donor->facts;
  facts.donor_alias = {"zone1", 100};
  facts.donor_mysql = {"db-100.example", 3306};
  facts.source_alias = facts.primary_alias = facts.donor_alias;
  facts.donor_recorded_uuid = facts.source_recorded_uuid = facts.primary_recorded_uuid =
      kPrimaryUuid;
  facts.shard_addresses = {{"db-100.example", 3306}, {"db-101.example", 3306}};
  return facts;
}

// The donor is a replica of that primary, which the recipient will follow.
inline PreflightFacts HealthyPairWithReplicaAsDonor() {
  PreflightFacts facts = HealthyPair();
  facts.donor->facts.server_uuid = "00000000-0000-0000-0000-000000000102";
  facts.donor_recorded_uuid = facts.donor->facts.server_uuid;
  facts.donor->variables["server_id"] = "102";
  facts.donor->channels->push_back(RunningChannel());
  facts.donor_alias = {"zone1", 102};
  return facts;
}

}  // namespace graft
