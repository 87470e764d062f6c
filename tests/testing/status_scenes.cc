#include "testing/status_scenes.h"

#include <utility>

#include "base/errors.h"
#include "graft/plan.h"

namespace graft {
namespace {

constexpr char kGtids[] =
    "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77,\n"
    "8a94f357-aab4-11df-86ab-c80aa9429562:1-1234567:1234569-1234800,\n"
    "9b11fa47-71ca-11e1-9e33-c80aa9429562:1-3,\n"
    "af11fa47-71ca-11e1-9e33-c80aa9429562:1-50012";

Tablet Neighbour(uint32_t uid, TabletType type) {
  Tablet tablet;
  tablet.alias = {"zone1", uid};
  tablet.hostname = "db-" + std::to_string(uid) + ".example";
  tablet.port_map = {{"graft", 16000 + static_cast<int>(uid)},
                     {"vt", 15000 + static_cast<int>(uid)}};
  tablet.keyspace = "shop";
  tablet.shard = "0";
  tablet.type = type;
  tablet.mysql = {tablet.hostname, 3306};
  return tablet;
}

ReplicationChannel Channel() {
  ReplicationChannel channel;
  channel.source = {"db-100.example", 3306};
  channel.receiver_running = true;
  channel.applier_running = true;
  channel.lag = absl::Seconds(3);
  channel.auto_position = true;
  return channel;
}

StatusFacts Base(absl::Time now) {
  StatusFacts facts;
  facts.now = now;
  facts.version = "0.1.0";
  facts.started = now - absl::Hours(52);
  facts.tablet.alias = {"zone1", 101};
  facts.tablet.keyspace = "shop";
  facts.tablet.shard = "0";
  facts.tablet.type = TabletType::kReplica;
  facts.tablet.mysql_reachable = true;
  facts.tablet.mysql_version = "9.7.4-2";
  facts.tablet.gtid_executed = kGtids;
  facts.tablet.super_read_only = true;
  facts.tablet.replication = {Channel()};
  facts.tablet.read_at = now - absl::Milliseconds(2300);
  facts.shard.read_at = now - absl::Seconds(6);
  facts.shard.tablets = {Neighbour(100, TabletType::kPrimary), Neighbour(101, TabletType::kReplica),
                         Neighbour(102, TabletType::kReplica)};
  return facts;
}

std::vector<CheckResult> Checks() {
  return {{"RECIPIENT_VERSION", CheckSide::kRecipient, CheckOutcome::kPassed,
           "versions of both servers", "9.7.4-2 and 9.7.4-2", ""},
          {"DISK_SPACE", CheckSide::kRecipient, CheckOutcome::kPassed,
           "free space for the donor's data", "412.0 GiB free, 96.4 GiB needed", ""},
          {"DONOR_LAG", CheckSide::kDonor, CheckOutcome::kWarning, "the donor's replication lag",
           "it is 4m10s behind the primary",
           "nothing, if that is no matter: the tablet catches up after the copy"},
          {"NON_INNODB_TABLES", CheckSide::kDonor, CheckOutcome::kUnchecked,
           "tables of other engines", "not readable: SELECT is not granted on *.*",
           "grant SELECT on *.* to vt_clone on the donor, or allow it with --allow-unchecked"}};
}

Operation Asked(const std::string& id, absl::Time requested) {
  Operation operation;
  operation.request.id = id;
  operation.recipient = {"zone1", 101};
  operation.donor = {"zone1", 102};
  operation.donor_mysql = {"db-102.example", 3306};
  operation.source = {"zone1", 100};
  operation.source_mysql = {"db-100.example", 3306};
  operation.requested = requested;
  return operation;
}

// Goes through all steps up to `last`, a second each but for the copy.
void AddSteps(Step last, bool ended, Operation& operation) {
  absl::Time at = operation.requested;
  for (const PlanRow& row : PlanOf(operation.request.kind)) {
    const absl::Time begin = at;
    at += row.step == Step::kClone ? absl::Seconds(271) : absl::Milliseconds(840);
    const bool open = row.step == last && !ended;
    operation.times.push_back({row.step, begin, open ? absl::InfinitePast() : at});
    if (row.step == last) break;
  }
  operation.step = last;
  if (ended) operation.ended = at;
}

Operation Done(const std::string& id, absl::Time requested) {
  Operation operation = Asked(id, requested);
  AddSteps(Step::kPublish, true, operation);
  operation.outcome = Outcome::kDone;
  operation.data_state = DataState::kCloned;
  return operation;
}

Operation Failed(const std::string& id, absl::Time requested) {
  Operation operation = Asked(id, requested);
  AddSteps(Step::kClone, true, operation);
  operation.outcome = Outcome::kFailed;
  operation.data_state = DataState::kEmpty;
  operation.attempt = 3;
  operation.failed_attempts = {
      {1,
       {"zone1", 103},
       Step::kClone,
       DataState::kEmpty,
       WithReason(absl::UnavailableError("the donor 10.3.1.103:3306 has gone: no byte for 5m"),
                  "DONOR_GONE"),
       requested + absl::Seconds(130)}};
  operation.refused_donors = {{{"zone1", 104}, "LAGS_BEHIND", "it is 2h behind the primary"}};
  operation.ended_sessions = {{12, "app", "10.0.0.1:4711"}, {19, "app", "10.0.0.2:4712"}};
  operation.error =
      WithReason(absl::UnavailableError("clone from zone1-0000000102: the donor was restarted; the "
                                        "tablet's data is gone. Rebuild "
                                        "it with graftctl reprovision zone1-0000000101 --from-any"),
                 "DONOR_GONE");
  return operation;
}

void AddPhases(Progress& progress) {
  progress.phases = {{Phase::kPrepare, 0.02, 1, true, absl::Milliseconds(2520)},
                     {Phase::kDropData, 0.01, 1, true, absl::Milliseconds(1310)},
                     {Phase::kFileCopy, 0.62, 0.661, true, absl::Seconds(187)},
                     {Phase::kPageCopy, 0.03, 0, false, absl::ZeroDuration()},
                     {Phase::kRedoCopy, 0.02, 0, false, absl::ZeroDuration()},
                     {Phase::kFileSync, 0.1, 0, false, absl::ZeroDuration()},
                     {Phase::kRestart, 0.08, 0, false, absl::ZeroDuration()},
                     {Phase::kRecovery, 0.07, 0, false, absl::ZeroDuration()},
                     {Phase::kFinish, 0.05, 0, false, absl::ZeroDuration()}};
}

Operation Running(absl::Time now) {
  Operation operation = Asked("op-20261120-130000-7f3a", now - absl::Seconds(191));
  AddSteps(Step::kClone, false, operation);
  operation.data_state = DataState::kEmpty;
  operation.attempt = 2;
  operation.findings = {Checks()[2], Checks()[3]};
  operation.failed_attempts = Failed("x", now - absl::Minutes(9)).failed_attempts;
  Progress& progress = operation.progress;
  progress.stage = CloneStage::kFileCopy;
  progress.stages = {{CloneStage::kDropData, CloneState::kCompleted, "a", "b", 0, 0, 0},
                     {CloneStage::kFileCopy, CloneState::kInProgress, "b", "", 103'500'000'000,
                      68'400'000'000, 68'500'000'000}};
  progress.bytes_done = 68'400'000'000;
  progress.bytes_expected = 103'500'000'000;
  progress.bytes_per_second = 341e6;
  progress.last_byte = now - absl::Milliseconds(400);
  progress.percent = 43.98;
  progress.eta = Eta{absl::Seconds(242), absl::Seconds(180), absl::Seconds(425)};
  progress.learnt_from = 3;
  progress.phase_began = now - absl::Seconds(187);
  progress.sampled = now - absl::Milliseconds(300);
  AddPhases(progress);
  return operation;
}

}  // namespace

StatusFacts RunningScene(absl::Time now) {
  StatusFacts facts = Base(now);
  facts.tablet.type = TabletType::kRestore;
  facts.tablet.replication.clear();
  facts.operations = {Running(now), Failed("op-20261119-031407-11c0", now - absl::Hours(30)),
                      Done("op-20261101-120000-0001", now - absl::Hours(480)),
                      Done("op-20261012-093000-ab12", now - absl::Hours(960))};
  facts.operations[2].outcome = Outcome::kCancelled;
  facts.operations[2].data_state = DataState::kIntact;
  facts.operations[2].error = WithReason(absl::CancelledError("as asked"), "CANCELLED_BY_REQUEST");
  Tablet& self = facts.shard.tablets[1];
  self.type = TabletType::kRestore;
  self.tags = {{"graft.step", "clone"}, {"graft.progress", "43%"}, {"graft.data_state", "EMPTY"}};
  facts.shard.tablets[2].tags = {{"graft.data_state", "CLONED"}};
  facts.preflight = PreflightReport{{"zone1", 101}, {"zone1", 102}, {"zone1", 100}, Checks(), now};
  return facts;
}

StatusFacts FailedScene(absl::Time now) {
  StatusFacts facts = Base(now);
  facts.tablet.type = TabletType::kRestore;
  facts.tablet.mysql_reachable = false;
  facts.tablet.mysql_error = "Can't connect to local server through socket (2)";
  facts.tablet.replication.clear();
  facts.tablet.fenced = true;
  facts.operations = {Failed("op-20261120-125533-9d01", now - absl::Minutes(9)),
                      Done("op-20261012-093000-ab12", now - absl::Hours(960))};
  facts.shard.tablets[1].type = TabletType::kRestore;
  facts.shard.tablets[1].tags = {{"graft.data_state", "EMPTY"}, {"graft.reason", "DONOR_GONE"}};
  facts.shard.tablets[2].hostname = "";
  facts.shard.tablets[2].port_map.clear();
  facts.shard.tablets[2].mysql = {};
  facts.shard.error = "etcd does not answer at 10.0.0.5:2379";
  return facts;
}

StatusFacts IdleScene(absl::Time now) {
  return Base(now);
}

StatusFacts StartingScene(absl::Time now) {
  StatusFacts facts;
  facts.now = now;
  facts.version = "0.1.0";
  facts.started = now - absl::Milliseconds(300);
  facts.tablet.alias = {"zone1", 101};
  facts.tablet.keyspace = "shop";
  facts.tablet.shard = "0";
  facts.tablet.mysql_error = "not asked yet";
  return facts;
}

StatusFacts HostileScene(absl::Time now) {
  const std::string bad = kHostileText;
  StatusFacts facts = RunningScene(now);
  facts.tablet.mysql_version = bad;
  facts.tablet.gtid_executed = bad;
  facts.tablet.replication = {Channel()};
  facts.tablet.replication[0].name = bad;
  facts.tablet.replication[0].source.host = bad;
  facts.tablet.replication[0].applier_running = false;
  facts.tablet.replication[0].applier_errno = 1032;
  facts.tablet.replication[0].applier_error = bad;
  facts.shard.error = bad;
  facts.shard.tablets[0].hostname = bad;
  facts.shard.tablets[2].hostname = "javascript:alert(1)";
  facts.shard.tablets[2].mysql.host = bad;
  for (const char* tag : {"step", "progress", "data_state", "reason", "queue_place"}) {
    facts.shard.tablets[2].tags[std::string("graft.") + tag] = bad;
  }
  Operation& operation = facts.operations[0];
  operation.progress.note = bad;
  operation.donor_mysql.host = bad;
  operation.findings = {{bad, CheckSide::kDonor, CheckOutcome::kFatal, bad, bad, bad}};
  operation.refused_donors = {{{"zone1", 104}, bad, bad}};
  operation.ended_sessions = {{12, bad, bad}};
  operation.proof = {bad, bad, 2, {bad}, {bad}, bad};
  operation.failed_attempts[0].error = WithReason(absl::UnavailableError(bad), bad);
  facts.operations[1].error = WithReason(absl::UnavailableError(bad), bad);
  facts.preflight->results = operation.findings;
  return facts;
}

StatusFacts SceneByName(absl::string_view name, absl::Time now) {
  if (name == "running") return RunningScene(now);
  if (name == "failed") return FailedScene(now);
  if (name == "starting") return StartingScene(now);
  if (name == "hostile") return HostileScene(now);
  return IdleScene(now);
}

}  // namespace graft
