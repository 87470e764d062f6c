// AgentWorld: a shard of three on fakes, and an agent beside its replica that dies and comes back.
//
// Each process of the agent is a TabletAgent of its own, which takes up what the one before left as
// graftd does, behind gates of its own: once it is dead, nothing that it still says reaches
// anybody. All runs on the test's thread by one simulated clock; keeper and claims have their turns
// whenever somebody waits. What happens is kept as a Story (promises.h judges it).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fakes/fake_backup_donor.h"
#include "fakes/fake_journal.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/fake_server_host.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "gated_ports.h"
#include "graft/operation.h"
#include "log/log.h"
#include "provision/provisioner.h"
#include "story.h"
#include "topo/queue_locks.h"
#include "topo/vitess_topology.h"

namespace graft {

// kAgentDies: the call is made, and the agent does not live to see the answer.
enum class CallFaultKind { kUnavailable, kHangs, kDenied, kAnswerLost, kAgentDies };
const char* CallFaultName(CallFaultKind kind);  // "unavailable"

// The `number`th call, counted from when it is armed, goes wrong; so do `times` - 1 after it.
struct CallFault {
  std::string call;  // "recipient.ReadClone"
  int number = 1;
  CallFaultKind kind = CallFaultKind::kUnavailable;
  int times = 1;
};

class AgentWorld : private Gate, private Observer {
 public:
  const TabletAlias primary{"zone1", 100};
  const TabletAlias replica{"zone1", 101};
  const TabletAlias other{"zone1", 102};

  AgentWorld();
  ~AgentWorld() override;

  // Starts the agent, and an operation unless the agent died before it could be asked for one.
  void Request(const std::string& id, DonorChoice::Kind donor);
  // Runs it to its end, with as many processes of the agent as that takes; then lets the keeper say
  // so. `between` is called after the death of a process, before the next one.
  void RunToEnd(const std::function<void()>& between = nullptr);
  // The agent dies here, without a word to anybody: its place in a queue stays, its clone goes on.
  void KillAgent();
  // The operation has, and the agent is up.
  bool Ended() const;
  // Asks as the API does, as soon as nothing hangs.
  void Cancel();
  // Calls `fault` once, `delay` after `step` has been journalled for the first time; without a
  // delay before it acts.
  void AtStep(Step step, absl::Duration delay, std::function<void()> fault);
  void Arm(const CallFault& fault);
  bool struck() const { return struck_; }  // any of the armed faults did, but for kAgentDies
  // Everything that was broken works again, and some time passes.
  void Mend();
  // How often this process has made each call.
  const std::map<std::string, int>& calls() const { return calls_; }
  const Story& story() const { return story_; }
  // The state at the end, for the promises.
  void LookAtTheEnd();
  void ExpectSecondRequest();

  bool if_needed = false;  // of the first request

  SimulatedClock clock;
  FakeStore store{clock};
  VitessTopology topology;
  VitessQueueLocks locks{{clock, store, "/vitess/global"}, {"127.0.0.1", "graft"}};
  FakeMysqlServer recipient{clock};
  FakeMysqlServer donor{clock};
  FakeMysqlServer other_server{clock};
  FakeServerHost host;
  FakeJournal journal;
  FakeBackupDonor backups{clock};

 private:
  struct Process;
  struct Armed {
    CallFault fault;
    int seen = 0;
  };

  absl::Status Enter(const std::string& call) override;
  absl::Status Leave(const std::string& call) override;
  void OnStep(const Operation& operation) override;
  void OnProgress(const Operation& operation) override { Saw("observer", operation); }
  void OnEnd(const Operation& operation) override { Saw("observer", operation); }

  bool Start();  // whether the agent is up
  bool Register();
  void RegisterSoon(const std::shared_ptr<bool>& alive);
  void KeepRecord(const std::shared_ptr<bool>& alive);
  void KeepClaims(const std::shared_ptr<bool>& alive);
  void Bury();

  Truth LookAtServer();
  void Saw(const char* by, const Operation& operation);
  void AcceptSecond(const Story& first);
  void SawRecord();
  void SawSending();
  void Hang();

  ProvisionerOptions options_;
  std::ostringstream log_text_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Process> process_;
  bool busy_ = false;  // a call hangs: nobody else of the agent has a turn
  std::map<std::string, int> calls_;
  std::map<std::string, int> answered_;       // of these, without a fault of ours
  absl::Time looked_ = absl::InfinitePast();  // when a donor answered last
  std::vector<Armed> armed_;
  CallFault striking_;  // its answer gets lost
  bool struck_ = false;
  struct Appointment {
    Step step;
    absl::Duration delay;
    std::function<void()> fault;
  };
  std::vector<Appointment> appointments_;
  std::string id_;
  absl::Duration delay_;                   // of its replication, likewise
  std::vector<std::string> good_schemas_;  // the recipient's, when the operation was asked for
  Version seen_ = 0;                       // of the tablet's record
  Story story_;
};

}  // namespace graft
