// What AutoRepair and RebuildMember are tested with: scripted neighbours, on a simulated clock.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/simulated_clock.h"
#include "provision/repair/auto_repair.h"

namespace graft {

// An agent's desk that only notes what it is asked for.
class ScriptedDesk : public Provisioning {
 public:
  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) override {
    if (!refusal.ok()) return refusal;
    calls.push_back(call);
    Operation operation;
    operation.request.id = call.id;
    operation.requested = clock.Now();
    history.insert(history.begin(), operation);
    return operation;
  }
  void Preflight(const ReprovisionCall&,
                 std::function<void(absl::StatusOr<PreflightReport>)> on_done) override {
    ++preflights;
    if (hold_preflights) {
      held.push_back(std::move(on_done));
    } else {
      on_done(report);
    }
  }
  std::vector<Operation> List() override { return history; }
  TabletSnapshot Tablet() override { return tablet; }
  absl::StatusOr<Operation> Release(const ReleaseCall&) override { return Unused(); }
  absl::StatusOr<Operation> Get(absl::string_view id) override {
    for (const Operation& operation : history) {
      if (operation.request.id == id) return operation;
    }
    return absl::NotFoundError("no such operation");
  }
  absl::StatusOr<Operation> Cancel(absl::string_view, CancelWish) override { return Unused(); }
  absl::StatusOr<Operation> Throttle(absl::string_view, const CloneSettings&) override {
    return Unused();
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      absl::string_view, std::function<void(const Operation&)>) override {
    return Unused();
  }

  void End(Outcome outcome, DataState data_state) {
    history.front().outcome = outcome;
    history.front().data_state = data_state;
    history.front().ended = clock.Now();
  }

  explicit ScriptedDesk(Clock& its_clock) : clock(its_clock) {}

  Clock& clock;
  absl::Status refusal;
  absl::StatusOr<PreflightReport> report = PreflightReport();
  bool hold_preflights = false;
  std::vector<std::function<void(absl::StatusOr<PreflightReport>)>> held;
  int preflights = 0;
  TabletSnapshot tablet;
  std::vector<Operation> history;
  std::vector<ReprovisionCall> calls;

 private:
  static absl::Status Unused() { return absl::UnimplementedError("not for these tests"); }
};

class ScriptedTopology : public Topology {
 public:
  absl::StatusOr<Tablet> GetTablet(const TabletAlias& alias) override {
    if (!failure.ok()) return failure;
    Tablet tablet;
    tablet.alias = alias;
    tablet.type = type;
    return tablet;
  }
  absl::StatusOr<Shard> GetShard(absl::string_view keyspace, absl::string_view shard) override {
    return Shard{std::string(keyspace), std::string(shard), primary};
  }
  absl::StatusOr<TabletList> ListShardTablets(absl::string_view, absl::string_view) override {
    if (!failure.ok()) return failure;
    return TabletList{tablets, missing_cells};
  }
  absl::Status UpdateTablet(const TabletAlias&,
                            const std::function<absl::Status(Tablet&)>&) override {
    return absl::UnimplementedError("not for these tests");
  }

  absl::Status failure;
  std::vector<Tablet> tablets;  // of the shard's list
  std::vector<MissingCell> missing_cells;
  TabletType type = TabletType::kReplica;
  TabletAlias primary = {"zone1", 100};
};

// A tablet's agent, as far as AutoRepair sees it.
struct RepairingAgent {
  RepairingAgent(SimulatedClock& clock, QueueLocks& locks, uint32_t uid)
      : desk(clock), repair({clock, desk, locks, topology, NewsSink()}, Options(uid)) {
    desk.tablet.mysql_reachable = true;
    desk.tablet.type = TabletType::kReplica;
    Break(0);
  }

  static AutoRepair::Options Options(uint32_t uid) {
    AutoRepair::Options options;
    options.alias = {"zone1", uid};
    options.keyspace = "shop";
    options.shard = "0";
    options.rules.errors = {1032, 1062};
    return options;
  }
  std::function<void(const std::string&)> NewsSink() {
    return [this](const std::string& text) { news.push_back(text); };
  }

  // 0: replicates.
  void Break(int number) {
    ReplicationChannel channel;
    channel.receiver_running = true;
    channel.applier_running = number == 0;
    channel.applier_errno = number;
    desk.tablet.replication = {channel};
  }
  void Look() {
    desk.tablet.read_at = desk.clock.Now();
    repair.Look();
  }

  std::vector<std::string> news;
  ScriptedDesk desk;
  ScriptedTopology topology;
  AutoRepair repair;
};

}  // namespace graft
