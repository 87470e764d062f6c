// MysqlServer: one mysqld, as far as rebuilding a replica needs it.
//
// Connections are made when first needed and made anew after a loss, so an object may be created
// while its server is down and outlives restarts. Safe for use from several threads; calls are
// served one after the other, except the CLONE statement, which has a connection of its own.
// Implementations: ConnectorServer (Connector/C++), FakeMysqlServer; one contract test on both.
//
// Besides the codes named at each method, every call may return
//   UNAVAILABLE        down, shutting down, or the connection was lost (reason MYSQL_GONE)
//   UNAUTHENTICATED    wrong password, unknown account, TLS refused
//   PERMISSION_DENIED  the account lacks a privilege; the text names it
//   DEADLINE_EXCEEDED  no answer within the connection's read timeout
#ifndef GRAFT_MYSQL_SERVER_H_
#define GRAFT_MYSQL_SERVER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/clone_report.h"
#include "graft/secret.h"
#include "graft/tablet.h"

namespace graft {

// Reason (see base/errors.h) of an UNAVAILABLE that means: the connection or the server went away.
inline constexpr char kReasonMysqlGone[] = "MYSQL_GONE";

struct ServerFacts {
  std::string version;  // @@version, e.g. "9.7.4-2"
  std::string server_uuid;
  std::string now;        // the server's own UTC time, "2026-11-20 13:00:00.123": compares with
                          // CloneStatus::begin_time as text
  absl::Duration uptime;  // whole seconds
  int lower_case_table_names = 0;
  bool read_only = false;
  bool super_read_only = false;
  std::string gtid_mode;
  std::string gtid_executed;
  std::string gtid_purged;
  std::string clone_plugin_status;        // "ACTIVE", "DISABLED" …; empty: not installed
  std::set<std::string> privileges;       // global ones of the account used: "BACKUP_ADMIN"
  std::vector<std::string> user_schemas;  // all but mysql, sys and the two virtual ones
};

struct Variable {
  std::string name;
  std::string value;                     // of @@global
  std::optional<std::string> persisted;  // in mysqld-auto.cnf
};

struct VariableChange {
  enum class How {
    kGlobal,       // SET GLOBAL: until the server stops
    kPersistOnly,  // SET PERSIST_ONLY: from the next start on; survives CLONE
    kForget,       // RESET PERSIST IF EXISTS
  };
  How how = How::kGlobal;
  std::string name;
  std::string value;  // "ON", "OFF", a number, or text; unused for kForget
};

struct CloneRequest {
  HostPort donor;
  std::string user;
  Secret password;
  bool require_ssl = true;
  // Bounds each wait for a metadata lock in DROP DATA; MySQL's own default is a year.
  absl::Duration lock_wait_timeout = absl::Seconds(10);
};

struct ReplicationChannel {
  std::string name;  // "" is the default channel
  HostPort source;
  bool receiver_running = false;  // "IO thread"
  bool receiver_connecting = false;
  bool applier_running = false;  // "SQL thread"
  int receiver_errno = 0;
  std::string receiver_error;
  int applier_errno = 0;
  std::string applier_error;
  std::optional<absl::Duration> lag;  // whole seconds; nullopt: unknown
  bool auto_position = false;
};

struct ReplicationSource {
  HostPort address;
  std::string user;
  Secret password;
  bool use_ssl = true;
};

class MysqlServer {
 public:
  virtual ~MysqlServer() = default;

  virtual absl::StatusOr<ServerFacts> Describe() = 0;

  // In the order asked for. NOT_FOUND: the server has no such variable.
  virtual absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) = 0;
  // One after the other; stops at the first failure. INVALID_ARGUMENT.
  virtual absl::Status SetVariables(const std::vector<VariableChange>& changes) = 0;

  // Lets the donor in (clone_valid_donor_list) and sends CLONE INSTANCE on a connection of its own.
  // Returns that connection's id once the statement is on its way; `on_end` is called exactly once,
  // from another thread, with what the statement said:
  //   OK or UNAVAILABLE with MYSQL_GONE  (OK packet, 3707, 1053, 2006, 2013): nothing is decided;
  //                     wait for the server, then ReadClone()
  //   any other         the clone failed; code and reason speak of the donor's inner error where
  //                     MySQL wrapped one (3862)
  // The object's end abandons the statement without stopping it; `on_end` is then not called.
  virtual absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                             std::function<void(absl::Status)> on_end) = 0;

  // clone_status and clone_progress. FAILED_PRECONDITION: the plugin is not loaded (1146).
  virtual absl::StatusOr<CloneReport> ReadClone() = 0;

  // KILL QUERY. NOT_FOUND: no such connection.
  virtual absl::Status KillQuery(int64_t connection_id) = 0;

  virtual absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() = 0;

  // Stops every channel; `forget` also removes them (RESET REPLICA ALL). OK if there are none.
  virtual absl::Status StopReplication(bool forget) = 0;

  // With a source: makes the default channel follow it by GTID auto-position, then starts it.
  // Without: starts the channels that are configured. FAILED_PRECONDITION: none is.
  virtual absl::Status StartReplication(const std::optional<ReplicationSource>& source) = 0;
};

}  // namespace graft

#endif  // GRAFT_MYSQL_SERVER_H_
