#include "fault_world.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "graft/plan.h"

namespace graft {
namespace {

bool Follows(const FakeMysqlState& state) {
  return !state.channels.empty() && state.channels.front().receiver_running &&
         state.channels.front().applier_running;
}

// The step table says what the data can be, at worst, where the operation ended.
void ExpectNoWorseThanItsRow(const Operation& operation, const TabletState& state) {
  switch (RowOf(operation).worst) {
    case DataState::kIntact:
      EXPECT_EQ(operation.data_state, state.data_before) << StepName(operation.step);
      break;
    case DataState::kCloned:
      EXPECT_EQ(operation.data_state, DataState::kCloned) << StepName(operation.step);
      break;
    case DataState::kPartial:
    case DataState::kEmpty:
      break;
  }
}

}  // namespace

FaultWorld::FaultWorld() {
  AddOther();
  recipient.Edit([](FakeMysqlState& state) {
    ReplicationChannel channel;
    channel.source = {"127.0.0.1", 3310};
    channel.receiver_running = channel.applier_running = true;
    state.channels = {channel};
  });
}

void FaultWorld::KillAgent() {
  agent_died_ = true;
  control->Stop();
}

void FaultWorld::RunToEnd(Operation& operation) {
  Run(operation);
  // Only the journal of the dead agent counts, not its memory.
  while (std::exchange(agent_died_, false)) {
    recipient.AbandonClone();
    // Its place is not given up: the store does not hear of it.
    store.FailAll(absl::UnavailableError("nobody is there to call"));
    claims.Leave().IgnoreError();
    line.Leave().IgnoreError();
    store.Heal();
    const auto records = journal.Load();
    ASSERT_TRUE(records.ok() && !records->states.empty()) << records.status();
    operation = records->states.back().operation;
    if (operation.outcome != Outcome::kRunning) return;
    control = std::make_shared<OperationControl>();
    Run(operation);
  }
}

void FaultWorld::AtStep(Step step, std::function<void()> fault) {
  observer.on_step = [this, step, fault = std::move(fault)](const Operation& entered) {
    if (entered.step != step || fault_fired_) return;
    fault_fired_ = true;
    fault();
  };
}

void FaultWorld::ExpectTruthful(const Operation& operation) {
  const FakeMysqlState server = recipient.state();
  ASSERT_NE(operation.outcome, Outcome::kRunning);
  EXPECT_LE(recipient.clones_started(), operation.attempt);
  EXPECT_EQ(server.variables.at("super_read_only"), "ON");
  ExpectNoWorseThanItsRow(operation, state);
  const bool old_data = server.facts.user_schemas == std::vector<std::string>{"old"};
  if (operation.data_state == DataState::kIntact) EXPECT_TRUE(old_data);
  if (operation.data_state == DataState::kCloned) {
    EXPECT_EQ(server.facts.user_schemas, server.donor.user_schemas);
  }
}

void FaultWorld::ExpectSafe(const Operation& operation) {
  ExpectTruthful(operation);
  const FakeMysqlState server = recipient.state();
  const Tablet record = Record(replica);
  if (operation.outcome == Outcome::kDone) {
    EXPECT_EQ(operation.data_state, DataState::kCloned);
    EXPECT_TRUE(Follows(server));
    EXPECT_EQ(record.type, TabletType::kReplica);
    EXPECT_TRUE(server.persisted.empty()) << "the fence is still up";
  } else if (operation.data_state == DataState::kIntact) {
    EXPECT_TRUE(Follows(server)) << "the old replication was not resumed";
    EXPECT_EQ(record.type, TabletType::kReplica);
    EXPECT_TRUE(server.persisted.empty()) << "the fence is still up";
  } else {
    EXPECT_EQ(record.type, TabletType::kRestore);
    EXPECT_EQ(record.tags.at("graft.data_state"), DataStateName(operation.data_state));
    EXPECT_EQ(record.tags.count("graft.reason"), 1u);
    EXPECT_FALSE(operation.error.ok());
  }
  // A process that died may still have a place, for as long as its lease lives.
  clock.Advance(absl::Seconds(31));
  store.Tick();
  for (const TabletAlias& donor_alias : {primary, other}) {
    EXPECT_THAT(Queue(donor_alias), ::testing::IsEmpty()) << donor_alias.ToString();
  }
}

void FaultWorld::ExpectSecondRequestSucceeds(const Operation& first) {
  journal.on_save = nullptr;
  journal.before_save = nullptr;
  observer.on_step = nullptr;
  recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
  clock.Advance(absl::Minutes(10));  // what the first one left running has ended
  control = std::make_shared<OperationControl>();
  Operation again = Request();
  again.request.id = "op-2";
  ASSERT_NE(first.outcome, Outcome::kRunning);
  Run(again);
  EXPECT_EQ(again.outcome, Outcome::kDone) << again.error;
  EXPECT_EQ(Record(replica).type, TabletType::kReplica);
  EXPECT_TRUE(recipient.state().persisted.empty());
}

}  // namespace graft
