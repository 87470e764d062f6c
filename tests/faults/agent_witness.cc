// The observations of an AgentWorld about the agent and its server, for its Story.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent_process.h"
#include "agent_world.h"
#include "fakes/shop_tablets.h"
#include "gtest/gtest.h"
#include "topo/records.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

constexpr char kCellRoot[] = "/vitess/zone1";
constexpr absl::Duration kDelay = absl::Seconds(60);

ReplicationChannel FromPrimary() {
  ReplicationChannel channel;
  channel.source = {"127.0.0.1", 3310};
  channel.receiver_running = channel.applier_running = channel.auto_position = true;
  channel.lag = absl::ZeroDuration();
  return channel;
}

void MakeDonor(FakeMysqlServer& server, const std::string& uuid, const std::string& server_id) {
  server.Edit([&](FakeMysqlState& state) {
    state.facts.server_uuid = uuid;
    state.facts.user_schemas = state.donor.user_schemas;
    state.facts.gtid_executed = state.donor.gtid_executed;
    state.config["server_id"] = state.variables["server_id"] = server_id;
  });
}

void MakeReplica(FakeMysqlServer& server) {
  // As graft-mysqld's my.cnf has it, but that replication comes back with the server: the fence
  // alone keeps it away.
  server.Edit([](FakeMysqlState& state) {
    for (const char* name : {"read_only", "super_read_only"}) {
      state.config[name] = state.variables[name] = "ON";
    }
    state.config["skip_replica_start"] = state.variables["skip_replica_start"] = "OFF";
    state.channels = {FromPrimary()};
    state.channels.front().delay = kDelay;
    state.survey.filters = {{"", "REPLICATE_IGNORE_DB", "old", true, true}};
    state.enabled_events = {"shop.tick", "shop.tock"};
    state.script.drop = absl::Milliseconds(600);
    state.script.copy = absl::Seconds(4);
    state.script.restart = absl::Seconds(2);
    state.replication.connect = absl::Seconds(1);
    state.replication.catch_up = absl::Seconds(3);
    state.replication.stop_takes = absl::Milliseconds(400);
  });
}

bool IsOn(const std::map<std::string, std::string>& variables, const char* name) {
  const auto found = variables.find(name);
  return found != variables.end() && found->second == "ON";
}

// A field of a later Vitess: number 200, "keep-me".
constexpr char kUnknownField[] = "\xC2\x0C\x07keep-me";

}  // namespace

AgentWorld::AgentWorld()
    : topology({clock, store, "/vitess/global", "fake",
                [](const std::string& address) {
                  return absl::StatusOr<std::shared_ptr<KeyValueStore>>(
                      absl::NotFoundError(address));
                }}),
      log_(MakeLog({LogLevel::kInfo, LogFormat::kText, &log_text_})) {
  EXPECT_TRUE(topology.AddCell({"zone1", "fake", kCellRoot}).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeShopTablet(primary, 3310, kDonorUuid)).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeShopTablet(replica, 3320, "")).ok());
  EXPECT_TRUE(topology.RegisterTablet(MakeShopTablet(other, 3330, kOtherUuid)).ok());
  EXPECT_TRUE(topology.SetPrimary("shop", "0", primary).ok());
  const auto record = store.Get(topo::TabletKey(kCellRoot, replica));
  EXPECT_TRUE(
      store.Update(record->key, absl::StrCat(record->value, kUnknownField), record->version).ok());
  options_.alias = replica;
  options_.keyspace = "shop";
  options_.shard = "0";
  options_.clone.password = Secret("clone-hush");
  options_.repl.password = Secret("repl-hush");
  MakeDonor(donor, kDonorUuid, "100");
  MakeDonor(other_server, kOtherUuid, "102");
  other_server.Edit([](FakeMysqlState& state) { state.channels = {FromPrimary()}; });
  MakeReplica(recipient);
}

Truth AgentWorld::LookAtServer() {
  Truth truth;
  truth.up = recipient.Describe().ok();
  recipient.Edit([&](FakeMysqlState& state) {
    const auto& status = state.clone.status;
    truth.clone_runs = status.has_value() && status->state == CloneState::kInProgress &&
                       status->connection_id != 0;
    truth.copy_whole = state.facts.user_schemas == state.donor.user_schemas;
    truth.old_whole = state.facts.user_schemas == good_schemas_;
    truth.read_only = IsOn(state.variables, "read_only");
    truth.super_read_only = IsOn(state.variables, "super_read_only");
    truth.fence_persisted = IsOn(state.persisted, "read_only") &&
                            IsOn(state.persisted, "super_read_only") &&
                            IsOn(state.persisted, "skip_replica_start");
    truth.persisted_any = !state.persisted.empty();
    truth.settings_kept = !state.channels.empty() && state.channels.front().delay == delay_ &&
                          state.source.has_value() && state.source->filters.size() == 1;
    truth.enabled_events = static_cast<int>(state.enabled_events.size());
    truth.replicates = truth.up && std::any_of(state.channels.begin(), state.channels.end(),
                                               [](const ReplicationChannel& channel) {
                                                 return channel.applier_running;
                                               });
  });
  truth.proved = story_.state.operation.data_state == DataState::kCloned;
  return truth;
}

void AgentWorld::Saw(const char* by, const Operation& operation) {
  if (process_ == nullptr || !*process_->alive || operation.request.id != id_) return;
  Shown shown{by,
              operation.step,
              operation.outcome,
              operation.data_state,
              TabletType::kUnknown,
              LookAtServer()};
  const auto same_as = [&shown](const Shown& earlier) { return earlier == shown; };
  const size_t recent = std::min<size_t>(story_.shown.size(), 6);
  if (std::any_of(story_.shown.end() - static_cast<std::ptrdiff_t>(recent), story_.shown.end(),
                  same_as)) {
    return;
  }
  story_.shown.push_back(std::move(shown));
}

