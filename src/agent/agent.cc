#include "agent/agent.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/agent_clock.h"
#include "agent/options_for.h"
#include "agent/register_tablet.h"
#include "agent/shard_view.h"
#include "agent/shown_percent.h"
#include "agent/start_command.h"
#include "agent/tablet_at_start.h"
#include "agent/tablet_keeper.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "command_line/version.h"
#include "host/local_server_host.h"
#include "http/http_server.h"
#include "journal/file_journal.h"
#include "log/log_observer.h"
#include "metrics/metered_mysql_server.h"
#include "metrics/metered_store.h"
#include "metrics/metrics.h"
#include "mysql/connector_server.h"
#include "provision/donor/claim_keeper.h"
#include "provision/operation/operations.h"
#include "provision/operation/start_decision.h"
#include "provision/preflight/preflight_desk.h"
#include "provision/provisioner.h"
#include "provision/repair/auto_repair.h"
#include "rpc/provisioner_server.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

class GraftAgent : public Agent {
 public:
  // What can fail before anything is listened on or told to anybody.
  struct Opened {
    std::unique_ptr<Clock> clock;
    std::unique_ptr<CallMeters> calls;
    OpenedTopology topology;
    std::unique_ptr<Journal> journal;
    std::vector<Operation> history;
  };

  GraftAgent(const AgentOptions& options, Log& log, Opened opened)
      : options_(options),
        log_(log),
        clock_(std::move(opened.clock)),
        calls_(std::move(opened.calls)),
        topology_(std::move(opened.topology)),
        journal_(std::move(opened.journal)),
        history_(std::move(opened.history)),
        watched_server_(ConnectLocally(WatchingConnection(options_))),
        shown_percent_(options_.state_dir),
        log_observer_(MakeLogObserver(log_, *clock_)),
        server_host_(MakeLocalServerHost()),
        hold_(*clock_, options_.hold),
        claims_(*topology_.locks),
        keeper_({*clock_, *watched_server_, *topology_.topology, log_},
                {options_.alias, options_.keyspace, options_.shard, AdvertisedMysql(options_)}),
        shard_(*clock_, *topology_.topology, {options_.keyspace, options_.shard}),
        operations_(*clock_, *journal_, ForOperations(options_), history_,
                    {[this] { return keeper_.Snapshot(); },
                     [this](const Operation& draft, PreflightDone on_done) {
                       preflights_.Ask(draft, std::move(on_done));
                     }}),
        repair_({*clock_, operations_, *topology_.locks, *topology_.topology,
                 [this](const std::string& text) {
                   log_.Info("repair", {{"tablet", options_.alias.ToString()}, {"state", text}});
                 }},
                ForRepair(options_)),
        metrics_(MakeMetrics({*clock_, *calls_, [this] { return operations_.Get(""); },
                              [this] { return keeper_.Snapshot(); }, [this] { return Lease(); },
                              [this] { return preflights_.Last(); }, kVersion})) {}

  ~GraftAgent() override { Stop(); }

  absl::Status Start(Cancellation& interrupt) override {
    GRAFT_ASSIGN_OR_RETURN(
        rpc_, MakeRpcServer(operations_, *clock_, {options_.bind_address, options_.grpc_port}));
    GRAFT_RETURN_IF_ERROR(ServeHttp());
    const Tablet announced = AnnouncedTablet(options_, history_, {HttpPort(), rpc_->port()});
    GRAFT_ASSIGN_OR_RETURN(registered_,
                           RegisterTablet({*clock_, *topology_.topology, log_}, announced,
                                          options_.init_timeout, interrupt));
    log_.Info("tablet registered", {{"tablet", options_.alias.ToString()},
                                    {"shard", absl::StrCat(options_.keyspace, "/", options_.shard)},
                                    {"type", std::string(TabletTypeName(registered_.type))},
                                    {"port", absl::StrCat(HttpPort())},
                                    {"grpc_port", absl::StrCat(rpc_->port())}});
    TakeUp();
    StartThreads();
    return absl::OkStatus();
  }

  void Stop() override {
    if (rpc_ == nullptr) return;
    StopThreads();
    if (http_ != nullptr) http_->Shutdown();
    rpc_->Shutdown(absl::Seconds(1));
    rpc_.reset();
    if (!registered_.alias.empty()) {
      const absl::Status gone = topology_.topology->UnregisterTablet(registered_);
      if (!gone.ok()) log_.Warning("tablet not marked as stopped", StatusFields(gone));
    }
  }

 private:
  absl::Status ServeHttp() {
    auto http = MakeHttpServer(
        {operations_, *clock_, [this] { return metrics_->Text(); },
         [this] { return shard_.Snapshot(); }, [this] { return preflights_.Last(); }, kVersion},
        {options_.bind_address, options_.port});
    // Nobody asked for a port, and the address is one that the library cannot listen on (IPv6).
    if (absl::IsInvalidArgument(http.status()) && options_.port == 0) {
      log_.Warning("neither metrics nor a status page are served", StatusFields(http.status()));
      return absl::OkStatus();
    }
    GRAFT_RETURN_IF_ERROR(http.status());
    http_ = *std::move(http);
    return absl::OkStatus();
  }
  int HttpPort() const { return http_ == nullptr ? 0 : http_->port(); }

