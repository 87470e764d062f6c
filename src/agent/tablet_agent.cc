#include "agent/tablet_agent.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/operation/decisions.h"

namespace graft {
namespace {

// An agent that has just ended may still hold its server for a moment.
constexpr absl::Duration kHoldPatience = absl::Seconds(5);
constexpr absl::Duration kHoldPause = absl::Seconds(1);

}  // namespace

TabletAgent::TabletAgent(Ports ports, Options options)
    : ports_(std::move(ports)),
      options_(std::move(options)),
      watched_server_(ports_.open_watching()),
      holder_(ports_.open_local()),
      owner_(ports_.clock, ports_.journal),
      record_(ports_.topology, options_.provisioner.alias),
      claims_(ports_.locks),
      line_(ports_.locks),
      keeper_({ports_.clock, *watched_server_, *holder_, ports_.topology, owner_, record_,
               ports_.log, [this] { return RegisterOnce(); },
               [this](const Tablet& record) { return CheckOwner(record); }},
              {options_.provisioner.alias, options_.provisioner.keyspace,
               options_.provisioner.shard, options_.advertised_mysql}),
      operations_(ports_.clock, owner_, options_.defaults,
                  {[this] { return keeper_.Snapshot(); },
                   [this](const Operation& draft, PreflightDone on_done) {
                     preflights_.Ask(draft, std::move(on_done));
                   },
                   [this] { ports_.journal.SetDamagedAside().IgnoreError(); }}) {}

void TabletAgent::Load(LoadedJournal journal) {
  damaged_ = std::move(journal.damaged);
  owner_.TakeUp(std::move(journal.states));
  for (const DamagedRecord& record : damaged_) {
    ports_.log.Error("a record of the journal cannot be read",
                     {{"file", record.file}, {"because", record.why}});
  }
  // Nobody knows what the damaged record said of the tablet. An unfinished operation that can be
  // read goes on.
  if (damaged_.empty() || has_unfinished()) return;
  keeper_.HoldBack(Reason::kJournalDamaged,
                   absl::StrCat(damaged_.front().why,
                                "; look at the server's data, then say graftctl release or "
                                "graftctl reprovision"));
}

bool TabletAgent::has_unfinished() const {
  return IsUnfinished(*owner_.state());
}

// NOT_FOUND: the record names an agent that is no more. FAILED_PRECONDITION: it names another one,
// which answers.
absl::Status TabletAgent::CheckOwner(const Tablet& record) const {
  const HostPort there{record.hostname, record.Port("graft")};
  const HostPort here{announced_.hostname, announced_.Port("graft")};
  const bool stopped = record.shutdown_time != absl::InfinitePast();
  if (!stopped && (there.empty() || there.ToString() == here.ToString())) return absl::OkStatus();
  if (stopped || !ports_.other_agent_answers || !ports_.other_agent_answers(there.ToString())) {
    return absl::NotFoundError("its agent is no more");
  }
  return Failure(
      Reason::kTabletHeld,
      absl::StrCat("another agent of ", record.alias.ToString(), " answers at ", there.ToString(),
                   ": stop one of the two, or give it another --tablet-path"));
}

// Before the record is touched: it is that of the agent that works on this server, and of the one
// that answers at its address. A server that is down is nobody's; an operation that goes on takes
// its server itself; and while a copy is under way, its own connection holds the server.
absl::Status TabletAgent::AwaitOthersEnd(Cancellation& interrupt) {
  if (has_unfinished() || owner_.state()->clone.has_value()) return absl::OkStatus();
  const absl::Time deadline = ports_.clock.Now() + kHoldPatience;
  while (true) {
    absl::Status held = holder_->HoldServer(/*own_clone=*/0);
    if (!HasReason(held, Reason::kServerHeld)) {
      const auto record = ports_.topology.GetTablet(options_.provisioner.alias);
      held = record.ok() ? CheckOwner(*record) : absl::OkStatus();
      if (!HasReason(held, Reason::kTabletHeld)) return absl::OkStatus();
    }
    if (ports_.clock.Now() + kHoldPause >= deadline) return held;
    ports_.log.Warning("waiting until the other agent ends", StatusFields(held));
    if (interrupt.WaitFor(ports_.clock, kHoldPause) == WaitEnd::kCancelled) {
      return absl::CancelledError("interrupted while waiting for the other agent's end");
    }
  }
}

absl::Status TabletAgent::Register(const ApiPorts& ports, Cancellation& interrupt) {
  announced_ = AnnouncedTablet(options_, *owner_.state(), ports);
  GRAFT_RETURN_IF_ERROR(AwaitOthersEnd(interrupt));
  const absl::Duration patience =
      has_unfinished() ? absl::InfiniteDuration() : options_.init_timeout;
  const absl::Time deadline = ports_.clock.Now() + patience;
  absl::Duration pause = absl::Milliseconds(100);
  absl::StatusOr<Tablet> registered = ports_.topology.RegisterTablet(announced_);
  while (IsAway(registered.status())) {
    if (ports_.clock.Now() + pause >= deadline) {
      return Annotate(registered.status(),
                      absl::StrCat("the tablet could not be registered within ",
                                   HumanDuration(patience), " (--init-timeout)"));
    }
    ports_.log.Warning("topology away, trying again", StatusFields(registered.status()));
    if (interrupt.WaitFor(ports_.clock, pause) == WaitEnd::kCancelled) {
      return absl::CancelledError("interrupted while registering");
    }
    pause = std::min(2 * pause, absl::Seconds(5));
    registered = ports_.topology.RegisterTablet(announced_);
  }
  GRAFT_RETURN_IF_ERROR(registered.status());
  registered_ = *std::move(registered);
  NoteRegistered();
  return absl::OkStatus();
}

absl::Status TabletAgent::RegisterOnce() {
  Tablet announced = announced_;
  const TabletType seen = keeper_.Snapshot().type;  // others may have set it
  if (MustNotServe(*owner_.state())) {
    announced.type = TabletType::kRestore;
  } else if (seen != TabletType::kUnknown && seen != TabletType::kPrimary) {
    announced.type = seen;
  }
  GRAFT_ASSIGN_OR_RETURN(registered_, ports_.topology.RegisterTablet(announced));
  return absl::OkStatus();
}

// The record may have seen more than the journal, which may be gone.
void TabletAgent::NoteRegistered() {
  int64_t sequence = 0;
  if (absl::SimpleAtoi(registered_.Tag("graft.sequence"), &sequence)) owner_.BeginAfter(sequence);
  // --init-tablet-type counts from each start on, not the type after the last operation.
  const bool ended = !owner_.state()->operation.request.id.empty() && !has_unfinished();
  if (ended) LeaveRestore();
}

// RESTORE in the record, though nothing is being restored.
void TabletAgent::LeaveRestore() {
  const TabletOwner::Snapshot state = owner_.state();
  if (registered_.type != TabletType::kRestore || EndedBadly(*state)) return;
  keeper_.SetType(TypeWithoutOperation(*state, options_.provisioner.init_type));
}

void TabletAgent::TakeUp() {
  const TabletOwner::Snapshot state = owner_.state();
  if (operations_.ResumeUnfinished()) {
    ports_.log.Info("going on with an unfinished operation", OperationFields(state->operation));
    operations_.Open();
    return;
  }
  operations_.Open();
  if (ports_.backups != nullptr) {
    const absl::Status removed = ports_.backups->Remove();
    if (!removed.ok()) ports_.log.Warning("a restored backup is left", StatusFields(removed));
  }
  if (EndedBadly(*state)) keeper_.OnEnd(state->operation);
  keeper_.OnFirstContact([this](const ServerFacts& facts) { DecideOnRestore(facts); });
}

void TabletAgent::DecideOnRestore(const ServerFacts& facts) {
  if (!damaged_.empty()) return;
  std::vector<Operation> history = operations_.List();
  const bool restores = options_.restore_with_clone || options_.restore_from_backup;
  const StartDecision decision =
      restores
          ? DecideAtStart(facts, history)
          : StartDecision{false, "neither --restore-with-clone nor --restore-from-backup is set"};
  ports_.log.Info(decision.clone ? "provisioning this tablet" : "not provisioning this tablet",
                  {{"because", decision.why}});
  if (decision.clone) {
    ReprovisionCall call;
    if (options_.restore_from_backup) call.donor = DonorChoice{DonorChoice::Kind::kBackup, {}};
    call.fallback_to_backup = options_.fallback_to_backup;
    const auto started = operations_.Reprovision(call);
    if (!started.ok()) ports_.log.Error("cannot provision", StatusFields(started.status()));
    return;
  }
  const TabletOwner::Snapshot state = owner_.state();
  if (RecordSaysDropped(*state, registered_)) {
    ports_.log.Warning(
        "the journal is empty, but the record says that the data was dropped; it stays RESTORE "
        "until an operation has rebuilt it, or graftctl release says that it is good",
        {{"data_state", registered_.Tag("graft.data_state")}});
    return;
  }
  LeaveRestore();
}

Provisioner TabletAgent::MakeProvisioner(MysqlServer& server) {
  std::vector<Observer*> observers = ports_.first_observers;
  observers.push_back(&keeper_);
  observers.push_back(&operations_);
  observers.insert(observers.end(), ports_.last_observers.begin(), ports_.last_observers.end());
  return Provisioner(
      {ports_.clock, server, *holder_, ports_.open_peer, ports_.open_as_replica, ports_.topology,
       ports_.locks, claims_, line_, ports_.host, owner_, record_, std::move(observers),
       ports_.start_server, [this] { return operations_.List(); }, ports_.ask_all, ports_.may_fence,
       ports_.backups},
      options_.provisioner);
}

void TabletAgent::Run(TabletState& state, const std::shared_ptr<OperationControl>& control) {
  const std::unique_ptr<MysqlServer> server = ports_.open_local();
  MakeProvisioner(*server).Run(state, control);
}

absl::StatusOr<PreflightReport> TabletAgent::Preflight(Operation draft) {
  const std::unique_ptr<MysqlServer> server = ports_.open_local();
  return MakeProvisioner(*server).Preflight(std::move(draft), preflight_control_);
}

void TabletAgent::Stop() {
  preflights_.Stop();
  preflight_control_->Stop();
  operations_.Stop();
  claims_.Stop();
  line_.Stop();
  keeper_.Stop();
}

namespace {

bool WasThereOne(const TabletState& state) {
  return !state.operation.request.id.empty();
}

}  // namespace

bool IsUnfinished(const TabletState& state) {
  return WasThereOne(state) && state.operation.outcome == Outcome::kRunning;
}

bool MustNotServe(const TabletState& state) {
  return WasThereOne(state) && state.operation.outcome != Outcome::kDone &&
         (state.operation.data_state != DataState::kIntact || state.fence.up);
}

bool EndedBadly(const TabletState& state) {
  return !IsUnfinished(state) && MustNotServe(state);
}

bool RecordSaysDropped(const TabletState& state, const Tablet& record) {
  return !WasThereOne(state) && record.type == TabletType::kRestore && record.SaysDropped();
}

TabletType TypeWithoutOperation(const TabletState& state, TabletType init_type) {
  const bool found_out = WasThereOne(state) && state.operation.outcome != Outcome::kDone &&
                         state.type_before == TabletType::kRestore;
  return found_out ? TabletType::kRestore : init_type;
}

Tablet AnnouncedTablet(const TabletAgent::Options& options, const TabletState& state,
                       const TabletAgent::ApiPorts& ports) {
  Tablet tablet;
  tablet.alias = options.provisioner.alias;
  tablet.hostname = options.hostname;
  if (ports.http != 0) tablet.port_map["vt"] = ports.http;
  tablet.port_map["graft"] = ports.grpc;
  tablet.keyspace = options.provisioner.keyspace;
  tablet.shard = options.provisioner.shard;
  // Not to be served from before it is known to hold data.
  const bool holds_back =
      options.restore_with_clone || options.restore_from_backup || MustNotServe(state);
  tablet.type = holds_back ? TabletType::kRestore : options.provisioner.init_type;
  if (options.advertised_mysql.port != 0) tablet.mysql = options.advertised_mysql;
  return tablet;
}

}  // namespace graft
