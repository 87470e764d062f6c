#include "agent/agent.h"

#include <thread>

#include "absl/functional/bind_front.h"
#include "absl/strings/str_cat.h"
#include "agent/askers.h"
#include "agent/shard_view.h"
#include "agent/start_command.h"
#include "agent/state_dir.h"
#include "agent/tablet_agent.h"
#include "base/errors.h"
#include "command_line/command_line.h"
#include "host/local_server_host.h"
#include "http/http_server.h"
#include "journal/file_journal.h"
#include "metrics/metrics.h"
#include "mysql/connector_server.h"
#include "provision/fleet/rebuild_member.h"
#include "provision/repair/auto_repair.h"
#include "rpc/other_agent.h"
#include "rpc/provisioner_server.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

// How long the topology's calls may take at a stop: those of the threads, then the last one.
constexpr absl::Duration kStopPatience = absl::Seconds(6);
constexpr absl::Duration kLeavePatience = absl::Seconds(4);

constexpr absl::Duration kOtherAgentPatience = absl::Seconds(2);

// What can fail before anything is listened on or told to anybody.
struct Opened {
  FileLock state_dir;
  std::shared_ptr<Clock> clock;  // late threads of the askers keep it, and `calls`
  std::shared_ptr<CallMeters> calls;
  OpenedTopology topology;
  std::unique_ptr<Journal> journal;
  LoadedJournal loaded;
};

class GraftAgent : public Agent {
 public:
  GraftAgent(const AgentOptions& options, Log& log, Opened opened)
      : options_(options),
        log_(log),
        opened_(std::move(opened)),
        askers_(opened_.clock, opened_.calls),
        shown_percent_(options_.state_dir),
        start_command_(options_.start_command, log_),
        log_observer_(MakeLogObserver(log_, clock_)),
        server_host_(MakeLocalServerHost()),
        hold_(clock_, options_.hold),
        restored_(clock_, options_.restore),
        metrics_(
            MakeMetrics({clock_, *opened_.calls, [this] { return tablet_.operations().Get(""); },
                         [this] { return tablet_.keeper().Snapshot(); }, [this] { return Lease(); },
                         [this] { return tablet_.preflights().Last(); }, kVersion})),
        tablet_(MakePorts(), options_.tablet),
        shard_(clock_, topology_, {identity_.keyspace, identity_.shard}),
        repair_({clock_, tablet_.operations(), locks_, topology_, LogStates("repair")},
                {identity_.alias, identity_.keyspace, identity_.shard, options_.repair,
                 options_.tablet.defaults.donor}),
        rebuilds_(*opened_.topology.global, options_.topo.global_root, identity_.keyspace,
                  identity_.shard),
        member_(
            {clock_, tablet_.operations(), topology_, rebuilds_, LogStates("rebuild of the shard"),
             [this](const HostPort& address) { return OpenAsClone(address); },
             absl::bind_front(&Askers::Ask, &askers_)},
            {identity_.alias, identity_.keyspace, identity_.shard}) {
    tablet_.Load(std::move(opened_.loaded));
  }

  ~GraftAgent() override { Stop(); }

  absl::Status Start(Cancellation& interrupt) override {
    GRAFT_ASSIGN_OR_RETURN(rpc_, MakeRpcServer(tablet_.operations(), clock_,
                                               {options_.bind_address, options_.grpc_port}));
    GRAFT_RETURN_IF_ERROR(ServeHttp());
    // A copy that runs is not left alone for a topology that is away.
    const bool at_once = tablet_.has_unfinished();
    if (at_once) TakeUp();
    GRAFT_RETURN_IF_ERROR(tablet_.Register({http_->port(), rpc_->port()}, interrupt));
    const Tablet& registered = tablet_.registered();
    log_.Info("tablet registered",
              {{"tablet", identity_.alias.ToString()},
               {"shard", absl::StrCat(identity_.keyspace, "/", identity_.shard)},
               {"type", std::string(TabletTypeName(registered.type))},
               {"port", absl::StrCat(http_->port())},
               {"grpc_port", absl::StrCat(rpc_->port())}});
    if (!at_once) TakeUp();
    threads_.emplace_back([this] { tablet_.keeper().Serve(); });
    threads_.emplace_back([this] { shard_.Serve(); });
    if (!options_.repair.errors.empty()) {
      threads_.emplace_back([this] { repair_.Serve(); });
    }
    threads_.emplace_back([this] { member_.Serve(); });
    return absl::OkStatus();
  }

  void Stop() override {
    if (rpc_ == nullptr) return;
    // A store that swallows packets must not hold the stop up call after call.
    topology_.EndCallsBy(clock_.Now() + kStopPatience);
    StopThreads();
    if (http_ != nullptr) http_->Shutdown();
    rpc_->Shutdown(absl::Seconds(1));
    rpc_.reset();
    if (!tablet_.registered().alias.empty()) {
      topology_.EndCallsBy(clock_.Now() + kLeavePatience);
      const absl::Status gone = topology_.UnregisterTablet(tablet_.registered());
      if (!gone.ok()) log_.Warning("tablet not marked as stopped", StatusFields(gone));
    }
  }

 private:
  absl::Status ServeHttp() {
    GRAFT_ASSIGN_OR_RETURN(
        http_, MakeHttpServer({tablet_.operations(), clock_, [this] { return metrics_->Text(); },
                               [this] { return shard_.Snapshot(); },
                               [this] { return tablet_.preflights().Last(); }, kVersion,
                               [this] { return rpc_->Health(); }},
                              {options_.bind_address, options_.port}));
    return absl::OkStatus();
  }

