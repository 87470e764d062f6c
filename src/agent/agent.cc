#include "agent/agent.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/part_options.h"
#include "agent/start_command.h"
#include "agent/tablet_keeper.h"
#include "base/clocks.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/server_host.h"
#include "journal/file_journal.h"
#include "log/log_observer.h"
#include "mysql/connector_server.h"
#include "provision/auto_repair.h"
#include "provision/claim_keeper.h"
#include "provision/operations.h"
#include "provision/preflight_desk.h"
#include "provision/provisioner.h"
#include "provision/start_decision.h"
#include "rpc/provisioner_server.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

class GraftAgent : public Agent {
 public:
  GraftAgent(const AgentOptions& options, Log& log, std::unique_ptr<Clock> clock,
             OpenedTopology topology, std::unique_ptr<Journal> journal,
             std::vector<Operation> history)
      : options_(options),
        log_(log),
        clock_(std::move(clock)),
        topology_(std::move(topology)),
        journal_(std::move(journal)),
        history_(history),
        watched_server_(MakeConnectorServer(*clock_, WatchingConnection(options_))),
        log_observer_(MakeLogObserver(log_, *clock_)),
        server_host_(MakeLocalServerHost()),
        hold_(*clock_, options_.hold),
        claims_(*topology_.locks),
        keeper_({*clock_, *watched_server_, *topology_.topology, log_},
                {options_.alias, options_.keyspace, options_.shard, Advertised()}),
        operations_(*clock_, *journal_, ForOperations(options_), std::move(history),
                    {[this] { return keeper_.Snapshot(); },
                     [this](const Operation& draft, PreflightDone on_done) {
                       preflights_.Ask(draft, std::move(on_done));
                     }}),
        repair_({*clock_, operations_, *topology_.locks, *topology_.topology,
                 [this](const std::string& text) {
                   log_.Info("repair", {{"state", text}});
                 }},
                ForRepair(options_)) {}

  ~GraftAgent() override { Stop(); }

  absl::Status Start(Cancellation& interrupt) override {
    GRAFT_ASSIGN_OR_RETURN(
        rpc_, MakeRpcServer(operations_, *clock_, {options_.bind_address, options_.grpc_port}));
    GRAFT_RETURN_IF_ERROR(Register(interrupt));
    log_.Info("tablet registered", {{"tablet", options_.alias.ToString()},
                                    {"shard", absl::StrCat(options_.keyspace, "/", options_.shard)},
                                    {"type", std::string(TabletTypeName(registered_.type))},
                                    {"grpc_port", absl::StrCat(rpc_->port())}});
    TakeUp();
    StartThreads();
    return absl::OkStatus();
  }

  void Stop() override {
    if (rpc_ == nullptr) return;
    StopThreads();
    rpc_->Shutdown(absl::Seconds(1));
    rpc_.reset();
    if (!registered_.alias.empty()) {
      const absl::Status gone = topology_.topology->UnregisterTablet(registered_);
      if (!gone.ok()) log_.Warning("tablet not marked as stopped", StatusFields(gone));
    }
  }

 private:
  // Each serves until StopThreads(), which ends them in the reverse order.
  void StartThreads() {
    threads_.emplace_back([this] { keeper_.Serve(); });
    threads_.emplace_back([this] { claims_.Serve(*clock_); });
    threads_.emplace_back([this] {
      operations_.Serve(
          [this](Operation& operation, const std::shared_ptr<OperationControl>& control) {
            const auto server = MakeConnectorServer(*clock_, LocalConnection(options_));
            MakeProvisioner(*server).Run(operation, control);
          });
    });
    threads_.emplace_back([this] {
      preflights_.Serve([this](Operation draft) {
        const auto server = MakeConnectorServer(*clock_, LocalConnection(options_));
        return MakeProvisioner(*server).Preflight(std::move(draft));
      });
    });
    if (!options_.repair.errors.empty()) {
      threads_.emplace_back([this] { repair_.Serve(); });
    }
  }

  void StopThreads() {
    repair_.Stop();
    hold_.Stop();
    preflights_.Stop();
    operations_.Stop();
    claims_.Stop();
    keeper_.Stop();
    while (!threads_.empty()) {
      threads_.back().join();
      threads_.pop_back();
    }
  }

  // The server's connections end with `server`.
  Provisioner MakeProvisioner(MysqlServer& server) {
    const auto open_peer = [this](const HostPort& address) {
      return MakeConnectorServer(*clock_, PeerConnection(options_, address));
    };
    ProvisionerDeps deps{*clock_,
                         server,
                         open_peer,
                         *topology_.topology,
                         *topology_.locks,
                         claims_,
                         *server_host_,
                         *journal_,
                         {log_observer_.get(), &keeper_, &operations_, &hold_},
                         nullptr,
                         [this] { return operations_.List(); }};
    if (const std::string& command = options_.clone_options.start_command; !command.empty()) {
      deps.start_server = [command] { return RunStartCommand(command); };
    }
    return Provisioner(std::move(deps), ForProvisioner(options_));
  }

  HostPort Advertised() const {
    const bool by_tcp = options_.mysql_socket.empty();
    return {by_tcp ? options_.mysql_address.host : options_.hostname,
            by_tcp ? options_.mysql_address.port : 0};
  }

  bool Unfinished() const {
    return !history_.empty() && history_.back().outcome == Outcome::kRunning;
  }

  // The last operation left data that must not be served from; whoever removed or changed the
  // record meanwhile does not make that good.
  bool EndedBadly() const {
    return !history_.empty() && !Unfinished() && history_.back().outcome != Outcome::kDone &&
           (history_.back().data_state != DataState::kIntact || history_.back().fence.up);
  }

