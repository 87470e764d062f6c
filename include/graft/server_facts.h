// The facts that one mysqld shows about itself, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/replication_channel.h"

namespace graft {

struct SemiSync {
  bool waits = false;         // as a source: commits wait now
  int64_t wait_for = 0;       // for so many acknowledgers
  int64_t acknowledgers = 0;  // that are connected
  absl::Duration patience;    // for so long, in ms, if there are fewer; 0: not at all
  bool acknowledges = false;  // as a replica: to its source
};

struct ServerFacts {
  std::string version;  // @@version, e.g. "9.7.4-2"
  std::string server_uuid;
  std::string now;  // UTC, "2026-11-20 13:00:00.123": compares with CloneStatus::begin_time as text
  absl::Duration uptime;  // whole seconds
  // Identifies the server's process: changes at every restart, and stays the same while the process
  // runs, even if somebody sets the wall clock. Compare it only for equality.
  std::string process;
  bool performance_schema = true;  // OFF: the clone tables and much else stay empty
  int lower_case_table_names = 0;
  bool read_only = false;
  bool super_read_only = false;
  std::string gtid_mode;
  std::string gtid_executed;
  std::string gtid_purged;
  std::string clone_plugin_status;  // "ACTIVE", "DISABLED" …; empty: not installed
  SemiSync semi_sync;
  std::set<std::string> privileges;       // global ones of the account used: "BACKUP_ADMIN"
  std::vector<std::string> user_schemas;  // all but mysql, sys and the two virtual ones
};

struct Variable {
  std::string name;
  std::string value;                     // of @@global
  std::optional<std::string> persisted;  // in mysqld-auto.cnf
  // Where the value of @@global comes from: "COMPILED", "EXPLICIT" (my.cnf), "PERSISTED", "DYNAMIC"
  // (SET GLOBAL or SET PERSIST).
  std::string source;
  // Who set this value, "vt_dba@localhost", and when; known only for the last two sources. After
  // SET PERSIST_ONLY the next start takes both from mysqld-auto.cnf, which CLONE does not change.
  std::string set_by;
  absl::Time set_at = absl::InfinitePast();
};

// A connection to the server. Its own threads (replication, events) are not among them.
struct ServerSession {
  int64_t connection_id = 0;
  std::string user;
  std::string host;
  std::string command;  // "Sleep", "Query", "Binlog Dump GTID", "clone"
  std::string state;
  absl::Duration in_command;  // whole seconds
  std::string statement;      // its first 100 characters; no secret is in it
  bool in_transaction = false;
  std::vector<int64_t> waits_for;  // connections that hold the metadata locks it waits for
};

struct ServerPlugin {
  std::string name;
  std::string library;        // "mysql_clone.so"; empty: built in
  bool by_statement = false;  // INSTALL PLUGIN: its row is in mysql.plugin, which CLONE replaces
};

struct ServerAccount {
  std::string host;
  std::string plugin;       // "caching_sha2_password"
  std::string fingerprint;  // of its authentication string; equal ones have the same password
  // Global ones, once it has logged in: with its default roles, and with all that it was granted.
  // nullopt: they cannot be seen.
  std::optional<std::set<std::string>> privileges = std::nullopt;
  std::optional<std::set<std::string>> with_all_roles = std::nullopt;
};

struct TablespaceFacts {
  int64_t bytes = 0;                 // of all InnoDB tablespaces and undo, file or allocated size
  int64_t dropped_bytes = 0;         // of these, allocated inside the data directory by user data
  std::vector<std::string> outside;  // data files outside of the data directory, without undo
  std::vector<std::string> undo;     // undo files, as MySQL shows their paths: "./undo_001"
  std::map<std::string, int64_t> files_in;  // data files in each database's folder, by its name
  std::vector<std::string> encrypted;       // names of encrypted tablespaces
};

// The facts that preflight reads from a server beyond ServerFacts. If this account may not read a
// part, or this version does not have it, the part holds the status that says why.
struct ServerSurvey {
  ServerFacts facts;
  std::map<std::string, std::string> variables;  // @@global of SurveyedVariables(), if it has them
  std::map<std::string, std::string> sources;    // of all variables, as Variable::source
  std::optional<bool> named_time_zones;          // the tables of time zones are filled
  std::string account_user;                      // of CURRENT_USER()
  std::string account_host;
  std::vector<ServerPlugin> plugins;  // the ACTIVE ones
  std::set<std::string> collations;
  bool redo_log_enabled = true;
  bool keyring_active = false;
  absl::StatusOr<bool> group_replication = false;  // this server is a member of a group
  absl::StatusOr<TablespaceFacts> tablespaces = absl::UnknownError("not asked");
  absl::StatusOr<std::vector<std::string>> non_innodb_tables =  // "shop.log (MyISAM)"
      absl::UnknownError("not asked");
  absl::StatusOr<std::vector<ServerSession>> sessions = absl::UnknownError("not asked");
  absl::StatusOr<std::vector<ReplicationChannel>> channels = absl::UnknownError("not asked");
  absl::StatusOr<std::vector<ReplicationFilter>> filters = absl::UnknownError("not asked");
  // Those with the name of the agent's own account.
  absl::StatusOr<std::vector<ServerAccount>> accounts = absl::UnknownError("not asked");
};

// The names that Survey() reads, all of @@global.
const std::vector<std::string>& SurveyedVariables();

}  // namespace graft
