#include "agent_world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent_process.h"
#include "base/errors.h"
#include "fakes/ask_in_order.h"
#include "gtest/gtest.h"
#include "topo/records.h"

namespace graft {
namespace {

constexpr absl::Duration kHang = absl::Seconds(10);
constexpr absl::Duration kClaimTurn = absl::Seconds(10);
constexpr int kMostProcesses = 40;
constexpr char kGlobalRoot[] = "/vitess/global";

VitessTopology::Deps TopologyOn(Clock& clock, KeyValueStore& store) {
  return {clock, store, kGlobalRoot, "fake", [](const std::string& address) {
            return absl::StatusOr<std::shared_ptr<KeyValueStore>>(absl::NotFoundError(address));
          }};
}

absl::Status AnswerOf(CallFaultKind kind, const std::string& call) {
  const std::string text = absl::StrCat(call, " goes wrong in this test");
  if (kind == CallFaultKind::kDenied) return absl::PermissionDeniedError(text);
  if (kind == CallFaultKind::kHangs) return absl::DeadlineExceededError(text);
  const bool of_mysql = !absl::StartsWith(call, "store.") && !absl::StartsWith(call, "journal.") &&
                        !absl::StartsWith(call, "host.");
  const absl::Status away = absl::UnavailableError(text);
  return of_mysql ? WithReason(away, Reason::kMysqlGone) : away;
}

absl::Status Dead() {
  return absl::UnavailableError("the process is gone");
}

}  // namespace

const char* CallFaultName(CallFaultKind kind) {
  switch (kind) {
    case CallFaultKind::kUnavailable:
      return "unavailable";
    case CallFaultKind::kHangs:
      return "hangs";
    case CallFaultKind::kDenied:
      return "denied";
    case CallFaultKind::kAnswerLost:
      return "answer_lost";
    case CallFaultKind::kAgentDies:
      return "agent_dies";
  }
  return "";
}

AgentWorld::Process::Process(AgentWorld& world, Gate& gate)
    : store(MakeGatedStore(gate, world.store)),
      journal(MakeGatedJournal(gate, world.journal)),
      host(MakeGatedHost(gate, world.host)),
      topology(TopologyOn(world.clock, *store)),
      locks({world.clock, *store, kGlobalRoot}, {"127.0.0.1", "graft"}),
      agent({world.clock,
             *journal,
             topology,
             locks,
             *host,
             *world.log_,
             [&world, &gate] { return MakeGatedServer(gate, "recipient", world.recipient); },
             [&world, &gate] { return MakeGatedServer(gate, "watch", world.recipient); },
             [&world, &gate](const HostPort& address) {
               const bool is_other = address.port == 3330;
               return MakeGatedServer(gate, is_other ? "other" : "donor",
                                      is_other ? world.other_server : world.donor);
             },
             [&world, &gate](const HostPort& address) {
               return MakeGatedServer(gate, "as replica",
                                      address.port == 3330 ? world.other_server : world.donor);
             },
             AskInOrder(world.clock),
             nullptr,
             {&world},
             {},
             nullptr,
             nullptr,
             &world.backups},
            {world.options_,
             {world.replica, {}, {}, {}, {}},
             {"127.0.0.1", 3320},
             false,
             absl::Minutes(1),
             "127.0.0.1"}) {}

AgentWorld::~AgentWorld() {
  if (process_ != nullptr) Bury();
}

bool AgentWorld::Start() {
  calls_.clear();
  clock.Advance(absl::Seconds(1));
  process_ = std::make_unique<Process>(*this, static_cast<Gate&>(*this));
  TabletAgent& agent = process_->agent;
  auto loaded = process_->journal->Load();
  if (!loaded.ok() || !*process_->alive) return false;
  agent.Load(*std::move(loaded));
  if (agent.has_unfinished()) {
    agent.TakeUp();
    RegisterSoon(process_->alive);
  } else {
    if (!Register()) return false;
    agent.TakeUp();
    KeepRecord(process_->alive);
  }
  KeepClaims(process_->alive);
  return *process_->alive;
}

// One try, as far as a topology that is away is concerned.
bool AgentWorld::Register() {
  TabletAgent& agent = process_->agent;
  Cancellation once;
  if (agent.has_unfinished()) once.Cancel();
  const absl::Status done = agent.Register({0, 3321}, once);
  if (!done.ok() && !absl::IsCancelled(done)) KillAgent();  // graftd ends, and is started again
  return done.ok();
}

void AgentWorld::RegisterSoon(const std::shared_ptr<bool>& alive) {
  clock.At(clock.Now(), [this, alive] {
    if (!*alive) return;
    if (!busy_ && Register()) return KeepRecord(alive);
    clock.At(clock.Now() + absl::Seconds(1), [this, alive] { RegisterSoon(alive); });
  });
}

void AgentWorld::KeepRecord(const std::shared_ptr<bool>& alive) {
  if (!*alive) return;
  absl::Time next = clock.Now() + absl::Milliseconds(100);
  if (!busy_) {
    next = std::max(process_->agent.keeper().Turn(), clock.Now() + absl::Milliseconds(100));
  }
  clock.At(next, [this, alive] { KeepRecord(alive); });
}

void AgentWorld::KeepClaims(const std::shared_ptr<bool>& alive) {
  clock.At(clock.Now() + kClaimTurn, [this, alive] {
    if (!*alive) return;
    if (!busy_) process_->agent.claims().KeepAliveOnce().IgnoreError();
    if (!busy_) process_->agent.line().KeepAliveOnce().IgnoreError();
    KeepClaims(alive);
  });
}

void AgentWorld::KillAgent() {
  if (process_ == nullptr || !std::exchange(*process_->alive, false)) return;
  process_->agent.operations().Stop();
}

void AgentWorld::Bury() {
  *process_->alive = false;
  process_->agent.Stop();
  recipient.AbandonClone();
  recipient.ReleaseServer();
  process_.reset();
}

void AgentWorld::Cancel() {
  if (process_ == nullptr || !*process_->alive) return;
  if (busy_) {
    clock.At(clock.Now() + absl::Milliseconds(100), [this] { Cancel(); });
    return;
  }
  const auto granted = process_->agent.operations().Cancel(id_, CancelWish::kEvenIfDropped);
  if (granted.ok()) story_.cancelled_at = granted->step;
}

bool AgentWorld::Ended() const {
  return process_ != nullptr && *process_->alive && !process_->agent.has_unfinished();
}

void AgentWorld::Request(const std::string& id, DonorChoice::Kind donor_kind) {
  id_ = id;
  recipient.Edit([&](FakeMysqlState& state) {
    good_schemas_ = state.facts.user_schemas;
    if (id == "op-1") delay_ = state.channels.front().delay;
  });
  if (id == "op-1") {
    const bool breaks = recipient.state().replication.applier_errno != 0;
    story_.could_replicate = LookAtServer().replicates && !breaks;
  }
  while (process_ == nullptr && !Start()) Bury();
  ReprovisionCall call{id, DonorChoice{donor_kind, {}}, ReplicateFrom::kPrimary, {}, {}};
  call.if_needed = if_needed && id == "op-1";
  for (int tries = 0; tries < kMostProcesses; ++tries) {  // a client asks again
    if (process_->agent.operations().Reprovision(call).ok()) return;
    clock.Advance(absl::Seconds(1));
  }
}

void AgentWorld::RunToEnd(const std::function<void()>& between) {
  for (int processes = 0; processes < kMostProcesses && !Ended(); ++processes) {
    if (process_ == nullptr && !Start()) {
      Bury();
      continue;
    }
    TabletAgent& agent = process_->agent;
    agent.operations().RunQueued(
        [&agent](TabletState& state, const std::shared_ptr<OperationControl>& control) {
          agent.Run(state, control);
        });
    if (*process_->alive) continue;
    Bury();
    if (between) between();
  }
}

void AgentWorld::AtStep(Step step, absl::Duration delay, std::function<void()> fault) {
  appointments_.push_back({step, delay, std::move(fault)});
}

void AgentWorld::OnStep(const Operation& operation) {
  if (!*process_->alive) return;
  Saw("observer", operation);
  std::vector<Appointment> due;
  const auto is_due = [&](const Appointment& appointment) {
    return appointment.step == operation.step;
  };
  std::copy_if(appointments_.begin(), appointments_.end(), std::back_inserter(due), is_due);
  appointments_.erase(std::remove_if(appointments_.begin(), appointments_.end(), is_due),
                      appointments_.end());
  for (Appointment& appointment : due) {
    if (appointment.delay == absl::ZeroDuration()) {
      appointment.fault();
    } else {
      clock.At(clock.Now() + appointment.delay, std::move(appointment.fault));
    }
  }
}

void AgentWorld::Arm(const CallFault& fault) {
  armed_.push_back({fault});
}

absl::Status AgentWorld::Enter(const std::string& call) {
  if (process_ == nullptr || !*process_->alive) return Dead();
  ++calls_[call];
  striking_.call.clear();
  for (Armed& armed : armed_) {
    if (armed.fault.call != call) continue;
    ++armed.seen;
    if (armed.seen < armed.fault.number) continue;
    if (armed.seen >= armed.fault.number + armed.fault.times) continue;
    const bool dies = armed.fault.kind == CallFaultKind::kAgentDies;
    struck_ = struck_ || !dies;
    if (dies || armed.fault.kind == CallFaultKind::kAnswerLost) {
      striking_ = armed.fault;
      continue;
    }
    if (armed.fault.kind == CallFaultKind::kHangs) Hang();
    return *process_->alive ? AnswerOf(armed.fault.kind, call) : Dead();
  }
  if (call == "recipient.StartClone") SawSending();
  return absl::OkStatus();
}

void AgentWorld::Hang() {
  if (std::exchange(busy_, true)) return;
  clock.Advance(kHang);
  busy_ = false;
}

void AgentWorld::Mend() {
  armed_.clear();
  appointments_.clear();
  store.Heal();
  host.Fail(absl::OkStatus());
  for (FakeMysqlServer* server : {&recipient, &donor, &other_server}) server->SetDown(false);
  clock.Advance(absl::Seconds(30));
}

}  // namespace graft
