// MysqlServer: one mysqld, with the calls that a rebuild of a replica needs.
//
// The object connects at its first call, and again after it has lost the connection. So the object
// may be created while its server is down, and stays valid across restarts of the server. Safe for
// use from several threads. Calls run one after the other, except the CLONE statement, which has a
// connection of its own. Implementations: ConnectorServer (Connector/C++), FakeMysqlServer; one
// contract test runs on both.
//
// Besides the codes named at each method, every call may return
//   UNAVAILABLE        down, shutting down, or the connection was lost (reason MYSQL_GONE)
//   UNAUTHENTICATED    wrong password, unknown account, TLS refused
//   PERMISSION_DENIED  the account lacks a privilege; the text names it
//   DEADLINE_EXCEEDED  no answer within the connection's read timeout
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/progress.h"
#include "graft/secret.h"
#include "graft/server_facts.h"
#include "graft/tablet.h"

namespace graft {

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
  // The statement's connection takes over the lock of HoldServer(), and keeps the lock until the
  // connection ends.
  bool hold = true;
};

struct ReplicationSource {
  HostPort address;
  std::string user;
  Secret password;
  bool use_ssl = true;
  std::vector<ReplicationFilter> filters;  // plain ones, of the default channel
};

struct DisabledEvents {
  std::vector<std::string> names;    // "shop.tick"; also those that an earlier call has disabled
  std::vector<std::string> refused;  // those that are still enabled, and why: "shop.tick (…)"
};

// This port has more than eight methods, because all of them use one server and its one set of
// accounts. Split the port when a caller needs only a part of it.
class MysqlServer {
 public:
  virtual ~MysqlServer() = default;

  virtual absl::StatusOr<ServerFacts> Describe() = 0;

  // Everything that preflight needs; only reads. `agent_user`: the user name whose accounts to
  // report.
  virtual absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) = 0;

  // In the order asked for. NOT_FOUND: the server has no such variable.
  virtual absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) = 0;
  // One after the other; stops at the first failure. INVALID_ARGUMENT.
  virtual absl::Status SetVariables(const std::vector<VariableChange>& changes) = 0;

  // Lets the donor in (clone_valid_donor_list) and sends CLONE INSTANCE on a connection of its own.
  // Returns that connection's id once the statement is on its way; `on_end` is called exactly once,
  // from another thread, with what the statement said:
  //   OK or UNAVAILABLE with RESTART_NEEDED (3707): the copy is made, the server goes down
  //   UNAVAILABLE with MYSQL_GONE (1053, 2006, 2013): nothing is decided; wait for the server, then
  //                     ReadClone()
  //   any other         the clone failed; code and reason speak of the donor's inner error where
  //                     MySQL wrapped one (3862)
  // FAILED_PRECONDITION with SERVER_HELD: as HoldServer(); nothing was sent.
  // The object's destruction does not stop the statement; `on_end` is then not called.
  virtual absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                             std::function<void(absl::Status)> on_end) = 0;

  // clone_status and clone_progress. FAILED_PRECONDITION: the plugin is not loaded (1146).
  virtual absl::StatusOr<CloneReport> ReadClone() = 0;

  // Every connection but the caller's own. PERMISSION_DENIED: the account lacks PROCESS.
  virtual absl::StatusOr<std::vector<ServerSession>> ReadSessions() = 0;

  // KILL QUERY; KILL CONNECTION. NOT_FOUND: no such connection.
  virtual absl::Status KillQuery(int64_t connection_id) = 0;
  virtual absl::Status KillConnection(int64_t connection_id) = 0;

  // INSTALL PLUGIN clone; OK if it is there. Works while super_read_only is ON.
  virtual absl::Status InstallClonePlugin() = 0;

  // Makes every enabled event DISABLE ON REPLICA, as replication itself creates events on a
  // replica; not in the binary log, also while super_read_only is ON. An event that refuses keeps
  // no other from it. If the connection is lost meanwhile, super_read_only may stay OFF.
  virtual absl::StatusOr<DisabledEvents> DisableEvents() = 0;

  virtual absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() = 0;

  // Stops every channel; `forget` also removes the channels (RESET REPLICA ALL). OK if there are no
  // channels; otherwise OK only when every thread has stopped. UNAVAILABLE with
  // REPLICATION_STOPPING, within seconds: the STOP waits until the present transaction is applied.
  // This STOP stays pending and takes effect even without another call. Another call does not send
  // a second STOP.
  virtual absl::Status StopReplication(bool forget) = 0;

  // With a source: points the default channel at the source by GTID auto-position, then starts the
  // channel. Without a source: starts the configured channels. FAILED_PRECONDITION: no channel is
  // configured. UNAVAILABLE with REPLICATION_STOPPING: a STOP is pending, and would undo the start.
  virtual absl::Status StartReplication(const std::optional<ReplicationSource>& source) = 0;

  // SOURCE_DELAY of the default channel, in whole seconds; the channel stops meanwhile, and runs
  // afterwards, also if the server refuses. UNAVAILABLE with REPLICATION_STOPPING, as above.
  virtual absl::Status DelayReplication(absl::Duration delay) = 0;

  // Lets one agent use a mysqld: takes a lock on the server, on a connection of its own that stays
  // open (this connection delays mysqld's shutdown by 2 s). Another call checks that this object
  // still holds the lock, and takes the lock again if it was lost. `own_clone`: the connection of a
  // CLONE that this agent knows as its own, for instance from its journal (0: none). The call also
  // succeeds if that connection, a CLONE that this object sent, or a CLONE of a dead agent holds
  // the lock. FAILED_PRECONDITION with SERVER_HELD: another agent holds the lock; the text names
  // that agent.
  virtual absl::Status HoldServer(int64_t own_clone) = 0;
  // Closes that connection. A CLONE's connection keeps its lock.
  virtual void ReleaseServer() = 0;
};

}  // namespace graft
