#include "backup/clone_into_backup.h"

#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/bind_front.h"
#include "agent/askers.h"
#include "backup/backup_layout.h"
#include "backup/private_topology.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "host/local_server_host.h"
#include "mysql/connector_server.h"
#include "provision/provisioner.h"

namespace graft {
namespace {

constexpr absl::Duration kInterruptPause = absl::Milliseconds(200);

// CLONE into the temporary mysqld: the same operation that rebuilds a replica, with a record that
// nobody sees. It stands in the shard's line and claims its donor like any recipient.
class BackupClone {
 public:
  explicit BackupClone(const CloneTools& tools)
      : tools_(tools),
        options_(tools.options),
        askers_(clock_, nullptr),
        observer_(MakeLogObserver(tools.log, *clock_)),
        host_(MakeLocalServerHost()),
        opened_(tools.opened),
        server_(tools.server),
        holder_(MakeConnectorServer(*clock_, options_.mysql)),
        topology_(*tools.opened.topology, OwnTablet()),
        owner_(*clock_, tools.journal),
        record_(topology_, identity_.alias) {}

  absl::Status Run(Cancellation& interrupt) {
    Operation operation;
    operation.requested = clock_->Now();
    operation.request.id = "backup-" + identity_.alias.ToString();
    operation.request.donor = *options_.tablet.defaults.donor;
    operation.request.replicate_from = ReplicateFrom::kPrimary;
    operation.request.settings = options_.tablet.defaults.settings;
    operation.request.allow = options_.tablet.defaults.allow;
    operation.recipient = identity_.alias;
    GRAFT_ASSIGN_OR_RETURN(const TabletOwner::Snapshot begun, owner_.Begin(operation));
    TabletState state = *begun;
    const auto control = std::make_shared<OperationControl>();
    std::vector<std::thread> threads;
    threads.emplace_back([this] { claims_.Serve(*clock_); });
    threads.emplace_back([this] { line_.Serve(*clock_); });
    Cancellation done;
    absl::Status mysqld;
    threads.emplace_back([&] {
      while (!interrupt.cancelled() && !done.cancelled() && mysqld.ok()) {
        done.WaitFor(*clock_, kInterruptPause);
        if (!done.cancelled()) mysqld = tools_.check_mysqld();
      }
      control->Stop();
    });
    MakeProvisioner().Run(state, control);
    done.Cancel();
    claims_.Leave().IgnoreError();
    line_.Leave().IgnoreError();
    claims_.Stop();
    line_.Stop();
    for (std::thread& thread : threads) thread.join();
    askers_.AwaitIdle();
    const Operation& ended = state.operation;
    GRAFT_RETURN_IF_ERROR(mysqld);
    if (ended.outcome == Outcome::kRunning) return absl::CancelledError("interrupted in the clone");
    return ended.outcome == Outcome::kDone ? absl::OkStatus() : Annotate(ended.error, "the clone");
  }

 private:
  Tablet OwnTablet() const {
    Tablet tablet;
    tablet.alias = identity_.alias;
    tablet.hostname = options_.tablet.hostname;
    tablet.keyspace = identity_.keyspace;
    tablet.shard = identity_.shard;
    tablet.type = TabletType::kSpare;
    return tablet;
  }

  Provisioner MakeProvisioner() {
    return Provisioner({*clock_,
                        server_,
                        *holder_,
                        [this](const HostPort& address) { return Open(address, identity_.clone); },
                        [this](const HostPort& address) { return Open(address, identity_.repl); },
                        topology_,
                        *opened_.locks,
                        claims_,
                        line_,
                        *host_,
                        owner_,
                        record_,
                        {observer_.get(), &tools_.observer},
                        nullptr,
                        nullptr,
                        absl::bind_front(&Askers::Ask, &askers_),
                        CheckDonorLayout},
                       identity_);
  }

  std::shared_ptr<MysqlServer> Open(const HostPort& address, const MysqlAccount& account) const {
    return MakeConnectorServer(*clock_, PeerConnection(address, account));
  }

  const CloneTools& tools_;
  const AgentOptions& options_;
  const ProvisionerOptions& identity_ = options_.tablet.provisioner;
  const std::shared_ptr<Clock> clock_ = MakeRealClock();  // late threads of the askers keep it
  Askers askers_;
  const std::unique_ptr<Observer> observer_;
  const std::unique_ptr<ServerHost> host_;
  OpenedTopology& opened_;
  MysqlServer& server_;
  const std::unique_ptr<MysqlServer> holder_;
  PrivateTopology topology_;
  TabletOwner owner_;
  TabletRecord record_;
  ClaimKeeper claims_{*opened_.locks};
  ClaimKeeper line_{*opened_.locks};
};

}  // namespace

absl::Status CloneIntoBackup(const CloneTools& tools, Cancellation& interrupt) {
  return BackupClone(tools).Run(interrupt);
}

}  // namespace graft
