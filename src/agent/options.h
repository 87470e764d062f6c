// graftd's options from its command line, its file and its environment, checked once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/hold_observer.h"
#include "agent/restored_backup.h"
#include "agent/tablet_agent.h"
#include "backups/storage_options.h"
#include "command_line/command_line.h"
#include "log/log.h"
#include "mysql/connector_server.h"
#include "provision/repair/auto_repair.h"
#include "topo_open/topo_open.h"

namespace graft {

struct AgentOptions {
  TabletAgent::Options tablet;
  std::string bind_address;  // empty: all
  int port = 0;              // of HTTP; 0: any free one
  int grpc_port = 0;         // 0: any free one
  std::string state_dir;     // holds the journal; outside of mysqld's data directory
  ConnectionOptions mysql;   // to the tablet's own mysqld
  RestoreOptions restore;
  std::string start_command;  // for a mysqld that is down after the copy; empty: none
  RepairRules repair;
  HoldOptions hold;
  TopoOptions topo;
  LogOptions log;
};

// To another tablet's mysqld.
ConnectionOptions PeerConnection(const HostPort& address, const MysqlAccount& account);

// As typed, under Vitess's names and with Vitess's defaults.
struct AgentFlags {
  AgentOptions options;  // what is taken as it is typed; CheckFlags() adds what follows here

  std::string tablet_path;
  std::string init_tablet_type = "replica";
  std::string init_timeout = "1m";

  std::string db_credentials_file;
  struct Account {
    std::string user;
    std::string password;
    std::string password_file;
    bool use_ssl = true;
  };
  Account dba{"vt_dba", "", "", false};
  Account repl{"vt_repl", "", "", true};
  Account clone{"vt_clone", "", "", true};

  bool mysql_clone_enabled = true;
  std::string restore_dir;  // empty: the state directory
  StorageOptions storage;
  std::string restore_from_backup_ts;
  std::string restore_from_backup_max_age;
  std::string restore_to_pos;
  std::string restore_to_timestamp;
  std::string restore_from_backup_allowed_engines;
  bool clone_from_primary = false;
  std::string clone_from_tablet;
  bool clone_from_any = false;
  std::string clone_restart_wait_timeout = "5m";
  std::string replicate_from;  // empty: as UsualSource
  std::string donors;
  std::string primary_donor_after = "0";
  std::string clone_donor_wait_timeout = "1h";
  std::string clone_stall_timeout = "10m";
  std::string clone_donor_gone_timeout = "0";
  std::string clone_catch_up_stall_timeout = "10m";
  bool clone_enable_compression = false;
  bool clone_block_ddl = false;
  std::vector<std::string> allow_unchecked;
  std::vector<std::string> reprovision_on_replication_error;
  std::string reprovision_delay = "1m";
  std::string hold_before_step;

  std::string log_level = "info";
  std::string log_format = "text";
};

class Faults;
// What the flags say of backups; the tablet and the state directory are checked already.
void CheckRestore(const AgentFlags& flags, AgentOptions& options, Faults& faults);

// INVALID_ARGUMENT with every fault found, one to a line. Reads the password files.
absl::StatusOr<AgentOptions> CheckFlags(const AgentFlags& flags);

// Parses a command line. On --help, or a fault, prints and returns the exit code instead.
struct ParsedFlags {
  AgentFlags flags;
  std::vector<GivenOption> given;  // options without their default; of a secret, only its name
  std::optional<int> exit_code;
};
ParsedFlags ParseFlags(int argc, char** argv);

}  // namespace graft