void AgentWorld::SawRecord() {
  const auto item = store.Get(topo::TabletKey(kCellRoot, replica));
  const auto tablet = topology.GetTablet(replica);
  if (!item.ok() || !tablet.ok() || std::exchange(seen_, item->version) == item->version) return;
  Shown shown;
  shown.by = "record";
  shown.type = tablet->type;
  shown.truth = LookAtServer();
  shown.data = DataState::kPartial;  // says nothing: nothing is claimed
  const auto tag = tablet->tags.find("graft.data_state");
  for (const DataState state :
       {DataState::kIntact, DataState::kPartial, DataState::kEmpty, DataState::kCloned}) {
    if (tag != tablet->tags.end() && tag->second == DataStateName(state)) shown.data = state;
  }
  story_.shown.push_back(std::move(shown));
}

void AgentWorld::SawSending() {
  Sending sending;
  sending.truth = LookAtServer();
  sending.looked_at_recipient = answered_["recipient.Survey"] > 0;
  sending.looked_at_donor = answered_["donor.Survey"] + answered_["other.Survey"] > 0;
  sending.since_look = clock.Now() - looked_;
  const auto shard = topology.GetShard("shop", "0");
  sending.is_primary = shard.ok() && shard->primary == replica;
  const auto tablet = topology.GetTablet(replica);
  if (tablet.ok()) sending.record = tablet->type;
  const TabletState& saved = story_.state;
  sending.journalled = saved.operation.request.id == id_ && saved.clone.has_value() &&
                       saved.operation.data_state != DataState::kIntact;
  const auto queue = locks.List(DonorLockName(saved.operation.donor));
  sending.first_in_queue = queue.ok() && !queue->empty() && queue->front().tablet == replica &&
                           queue->front().operation == id_;
  story_.sendings.push_back(sending);
}

absl::Status AgentWorld::Leave(const std::string& call) {
  if (call == "journal.Save") {
    const auto saved = journal.Load();
    if (saved.ok() && !saved->states.empty()) story_.state = saved->states.back();
    Saw("journal", story_.state.operation);
  } else if (absl::StartsWith(call, "store.") &&
             (call == "store.Update" || call == "store.Create")) {
    SawRecord();
  } else if (absl::StartsWith(call, "recipient.")) {
    Saw("owner", process_->agent.owner().state()->operation);
  }
  const bool dies = striking_.call == call && striking_.kind == CallFaultKind::kAgentDies;
  if (dies) KillAgent();
  if (!*process_->alive) return absl::UnavailableError("the process is gone");
  if (striking_.call == call) {
    striking_.call.clear();
    return absl::UnavailableError(absl::StrCat(call, ": the answer is lost in this test"));
  }
  ++answered_[call];
  if (call == "donor.Survey" || call == "other.Survey") looked_ = clock.Now();
  return absl::OkStatus();
}

void AgentWorld::LookAtTheEnd() {
  story_.over = Ended();
  clock.Advance(absl::Seconds(31));  // a process that died may have a place until then
  store.Tick();
  story_.truth = LookAtServer();
  const auto record = topology.GetTablet(replica);
  EXPECT_TRUE(record.ok()) << record.status();
  if (record.ok()) story_.record = *record;
  const auto kept = store.List(topo::TabletsPrefix(kCellRoot));
  for (const KeyValue& item : *kept) {
    story_.tablet_keys.push_back(item.key);
    if (item.key == topo::TabletKey(kCellRoot, replica)) story_.raw_record = item.value;
  }
  for (const std::string& name :
       {DonorLockName(primary), DonorLockName(other), ShardLineName("shop", "0")}) {
    const auto queue = locks.List(name);
    if (queue.ok()) story_.places_left += queue->size();
  }
  story_.clones_started = recipient.clones_started();
  story_.log = log_text_.str();
  story_.journal = ToJournalRecord(story_.state).DebugString();
}

// Nothing is left of an operation that went well, so that the next one need not be run.
void AgentWorld::AcceptSecond(const Story& first) {
  const bool begun = process_->agent.owner().state()->operation.request.id == "op-2";
  story_ = first;
  story_.second_succeeded = begun;
  story_.second_failure = "it was refused";
}

void AgentWorld::ExpectSecondRequest() {
  const Story first = story_;
  if (story_.truth.clone_runs) clock.Advance(absl::Minutes(10));
  recipient.Edit([](FakeMysqlState& state) {
    state.script = CloneScript();
    state.script.copy = state.script.restart = absl::Seconds(1);
    state.replication.applier_errno = 0;
  });
  if (process_ == nullptr && !Start()) return;
  Request("op-2", DonorChoice::Kind::kPrimary);
  if (first.state.operation.outcome == Outcome::kDone) return AcceptSecond(first);
  RunToEnd();
  clock.Advance(absl::Seconds(1));
  const TabletState again = *process_->agent.owner().state();
  const auto record = topology.GetTablet(replica);
  story_ = first;
  story_.second_succeeded = again.operation.request.id == "op-2" &&
                            again.operation.outcome == Outcome::kDone && record.ok() &&
                            record->type == TabletType::kReplica && !LookAtServer().persisted_any;
  story_.second_failure =
      absl::StrCat(OutcomeName(again.operation.outcome), " at ", StepName(again.operation.step),
                   ": ", again.operation.error.ToString());
}

}  // namespace graft