  // Each serves until StopThreads(), which ends them in the reverse order.
  void StartThreads() {
    threads_.emplace_back([this] { keeper_.Serve(); });
    threads_.emplace_back([this] { shard_.Serve(); });
    threads_.emplace_back([this] { claims_.Serve(*clock_); });
    threads_.emplace_back([this] {
      operations_.Serve(
          [this](Operation& operation, const std::shared_ptr<OperationControl>& control) {
            const auto server = ConnectLocally(LocalConnection(options_));
            MakeProvisioner(*server).Run(operation, control);
          });
    });
    threads_.emplace_back([this] {
      preflights_.Serve([this](Operation draft) {
        const auto server = ConnectLocally(LocalConnection(options_));
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
    shard_.Stop();
    keeper_.Stop();
    while (!threads_.empty()) {
      threads_.back().join();
      threads_.pop_back();
    }
  }

  std::unique_ptr<MysqlServer> ConnectLocally(const ConnectionOptions& connection) const {
    return MakeMeteredMysqlServer(MakeConnectorServer(*clock_, connection), calls_->local_mysql);
  }

  std::optional<ClaimLease> Lease() const {
    const std::optional<absl::Time> kept_alive = claims_.kept_alive();
    if (!kept_alive.has_value()) return std::nullopt;
    return ClaimLease{topology_.locks->lease_time(), *kept_alive};
  }

  // The server's connections end with `server`.
  Provisioner MakeProvisioner(MysqlServer& server) {
    const auto open_peer = [this](const HostPort& address) {
      return MakeMeteredMysqlServer(MakeConnectorServer(*clock_, PeerConnection(options_, address)),
                                    calls_->peer_mysql);
    };
    ProvisionerDeps deps{
        *clock_,
        server,
        open_peer,
        *topology_.topology,
        *topology_.locks,
        claims_,
        *server_host_,
        *journal_,
        {&shown_percent_, log_observer_.get(), metrics_.get(), &keeper_, &operations_, &hold_},
        nullptr,
        [this] { return operations_.List(); }};
    if (const std::string& command = options_.clone_options.start_command; !command.empty()) {
      deps.start_server = [command] { return RunStartCommand(command); };
    }
    return Provisioner(std::move(deps), ForProvisioner(options_));
  }

  // What an earlier process left half-way, or else --restore-with-clone.
  void TakeUp() {
    if (IsUnfinished(history_)) {
      log_.Info("going on with an unfinished operation", OperationFields(history_.back()));
      // A server that is restarting is the step's own business; the others want one that answers.
      if (history_.back().step >= Step::kClone) {
        operations_.ResumeUnfinished();
      } else {
        keeper_.OnFirstContact([this](const ServerFacts&) { operations_.ResumeUnfinished(); });
      }
      return;
    }
    if (EndedBadly(history_)) keeper_.OnEnd(history_.back());
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
    if (RecordSaysDropped(history_, registered_)) {
      log_.Warning(
          "the journal is empty, but the record says that the data was dropped; it stays "
          "RESTORE until an operation has rebuilt it",
          {{"data_state", registered_.tags.at("graft.data_state")}});
      return;
    }
    if (registered_.type == TabletType::kRestore && !EndedBadly(history_)) {
      keeper_.SetType(TypeWithoutOperation(history_, options_.init_type));
    }
  }

  const AgentOptions options_;
  Log& log_;
  // In the order of their needs; destroyed from the last to the first.
  const std::unique_ptr<Clock> clock_;
  const std::unique_ptr<CallMeters> calls_;
  OpenedTopology topology_;
  const std::unique_ptr<Journal> journal_;
  const std::vector<Operation> history_;               // as the journal had it at the start
  const std::unique_ptr<MysqlServer> watched_server_;  // the keeper's
  ShownPercent shown_percent_;
  const std::unique_ptr<Observer> log_observer_;
  const std::unique_ptr<ServerHost> server_host_;
  HoldObserver hold_;
  ClaimKeeper claims_;
  PreflightDesk preflights_;
  TabletKeeper keeper_;
  ShardView shard_;
  Operations operations_;
  AutoRepair repair_;
  const std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<RpcServer> rpc_;
  std::unique_ptr<HttpServer> http_;
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
  GraftAgent::Opened opened;
  GRAFT_ASSIGN_OR_RETURN(opened.journal, OpenJournal(options.state_dir));
  GRAFT_ASSIGN_OR_RETURN(opened.history, opened.journal->Load());
  ShownPercent(options.state_dir).Restore(opened.history);
  opened.clock = OpenAgentClock(options.state_dir, IsUnfinished(opened.history));
  opened.calls = std::make_unique<CallMeters>(*opened.clock);
  GRAFT_ASSIGN_OR_RETURN(
      opened.topology,
      OpenTopology(*opened.clock, options.topo,
                   [&meter = opened.calls->topology](std::unique_ptr<KeyValueStore> store) {
                     return MakeMeteredStore(std::move(store), meter);
                   }));
  return std::unique_ptr<Agent>(std::make_unique<GraftAgent>(options, log, std::move(opened)));
}

}  // namespace graft