  // The same, as the record alone still tells it, of an agent whose journal is gone.
  bool RecordSaysDropped() const {
    const auto data_state = registered_.tags.find("graft.data_state");
    return history_.empty() && registered_.type == TabletType::kRestore &&
           data_state != registered_.tags.end() &&
           (data_state->second == "PARTIAL" || data_state->second == "EMPTY");
  }

  Tablet Announced() const {
    Tablet tablet;
    tablet.alias = options_.alias;
    tablet.hostname = options_.hostname;
    tablet.port_map["graft"] = rpc_->port();
    tablet.keyspace = options_.keyspace;
    tablet.shard = options_.shard;
    // Not to be served from before it is known to hold data.
    tablet.type =
        options_.restore_with_clone || EndedBadly() ? TabletType::kRestore : options_.init_type;
    tablet.mysql = Advertised().port == 0 ? HostPort() : Advertised();
    return tablet;
  }

  absl::Status Register(Cancellation& interrupt) {
    const absl::Time deadline = clock_->Now() + options_.init_timeout;
    absl::Duration pause = absl::Milliseconds(100);
    while (true) {
      auto registered = topology_.topology->RegisterTablet(Announced());
      if (registered.ok()) {
        registered_ = *std::move(registered);
        return absl::OkStatus();
      }
      const absl::Status& status = registered.status();
      if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return status;
      if (clock_->Now() + pause >= deadline) {
        return Annotate(status,
                        absl::StrCat("the tablet could not be registered within ",
                                     HumanDuration(options_.init_timeout), " (--init-timeout)"));
      }
      log_.Warning("topology away, trying again", StatusFields(status));
      if (interrupt.WaitFor(*clock_, pause) == WaitEnd::kCancelled) {
        return absl::CancelledError("interrupted while registering");
      }
      pause = std::min(2 * pause, absl::Seconds(5));
    }
  }

  // What an earlier process left half-way, or else --restore-with-clone.
  void TakeUp() {
    if (Unfinished()) {
      log_.Info("going on with an unfinished operation",
                {{"operation", history_.back().request.id},
                 {"step", std::string(StepName(history_.back().step))}});
      // A server that is restarting is the step's own business; the others want one that answers.
      if (history_.back().step >= Step::kClone) {
        operations_.ResumeUnfinished();
      } else {
        keeper_.OnFirstContact([this](const ServerFacts&) { operations_.ResumeUnfinished(); });
      }
      return;
    }
    if (EndedBadly()) keeper_.OnEnd(history_.back());
    keeper_.OnFirstContact([this](const ServerFacts& facts) { DecideOnRestore(facts); });
  }

  void DecideOnRestore(const ServerFacts& facts) {
    const StartDecision decision = options_.restore_with_clone
                                       ? DecideAtStart(facts, history_)
                                       : StartDecision{false, "--restore-with-clone is not set"};
    log_.Info(decision.clone ? "provisioning this tablet" : "not provisioning this tablet",
              {{"because", decision.why}});
    if (decision.clone) {
      const auto started = operations_.Reprovision({});
      if (!started.ok()) log_.Error("cannot provision", StatusFields(started.status()));
      return;
    }
    if (RecordSaysDropped()) {
      log_.Warning(
          "the journal is empty, but the record says that the data was dropped; it stays "
          "RESTORE until an operation has rebuilt it",
          {{"data_state", registered_.tags.at("graft.data_state")}});
      return;
    }
    if (registered_.type == TabletType::kRestore && !EndedBadly()) {
      keeper_.SetType(TypeWithoutOperation());
    }
  }

  // Of a tablet whose record says RESTORE though nothing is being restored.
  TabletType TypeWithoutOperation() const {
    if (history_.empty()) return options_.init_type;
    const Operation& last = history_.back();
    return last.outcome == Outcome::kDone ? last.type_after : last.type_before;
  }

  const AgentOptions options_;
  Log& log_;
  // In the order of their needs; destroyed from the last to the first.
  const std::unique_ptr<Clock> clock_;
  OpenedTopology topology_;
  const std::unique_ptr<Journal> journal_;
  const std::vector<Operation> history_;               // as the journal had it at the start
  const std::unique_ptr<MysqlServer> watched_server_;  // the keeper's
  const std::unique_ptr<Observer> log_observer_;
  const std::unique_ptr<ServerHost> server_host_;
  HoldObserver hold_;
  ClaimKeeper claims_;
  PreflightDesk preflights_;
  TabletKeeper keeper_;
  Operations operations_;
  AutoRepair repair_;
  std::unique_ptr<RpcServer> rpc_;
  Tablet registered_;
  std::vector<std::thread> threads_;
};

absl::StatusOr<std::unique_ptr<Journal>> OpenJournal(const std::string& state_dir) {
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("--state-dir ", state_dir, " cannot be made: ", error.message(),
                     "; name one that this user may write, outside of mysqld's data directory"));
  }
  return MakeFileJournal(absl::StrCat(state_dir, "/journal"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> MakeAgent(const AgentOptions& options, Log& log) {
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<Journal> journal, OpenJournal(options.state_dir));
  GRAFT_ASSIGN_OR_RETURN(std::vector<Operation> history, journal->Load());
  std::unique_ptr<Clock> clock = MakeRealClock();
  GRAFT_ASSIGN_OR_RETURN(OpenedTopology topology, OpenTopology(*clock, options.topo));
  return std::unique_ptr<Agent>(std::make_unique<GraftAgent>(
      options, log, std::move(clock), std::move(topology), std::move(journal), std::move(history)));
}

}  // namespace graft
