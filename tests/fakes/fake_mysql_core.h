// The inside of FakeMysqlServer: its state and how a clone moves through it. Calls that are
// scheduled on the clock hold it weakly, so that it may end before they are due.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fakes/fake_mysql_server.h"

namespace graft {

class FakeMysqlServer::Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(SimulatedClock& clock);

  // Counts the call; an injected fault, or that the server is down.
  absl::Status Enter(absl::string_view method) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<int64_t> StartClone(int agent, const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  CloneReport ShowClone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status KillQuery(int64_t connection_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status KillConnection(int64_t connection_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ServerFacts ShowFacts() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<ServerSession>> ShowSessions() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ServerSurvey ShowSurvey(const std::string& agent_user) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InstallClonePlugin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartChannels() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckNoStop() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status StopChannels() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Hold(int agent, int64_t own_clone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  CloneReport ReadClone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Variable ShowVariable(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Change(const VariableChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<ReplicationChannel> ShowChannels() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetVariable(const std::string& name, const std::string& value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutStatement() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Crash(absl::Duration down) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Shutdown(absl::Duration down) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ComeUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for an on_end that is being called.
  void Abandon(int agent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  SimulatedClock& clock_;
  FakeMysqlState state_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<absl::Status, int>> faults_ ABSL_GUARDED_BY(mutex_);
  bool cut_off_ ABSL_GUARDED_BY(mutex_) = false;  // SetDown
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;  // the process is not running
  absl::Time started_ ABSL_GUARDED_BY(mutex_);
  int agents_ ABSL_GUARDED_BY(mutex_) = 1;

 private:
  using Event = void (Core::*)(CloneStage stage);

  // Runs `event` later, unless the life of the run or the server it belongs to has ended by then.
  void Later(absl::Duration delay, Event event, CloneStage stage)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndStatement(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls `on_end` at once on the clock, off this thread.
  void Schedule(int64_t statement, std::function<void(absl::Status)> on_end, absl::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Deliver(int64_t statement, const std::function<void(absl::Status)>& on_end,
               const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  static FakeMysqlState HealthyReplica();
  // OK, or that the account lacks the privilege, as error 1227 says it.
  absl::Status Check(absl::string_view privilege) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Its row among the survey's plugins, made if there is none.
  ServerPlugin& ClonePlugin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsCloneStatement(int64_t connection_id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KillClone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refusal() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration StageTime(CloneStage stage) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t StageBytes(CloneStage stage) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string NowText() const;

  void BeginRun(CloneStage first_stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginStage(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndStage(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailStage(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // In DROP DATA, with a script that is blocked.
  void MeetLock() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLockWait(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveDonorUp(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoseConnection(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fail(CloneStage stage, int error_no, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShutDown(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Recover(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropData() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeDonorData() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CatchUp(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveSourceUp(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndStop(CloneStage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StopThreads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GoDown(absl::Duration down) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CloneScript script_ ABSL_GUARDED_BY(mutex_);              // of the run
  int64_t statement_ ABSL_GUARDED_BY(mutex_) = 0;           // connection id of the run
  std::map<int64_t, int> senders_ ABSL_GUARDED_BY(mutex_);  // agents, by statement; 0: abandoned
  bool statement_holds_ ABSL_GUARDED_BY(mutex_) = false;    // CloneRequest::hold of the run
  std::function<void(absl::Status)> on_end_ ABSL_GUARDED_BY(mutex_);
  absl::Duration lock_wait_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;  // phases B to G
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;  // waits for script_.blocked_by
  bool copied_ ABSL_GUARDED_BY(mutex_) = false;   // the next start takes the donor's files
  int life_ ABSL_GUARDED_BY(mutex_) = 0;          // events of an earlier life do nothing
  int delivering_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_connection_ ABSL_GUARDED_BY(mutex_) = 10;
  absl::Time stage_began_ ABSL_GUARDED_BY(mutex_);
  absl::Time replication_began_ ABSL_GUARDED_BY(mutex_);
  bool stop_pending_ ABSL_GUARDED_BY(mutex_) = false;  // a STOP REPLICA waits
  // A run that was completed by a start, until its row is read while no CLONE runs, or the next
  // run drops data.
  std::optional<CloneStatus> unread_ ABSL_GUARDED_BY(mutex_);
  int caught_up_ ABSL_GUARDED_BY(mutex_) = 0;  // times
  int starts_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace graft
