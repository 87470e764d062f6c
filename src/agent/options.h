// What graftd was told on its command line, in its file and its environment, checked once.
#ifndef GRAFT_AGENT_OPTIONS_H_
#define GRAFT_AGENT_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/secret.h"
#include "graft/tablet.h"
#include "log/log.h"
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
  std::string clone_restart_wait_timeout = "5m";
  std::string replicate_from = "donor";

  TopoOptions topo;
  std::string log_level = "info";
  std::string log_format = "text";
};

struct MysqlAccount {
  std::string user;
  Secret password;
  bool use_ssl = true;
};

struct AgentOptions {
  TabletAlias alias;
  std::string hostname;
  std::string keyspace;
  std::string shard;
  TabletType init_type = TabletType::kReplica;
  absl::Duration init_timeout;
  std::string bind_address;  // empty: all
  int grpc_port = 0;         // 0: any free one
  std::string state_dir;     // holds the journal; outside of mysqld's data directory

  std::string mysql_socket;  // wins over mysql_address
  HostPort mysql_address;    // port 0: asked of the server
  std::string mysql_ssl_ca;
  MysqlAccount dba;
  MysqlAccount repl;
  MysqlAccount clone;

  bool restore_with_clone = false;
  std::optional<DonorChoice> donor;
  ReplicateFrom replicate_from = ReplicateFrom::kDonor;
  absl::Duration restart_wait_timeout;

  TopoOptions topo;
  LogOptions log;
};

// INVALID_ARGUMENT with every fault found, one to a line. Reads the password files.
absl::StatusOr<AgentOptions> CheckFlags(const AgentFlags& flags);

// Parses a command line. On --help, or a fault, prints and returns the exit code instead.
struct ParsedFlags {
  AgentFlags flags;
  std::optional<int> exit_code;
};
ParsedFlags ParseFlags(int argc, char** argv);

}  // namespace graft

#endif  // GRAFT_AGENT_OPTIONS_H_
