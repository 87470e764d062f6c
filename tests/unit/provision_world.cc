#include "provision_world.h"

namespace graft {
namespace {

Tablet MakeTablet(const TabletAlias& alias, int mysql_port) {
  Tablet tablet;
  tablet.alias = alias;
  tablet.hostname = "127.0.0.1";
  tablet.port_map["graft"] = mysql_port + 1;
  tablet.keyspace = "shop";
  tablet.shard = "0";
  tablet.type = TabletType::kReplica;
  tablet.mysql = {"127.0.0.1", mysql_port};
  return tablet;
}

}  // namespace

ProvisionWorld::ProvisionWorld()
    : topology({clock, store, "/vitess/global", "fake", [](const std::string& address) {
                  return absl::StatusOr<std::shared_ptr<KeyValueStore>>(
                      absl::NotFoundError(address));
                }}) {
  EXPECT_TRUE(topology.AddCell({"zone1", "fake", "/vitess/zone1"}).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeTablet(primary, 3310)).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeTablet(replica, 3320)).ok());
  EXPECT_TRUE(topology.SetPrimary("shop", "0", primary).ok());
  options.alias = replica;
  options.keyspace = "shop";
  options.shard = "0";
  recipient.Edit([](FakeMysqlState& state) {  // as graft-mysqld's my.cnf has it
    for (const char* name : {"read_only", "super_read_only", "skip_replica_start"}) {
      state.config[name] = state.variables[name] = "ON";
    }
  });
  donor.Edit([](FakeMysqlState& state) {
    state.facts.server_uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    state.facts.gtid_executed = state.donor.gtid_executed;
    state.config["server_id"] = state.variables["server_id"] = "100";
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

void ProvisionWorld::AddOther() {
  Tablet tablet = MakeTablet(other, 3330);
  EXPECT_TRUE(topology.RegisterTablet(tablet).ok());
  other_server.Edit([](FakeMysqlState& state) {
    state.facts.server_uuid = "5e11fa47-71ca-11e1-9e33-c80aa9429562";
    state.facts.gtid_executed = state.donor.gtid_executed;
    state.config["server_id"] = state.variables["server_id"] = "102";
    ReplicationChannel channel;
    channel.source = {"127.0.0.1", 3310};
    channel.receiver_running = channel.applier_running = channel.auto_position = true;
    channel.lag = absl::ZeroDuration();
    state.channels = {channel};
  });
}

Provisioner ProvisionWorld::MakeProvisioner() {
  const auto open_peer = [this](const HostPort& address) {
    return std::make_unique<BorrowedServer>(address.port == 3330 ? other_server : donor);
  };
  return Provisioner({clock,
                      recipient,
                      open_peer,
                      topology,
                      locks,
                      claims,
                      host,
                      journal,
                      {&observer},
                      start_server,
                      [this] { return history; }},
                     options);
}

void ProvisionWorld::KeepClaimsAlive(const std::shared_ptr<bool>& running) {
  clock.At(clock.Now() + absl::Seconds(10), [this, running] {
    if (!*running) return;
    if (keep_claims) claims.KeepAliveOnce().IgnoreError();
    KeepClaimsAlive(running);
  });
}

void ProvisionWorld::Run(Operation& operation) {
  const auto running = std::make_shared<bool>(true);
  KeepClaimsAlive(running);
  MakeProvisioner().Run(operation, control);
  *running = false;
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

}  // namespace graft
