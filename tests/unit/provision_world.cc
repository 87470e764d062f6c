#include "provision_world.h"

#include <climits>

#include "fakes/ask_in_order.h"
#include "fakes/shop_tablets.h"
#include "graft/plan.h"

namespace graft {

ProvisionWorld::ProvisionWorld()
    : topology({clock, store, "/vitess/global", "fake", [](const std::string& address) {
                  return absl::StatusOr<std::shared_ptr<KeyValueStore>>(
                      absl::NotFoundError(address));
                }}) {
  EXPECT_TRUE(topology.AddCell({"zone1", "fake", "/vitess/zone1"}).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeShopTablet(primary, 3310, kDonorUuid)).ok());
  EXPECT_TRUE(
      topology.RegisterTablet(MakeShopTablet(replica, 3320, recipient.state().facts.server_uuid))
          .ok());
  EXPECT_TRUE(topology.SetPrimary("shop", "0", primary).ok());
  // Its thread would wake the operation at any time; without it the line is looked at every second.
  store.FailNext(StoreMethod::kWatchPrefix, absl::UnimplementedError("no watch"), INT_MAX);
  options.alias = replica;
  options.keyspace = "shop";
  options.shard = "0";
  recipient.Edit([](FakeMysqlState& server) {  // as graft-mysqld's my.cnf has it
    for (const char* name : {"read_only", "super_read_only", "skip_replica_start"}) {
      server.config[name] = server.variables[name] = "ON";
    }
  });
  donor.Edit([](FakeMysqlState& server) {
    server.facts.server_uuid = kDonorUuid;
    server.facts.gtid_executed = server.donor.gtid_executed;
    server.config["server_id"] = server.variables["server_id"] = "100";
  });
}

Operation ProvisionWorld::Request(DonorChoice choice) const {
  Operation operation;
  operation.request.id = "op-1";
  operation.request.donor = choice;
  operation.recipient = replica;
  operation.requested = clock.Now();
  return operation;
}

Operation ProvisionWorld::Release(bool data_is_good) const {
  Operation operation;
  operation.request.id = "release-1";
  operation.request.kind = OperationKind::kRelease;
  operation.request.release = {"alice@db-101", "restored", data_is_good};
  operation.recipient = replica;
  operation.requested = clock.Now();
  operation.step = Step::kRelease;
  return operation;
}

void ProvisionWorld::AddOther() {
  Tablet tablet = MakeShopTablet(other, 3330, kOtherUuid);
  EXPECT_TRUE(topology.RegisterTablet(tablet).ok());
  other_server.Edit([](FakeMysqlState& server) {
    server.facts.server_uuid = kOtherUuid;
    server.facts.gtid_executed = server.donor.gtid_executed;
    server.config["server_id"] = server.variables["server_id"] = "102";
    ReplicationChannel channel;
    channel.source = {"127.0.0.1", 3310};
    channel.receiver_running = channel.applier_running = channel.auto_position = true;
    channel.lag = absl::ZeroDuration();
    server.channels = {channel};
  });
}

Provisioner ProvisionWorld::MakeProvisioner() {
  const auto by_address = [this](const HostPort& address) {
    return std::make_unique<BorrowedServer>(
        address.port == 3330 || address.port == 3340 ? other_server : donor);
  };
  return Provisioner({clock,
                      recipient,
                      recipient,
                      open_peer != nullptr ? open_peer : by_address,
                      open_as_replica != nullptr ? open_as_replica : by_address,
                      topology,
                      locks,
                      claims,
                      line,
                      host,
                      *owner,
                      record,
                      {&observer},
                      start_server,
                      [this] { return history; },
                      ask_all != nullptr ? ask_all : AskInOrder(clock),
                      may_fence},
                     options);
}

void ProvisionWorld::KeepClaimsAlive(const std::shared_ptr<bool>& running) {
  clock.At(clock.Now() + absl::Seconds(10), [this, running] {
    if (!*running) return;
    if (keep_claims) claims.KeepAliveOnce().IgnoreError();
    if (keep_claims) line.KeepAliveOnce().IgnoreError();
    KeepClaimsAlive(running);
  });
}

void ProvisionWorld::Run(Operation& operation) {
  const auto running = std::make_shared<bool>(true);
  KeepClaimsAlive(running);
  owner = std::make_unique<TabletOwner>(clock, journal);
  const auto loaded = journal.Load();
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  owner->TakeUp(loaded->states);
  if (owner->state()->operation.request.id != operation.request.id) {
    journal.quiet = true;
    const auto begun = owner->Begin(operation);
    journal.quiet = false;
    ASSERT_TRUE(begun.ok()) << begun.status();
  }
  state = *owner->state();
  MakeProvisioner().Run(state, control);
  operation = state.operation;
  *running = false;
}

absl::Status ProvisionWorld::Cancel(CancelWish wish) {
  const absl::Status granted = owner->GrantCancel(owner->state()->operation.request.id, wish);
  const TabletOwner::Snapshot now = owner->state();
  const bool copying = RowOf(now->operation).zone == Zone::kCopying || now->clone.has_value();
  copying ? control->Wake() : control->EndWaits();
  return granted;
}

std::vector<QueueEntry> ProvisionWorld::Queue(const TabletAlias& alias) {
  const auto entries = locks.List(DonorLockName(alias));
  EXPECT_TRUE(entries.ok()) << entries.status();
  return entries.value_or(std::vector<QueueEntry>());
}

Tablet ProvisionWorld::Record(const TabletAlias& alias) {
  const auto tablet = topology.GetTablet(alias);
  EXPECT_TRUE(tablet.ok()) << tablet.status();
  return tablet.value_or(Tablet());
}

void EditRecord(ProvisionWorld& world, const TabletAlias& alias,
                const std::function<void(Tablet&)>& edit) {
  EXPECT_TRUE(world.topology
                  .UpdateTablet(alias,
                                [&edit](Tablet& tablet) {
                                  edit(tablet);
                                  return absl::OkStatus();
                                })
                  .ok());
}

}  // namespace graft
