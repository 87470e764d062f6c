// FakeMysqlServer: a mysqld that lives on a simulated clock.
//
// Clones by a script, stage after stage, and shows the same as the real server: the rows of
// clone_status and clone_progress, the downtime of the restart, the data that is left after each
// failure. Nothing moves but by the clock, so `on_end` of StartClone is called by whoever waits on
// the clock. Safe for use from several threads. `clock` must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "fakes/simulated_clock.h"
#include "graft/mysql_server.h"

namespace graft {

// The script of the next CLONE. Read when the statement starts.
struct CloneScript {
  // The checks before the first stage, before clone_status speaks of the run; with the default the
  // row is there at once.
  absl::Duration checks;
  absl::Duration drop = absl::Seconds(1);
  absl::Duration copy = absl::Seconds(60);  // FILE COPY to FILE SYNC, without the stall
  absl::Duration stall;                     // in the middle of FILE COPY no byte moves for so long
  int64_t bytes = int64_t{1} << 30;         // of FILE, PAGE and REDO COPY together
  absl::Duration shutdown = absl::Milliseconds(100);  // from the statement's end until it is down
  absl::Duration restart = absl::Seconds(5);          // down for so long, recovery included

  // No supervisor: the statement ends with 3707, and the server stays down until somebody starts it
  // `down_until_started` later; never, if that is infinite (see StartServer).
  bool supervised = true;
  absl::Duration down_until_started = absl::Seconds(5);

  // Fails in the middle of `fail_in`; without a stage, before clone_status is touched. kRestart:
  // the server never comes up again. kRecovery: it comes up on the old, empty files.
  absl::Status fail_with;
  std::optional<CloneStage> fail_in;
  int fail_errno = 1815;  // what clone_status.ERROR_NO shows then
  // With no stage the donor refuses. The row is then new and "Failed", but nothing was dropped. If
  // a start completed an earlier run, and nobody read clone_status before this run, the row has the
  // earlier run's "Completed", end_time and GTIDs instead, as on the real server.
  bool donor_refuses = false;

  // A session that holds a metadata lock in the last schema, from DROP DATA on if not before: once
  // the others are dropped the clone waits for KillConnection() of it or lock_wait_timeout (1205).
  std::optional<int64_t> blocked_by;

  // The donor dies in the middle of FILE COPY: no byte moves any more, and after `donor_timeout`,
  // its clone_donor_timeout_after_network_failure, the clone fails (3862 with 2003).
  bool donor_gone = false;
  absl::Duration donor_timeout = absl::Minutes(5);

