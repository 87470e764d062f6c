// graftd's options from its command line, its file and its environment, checked once.
#ifndef GRAFT_AGENT_OPTIONS_H_
#define GRAFT_AGENT_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/hold_observer.h"
#include "command_line/given_options.h"
#include "graft/operation.h"
#include "graft/secret.h"
#include "graft/tablet.h"
#include "log/log.h"
#include "provision/repair/repair_decision.h"
#include "topo_open/topo_open.h"

namespace graft {

// As typed, under Vitess's names and with Vitess's defaults.
struct AgentFlags {
  std::string tablet_path;
  std::string tablet_hostname;
  std::string init_keyspace;
  std::string init_shard;
  std::string init_tablet_type = "replica";
  std::string init_timeout = "1m";
  std::string bind_address;
  int port = 0;
  int grpc_port = 0;
  std::string state_dir;

  std::string db_socket;
  std::string db_host;
  int db_port = 0;
  std::string db_ssl_ca;
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
  bool restore_with_clone = false;
  bool restore_from_backup = false;
  std::string restore_from_backup_ts;
  std::string restore_to_pos;
  std::string restore_to_timestamp;
  std::string restore_from_backup_allowed_engines;
  bool clone_from_primary = false;
  std::string clone_from_tablet;
  bool clone_from_any = false;
  std::string clone_restart_wait_timeout = "5m";
  std::string replicate_from = "donor";
  int clone_max_attempts = 3;
  std::string clone_donor_wait_timeout = "1h";
  std::string clone_stall_timeout = "10m";
  std::string clone_donor_gone_timeout = "0";
  std::string clone_catch_up_stall_timeout = "10m";
  std::optional<int64_t> clone_max_data_bandwidth;     // MiB/s
  std::optional<int64_t> clone_max_network_bandwidth;  // MiB/s
  std::optional<int> clone_max_concurrency;
  bool clone_enable_compression = false;
  bool clone_block_ddl = false;
  bool allow_non_innodb = false;
  bool allow_unchecked = false;
  std::string mysqld_start_command;
  std::vector<std::string> reprovision_on_replication_error;
  std::string reprovision_delay = "1m";
  int reprovision_daily_limit = 2;
  std::string hold_before_step;

  TopoOptions topo;
  std::string log_level = "info";
  std::string log_format = "text";
};

struct MysqlAccount {
  std::string user;
  Secret password;
  bool use_ssl = true;
};

// The defaults of requests, and the bounds of every operation.
struct CloneOptions {
  std::optional<DonorChoice> donor;
  ReplicateFrom replicate_from = ReplicateFrom::kDonor;
  CloneSettings settings;
  Allowances allow;
  int max_attempts = 3;
  absl::Duration restart_wait_timeout;
  absl::Duration donor_wait_timeout;
  absl::Duration stall_timeout;       // zero: none
  absl::Duration donor_gone_timeout;  // zero: none
  absl::Duration catch_up_stall_timeout = absl::Minutes(10);
  std::string start_command;  // for a mysqld that is down after the copy; empty: none
};

struct AgentOptions {
  TabletAlias alias;
  std::string hostname;
  std::string keyspace;
  std::string shard;
  TabletType init_type = TabletType::kReplica;
  absl::Duration init_timeout;
  std::string bind_address;  // empty: all
  int port = 0;              // of HTTP; 0: any free one
  int grpc_port = 0;         // 0: any free one
  std::string state_dir;     // holds the journal; outside of mysqld's data directory

  std::string mysql_socket;  // wins over mysql_address
  HostPort mysql_address;    // port 0: asked of the server
  std::string mysql_ssl_ca;
  MysqlAccount dba;
  MysqlAccount repl;
  MysqlAccount clone;

  bool restore_with_clone = false;
  CloneOptions clone_options;
  RepairRules repair;
  HoldOptions hold;

  TopoOptions topo;
  LogOptions log;
};

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

#endif  // GRAFT_AGENT_OPTIONS_H_