  // Each serves until StopThreads(), which ends them in the reverse order.
  void TakeUp() {
    tablet_.TakeUp();
    threads_.emplace_back([this] { tablet_.claims().Serve(clock_); });
    threads_.emplace_back([this] { tablet_.line().Serve(clock_); });
    threads_.emplace_back([this] {
      tablet_.operations().Serve(
          [this](TabletState& state, const std::shared_ptr<OperationControl>& control) {
            tablet_.Run(state, control);
          });
    });
    threads_.emplace_back([this] {
      tablet_.preflights().Serve(
          [this](Operation draft) { return tablet_.Preflight(std::move(draft)); });
    });
  }

  void StopThreads() {
    member_.Stop();
    repair_.Stop();
    hold_.Stop();
    shard_.Stop();
    tablet_.Stop();
    while (!threads_.empty()) {
      threads_.back().join();
      threads_.pop_back();
    }
    askers_.AwaitIdle();
  }

  std::function<void(const std::string&)> LogStates(const std::string& message) {
    return [this, message](const std::string& text) {
      log_.Info(message, {{"tablet", identity_.alias.ToString()}, {"state", text}});
    };
  }

  std::unique_ptr<MysqlServer> ConnectLocally(bool keep_session) const {
    ConnectionOptions connection = options_.mysql;
    connection.keep_session = keep_session;
    return MakeMeteredMysqlServer(MakeConnectorServer(clock_, connection),
                                  opened_.calls->local_mysql);
  }

  std::unique_ptr<MysqlServer> OpenElsewhere(ConnectionOptions connection) const {
    return MakeMeteredMysqlServer(MakeConnectorServer(clock_, std::move(connection)),
                                  opened_.calls->peer_mysql);
  }

  std::unique_ptr<MysqlServer> OpenAsClone(const HostPort& address) const {
    ConnectionOptions connection = PeerConnection(address, identity_.clone);
    connection.ssl_ca = options_.mysql.ssl_ca;
    return OpenElsewhere(connection);
  }

  std::optional<ClaimLease> Lease() {
    const std::optional<absl::Time> kept_alive = tablet_.claims().kept_alive();
    if (!kept_alive.has_value()) return std::nullopt;
    return ClaimLease{locks_.lease_time(), *kept_alive};
  }

  TabletAgent::Ports MakePorts() {
    return {clock_,
            *opened_.journal,
            topology_,
            locks_,
            *server_host_,
            log_,
            [this] { return ConnectLocally(/*keep_session=*/true); },
            [this] { return ConnectLocally(/*keep_session=*/false); },
            [this](const HostPort& address) { return OpenAsClone(address); },
            // As replication will log in, which verifies no certificate.
            [this](const HostPort& address) {
              return OpenElsewhere(PeerConnection(address, identity_.repl));
            },
            absl::bind_front(&Askers::Ask, &askers_),
            options_.start_command.empty() ? nullptr : &start_command_,
            {&shown_percent_, log_observer_.get(), metrics_.get()},
            {&hold_},
            [this](const Operation& operation) { return member_.MayFence(operation); },
            [this](const std::string& address) {
              return OtherAgentAnswers(address, identity_.alias, kOtherAgentPatience);
            },
            &restored_};
  }

  const AgentOptions options_;
  const ProvisionerOptions& identity_ = options_.tablet.provisioner;
  Log& log_;
  // In the order of their needs; destroyed from the last to the first.
  Opened opened_;
  Clock& clock_ = *opened_.clock;
  VitessTopology& topology_ = *opened_.topology.topology;
  QueueLocks& locks_ = *opened_.topology.locks;
  Askers askers_;
  ShownPercent shown_percent_;
  StartCommand start_command_;
  const std::unique_ptr<Observer> log_observer_;
  const std::unique_ptr<ServerHost> server_host_;
  HoldObserver hold_;
  RestoredBackup restored_;
  const std::unique_ptr<Metrics> metrics_;
  TabletAgent tablet_;
  ShardView shard_;
  AutoRepair repair_;
  ShardRebuilds rebuilds_;
  RebuildMember member_;
  std::unique_ptr<RpcServer> rpc_;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::thread> threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> MakeAgent(const AgentOptions& options, Log& log) {
  Opened opened;
  GRAFT_ASSIGN_OR_RETURN(opened.state_dir, OpenStateDir(options.state_dir));
  GRAFT_ASSIGN_OR_RETURN(opened.journal,
                         MakeFileJournal(absl::StrCat(options.state_dir, "/journal")));
  GRAFT_ASSIGN_OR_RETURN(opened.loaded, opened.journal->Load());
  std::vector<TabletState>& states = opened.loaded.states;
  ShownPercent(options.state_dir).Restore(states);
  opened.clock = OpenAgentClock(options.state_dir, !states.empty() && IsUnfinished(states.back()));
  opened.calls = std::make_shared<CallMeters>(*opened.clock);
  GRAFT_ASSIGN_OR_RETURN(
      opened.topology,
      OpenTopology(*opened.clock, options.topo,
                   [&meter = opened.calls->topology](std::unique_ptr<KeyValueStore> store) {
                     return MakeMeteredStore(std::move(store), meter);
                   }));
  return std::unique_ptr<Agent>(std::make_unique<GraftAgent>(options, log, std::move(opened)));
}

}  // namespace graft