  // The statement's connection is lost in the middle of FILE COPY; the clone goes on without it.
  bool lose_connection = false;
};

// The script of replication after its start.
struct ReplicationScript {
  absl::Duration connect;           // "Connecting" for so long
  absl::Duration catch_up;          // then lags, by as much as it still needs
  absl::Duration applying;          // then one transaction is applied, and nothing else moves
  absl::Duration stop_takes;        // a STOP waits so long for the transaction that is applied
  std::string gtid_executed_after;  // added to gtid_executed once it has caught up
  bool source_silent = false;       // connected, and nothing comes: the source hangs
  int receiver_errno = 0;           // not 0: never gets beyond connecting
  std::string receiver_error;
  absl::Duration gives_up = absl::InfiniteDuration();  // SOURCE_RETRY_COUNT: then it stops
  int applier_errno = 0;                               // not 0: the applier stops at once
  std::string applier_error;
};

// The data that a clone brings from the donor.
struct DonorData {
  std::vector<std::string> user_schemas = {"shop"};
  std::string gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-100";
  std::vector<ReplicationChannel> channels;  // running ones start again unless skip_replica_start
  // "": nothing in its mysql.plugin; a recipient whose own plugin is `by_statement` loses it then.
  std::string clone_plugin_status = "ACTIVE";
  std::set<std::string> privileges;  // of the agent's account there; empty: as here
};

struct FakeMysqlState {
  // read_only, super_read_only, gtid_mode, lower_case_table_names and performance_schema follow
  // `variables`; now and uptime follow the clock, process the server's life.
  ServerFacts facts;
  std::map<std::string, std::string> config;     // what a start sets: my.cnf and MySQL's defaults
  std::map<std::string, std::string> persisted;  // mysqld-auto.cnf, applied over it
  // The origin of `variables` and `persisted`: Variable's source, set_by, set_at.
  std::map<std::string, Variable> set;
  std::map<std::string, Variable> set_persisted;
  std::map<std::string, std::string> variables;  // @@global
  std::vector<ReplicationChannel> channels;
  CloneReport clone;
  CloneScript script;
  ReplicationScript replication;
  DonorData donor;
  std::vector<std::string> enabled_events;   // "shop.tick"
  std::vector<std::string> stubborn_events;  // the same, which refuse to be disabled
  std::vector<std::string> disabled_events;  // by DisableEvents()
  // The next DisableEvents() loses its connection in the middle: one event is disabled, and
  // super_read_only is OFF then.
  bool lost_in_events = false;
  // The same of DelayReplication(): the delay is set, and the applier not started again.
  bool lost_in_delay = false;
  std::vector<ServerSession> sessions;  // users'; the CLONE's is not among them
  // Its facts, sessions and channels are those above, so are its variables unless set here. Parts
  // that the account lacks the privilege for are denied.
  ServerSurvey survey;
  int held = 0;                             // by which agent, by HoldServer(); 0: none
  std::string held_by;                      // another agent has it: "connection 99 of 'vt_dba'"
  std::vector<CloneRequest> clones;         // every CLONE statement sent
  std::optional<ReplicationSource> source;  // of the last StartReplication that had one
};

class FakeMysqlServer : public MysqlServer {
 public:
  // A healthy replica with a schema "old", the clone plugin and every privilege needed.
  explicit FakeMysqlServer(SimulatedClock& clock);
  // Another agent's object for the same mysqld.
  std::unique_ptr<FakeMysqlServer> Another();
  ~FakeMysqlServer() override;

  absl::StatusOr<ServerFacts> Describe() override;
  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override;
  absl::Status SetVariables(const std::vector<VariableChange>& changes) override;
  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override;
  absl::StatusOr<CloneReport> ReadClone() override;
  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override;
  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override;
  absl::Status KillQuery(int64_t connection_id) override;
  absl::Status KillConnection(int64_t connection_id) override;
  absl::Status InstallClonePlugin() override;
  absl::Status DelayReplication(absl::Duration delay) override;
  absl::StatusOr<DisabledEvents> DisableEvents() override;
  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override;
  absl::Status StopReplication(bool forget) override;
  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override;
  absl::Status HoldServer(int64_t own_clone) override;
  void ReleaseServer() override;

  // The test's side.
  void Edit(const std::function<void(FakeMysqlState&)>& change);
  FakeMysqlState state() const;
  int clones_started() const;  // CLONE statements sent, refused ones included
  int calls(absl::string_view method) const;

  // The next `times` calls of the port's `method` ("Describe") answer `status` and do nothing.
  void FailNext(absl::string_view method, absl::Status status, int times = 1);
  // Cuts every connection, that of a running CLONE too, which goes on without it; or mends them.
  void SetDown(bool down);
  // kill -9, started again `down` later. A clone under way is dead; its row stays "In Progress".
  void Crash(absl::Duration down);
  // SIGTERM, started again `down` after its end. A clone under way ends with 1317, and its row is
  // "Failed"; one that is copied is completed by the next start.
  void Shutdown(absl::Duration down);
  // Starts a server that stays down: after a restart that failed or that nobody supervises.
  void StartServer();
  // As if the MysqlServer object had ended: the clone goes on, its on_end is never called.
  void AbandonClone();

 private:
  class Core;
  FakeMysqlServer(std::shared_ptr<Core> core, int agent) : core_(std::move(core)), agent_(agent) {}

  const std::shared_ptr<Core> core_;
  const int agent_ = 1;
};

}  // namespace graft
