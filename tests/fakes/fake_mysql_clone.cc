// How a CLONE moves through its stages on FakeMysqlServer.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/fake_mysql_core.h"

namespace graft {
namespace {

constexpr CloneStage kFirstStage = CloneStage::kDropData;

size_t Index(CloneStage stage) {
  return static_cast<size_t>(stage);
}
CloneStage Next(CloneStage stage) {
  return static_cast<CloneStage>(Index(stage) + 1);
}

}  // namespace

std::string FakeMysqlServer::Core::NowText() const {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", clock_.Now(), absl::UTCTimeZone());
}

absl::Status FakeMysqlServer::Core::Refusal() const {
  if (state_.facts.privileges.count("CLONE_ADMIN") == 0) {
    return WithReason(absl::PermissionDeniedError("1227: CLONE needs CLONE_ADMIN"),
                      "PRIVILEGE_MISSING");
  }
  if (running_) {
    return WithReason(absl::ResourceExhaustedError("3634: a clone runs on this server already"),
                      "CLONE_RUNNING_HERE");
  }
  const CloneScript& script = state_.script;
  if (!script.fail_in.has_value() && !script.donor_refuses) return script.fail_with;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FakeMysqlServer::Core::StartClone(
    int agent, const CloneRequest& request, std::function<void(absl::Status)> on_end) {
  if (state_.facts.clone_plugin_status != "ACTIVE") {
    return WithReason(absl::FailedPreconditionError("1193: the clone plugin is not loaded"),
                      "CLONE_PLUGIN_MISSING");
  }
  if (request.hold) {
    GRAFT_RETURN_IF_ERROR(Hold(agent, /*own_clone=*/0));
    state_.held = 0;  // handed over to the statement's connection
  }
  state_.clones.push_back(request);
  state_.variables["clone_valid_donor_list"] = request.donor.ToString();
  const int64_t id = ++last_connection_;
  senders_[id] = agent;
  absl::Status refusal = Refusal();
  if (!refusal.ok()) {
    Schedule(id, std::move(on_end), std::move(refusal));
    return id;
  }
  ++life_;
  script_ = state_.script;
  lock_wait_ = request.lock_wait_timeout;
  running_ = true;
  blocked_ = false;
  statement_ = id;
  statement_holds_ = request.hold;
  on_end_ = std::move(on_end);
  if (script_.checks == absl::ZeroDuration()) {
    BeginRun(kFirstStage);
  } else {
    Later(script_.checks, &Core::BeginRun, kFirstStage);
  }
  return id;
}

// The checks are passed: the row of clone_status is this run's.
void FakeMysqlServer::Core::BeginRun(CloneStage first_stage) {
  CloneStatus status;
  status.connection_id = statement_;
  status.state = CloneState::kInProgress;
  status.begin_time = NowText();
  status.source = state_.clones.back().donor.ToString();
  status.destination = "LOCAL INSTANCE";
  const bool refused = script_.donor_refuses && !script_.fail_with.ok();
  state_.clone = {status, {}};
  Later(absl::ZeroDuration(), refused ? &Core::FailStage : &Core::BeginStage, first_stage);
}

absl::Duration FakeMysqlServer::Core::StageTime(CloneStage stage) const {
  switch (stage) {
    case CloneStage::kDropData:
      return script_.drop;
    case CloneStage::kFileCopy:
      return script_.copy * 0.85 + script_.stall;
    case CloneStage::kPageCopy:
    case CloneStage::kRedoCopy:
    case CloneStage::kFileSync:
      return script_.copy * 0.05;
    default:
      return absl::ZeroDuration();
  }
}

int64_t FakeMysqlServer::Core::StageBytes(CloneStage stage) const {
  const int64_t page_bytes = script_.bytes / 20;
  switch (stage) {
    case CloneStage::kFileCopy:
      return script_.bytes - 2 * page_bytes;
    case CloneStage::kPageCopy:
    case CloneStage::kRedoCopy:
      return page_bytes;
    default:
      return 0;
  }
}

void FakeMysqlServer::Core::BeginStage(CloneStage stage) {
  if (stage == kFirstStage) {
    unread_.reset();
    for (int i = 0; i < kCloneStageCount; ++i) {
      CloneStageRow row;
      row.stage = static_cast<CloneStage>(i);
      state_.clone.stages.push_back(std::move(row));
    }
  }
  CloneStageRow& row = state_.clone.stages[Index(stage)];
  row.state = CloneState::kInProgress;
  row.begin_time = NowText();
  row.estimate_bytes = StageBytes(stage);
  stage_began_ = clock_.Now();
  const absl::Duration time = StageTime(stage);
  const bool read_only = stage == CloneStage::kDropData && !state_.facts.user_schemas.empty() &&
                         state_.variables["super_read_only"] == "ON";
  if (read_only) {  // 1290 at the first DROP: nothing is lost
    Fail(stage, 1290,
         WithReason(absl::FailedPreconditionError("1290: the server runs with --super-read-only"),
                    "READ_ONLY"));
    return;
  }
  if (stage == CloneStage::kDropData && script_.blocked_by.has_value()) {
    MeetLock();
    return;
  }
  if (script_.lose_connection && stage == CloneStage::kFileCopy) {
    Later(time / 2, &Core::LoseConnection, stage);
  }
  if (script_.donor_gone && stage == CloneStage::kFileCopy) {
    Later(time / 2 + script_.donor_timeout, &Core::GiveDonorUp, stage);
    return;
  }
  const bool fails = script_.fail_in == stage && !script_.fail_with.ok();
  Later(fails ? time / 2 : time, fails ? &Core::FailStage : &Core::EndStage, stage);
}

// Tables are dropped one after the other; the last schema's is in use.
void FakeMysqlServer::Core::MeetLock() {
  std::vector<std::string>& schemas = state_.facts.user_schemas;
  if (schemas.size() > 1) schemas.erase(schemas.begin(), schemas.end() - 1);
  const int64_t holder = *script_.blocked_by;
  const bool there =
      std::any_of(state_.sessions.begin(), state_.sessions.end(),
                  [holder](const ServerSession& s) { return s.connection_id == holder; });
  if (!there) {
    ServerSession session;
    session.connection_id = holder;
    session.user = "app";
    session.host = "10.0.0.9:50000";
    session.command = "Sleep";
    session.in_transaction = true;
    state_.sessions.push_back(std::move(session));
  }
  blocked_ = true;
  Later(lock_wait_, &Core::EndLockWait, CloneStage::kDropData);
}

void FakeMysqlServer::Core::EndLockWait(CloneStage stage) {
  if (!blocked_) return;
  Fail(stage, 1205,
       WithReason(absl::UnavailableError("1205: Lock wait timeout exceeded"), "LOCK_WAIT"));
}

void FakeMysqlServer::Core::GiveDonorUp(CloneStage stage) {
  Fail(stage, 3862,
       WithReason(absl::UnavailableError("3862: Clone Donor Error: Connect failed: 2003"),
                  "DONOR_UNREACHABLE"));
}

void FakeMysqlServer::Core::LoseConnection(CloneStage /*stage*/) {
  CutStatement();
}

void FakeMysqlServer::Core::EndStage(CloneStage stage) {
  CloneStageRow& row = state_.clone.stages[Index(stage)];
  row.state = CloneState::kCompleted;
  row.end_time = NowText();
  row.data_bytes = row.estimate_bytes;
  row.network_bytes = row.estimate_bytes + row.estimate_bytes / 100;
  if (stage == CloneStage::kDropData) DropData();
  if (stage != CloneStage::kFileSync) {
    BeginStage(Next(stage));
    return;
  }
  copied_ = true;
  state_.clone.status->end_time = NowText();  // the state stays "In Progress" until the restart
  EndStatement(script_.supervised
                   ? absl::OkStatus()
                   : WithReason(absl::UnavailableError("3707: nobody restarts this server"),
                                Reason::kRestartNeeded));
  Later(script_.shutdown, &Core::ShutDown, CloneStage::kRestart);
}

void FakeMysqlServer::Core::DropData() {
  state_.facts.user_schemas.clear();
  state_.facts.gtid_executed.clear();
  state_.facts.gtid_purged.clear();
  for (ReplicationChannel& channel : state_.channels) {
    channel.receiver_running = channel.applier_running = false;
  }
}

void FakeMysqlServer::Core::FailStage(CloneStage stage) {
  // Half-way through the dropping: one schema less.
  const bool dropping = stage == CloneStage::kDropData && !script_.donor_refuses;
  if (dropping && !state_.facts.user_schemas.empty()) {
    state_.facts.user_schemas.erase(state_.facts.user_schemas.begin());
  }
  Fail(stage, script_.fail_errno, script_.fail_with);
}

void FakeMysqlServer::Core::Fail(CloneStage stage, int error_no, const absl::Status& status) {
  ++life_;
  running_ = blocked_ = false;
  state_.clone = ShowClone();  // the bytes stay where they were
  CloneStatus& row = *state_.clone.status;
  row.state = CloneState::kFailed;
  row.end_time = NowText();
  row.error_no = error_no;
  row.error_message = std::string(status.message());
  row.failure = status;
  if (!state_.clone.stages.empty()) {
    state_.clone.stages[Index(stage)].state = CloneState::kFailed;
    state_.clone.stages[Index(stage)].end_time = row.end_time;
  } else if (unread_.has_value()) {  // a mixture of two runs, as the real server shows it
    unread_->connection_id = row.connection_id;
    unread_->begin_time = row.begin_time;
    unread_->source = row.source;
    row = *std::exchange(unread_, std::nullopt);
  }
  EndStatement(status);
}

void FakeMysqlServer::Core::ShutDown(CloneStage stage) {
  running_ = false;
  stopped_ = true;
  if (script_.fail_in == CloneStage::kRestart) return;
  const absl::Duration idle =
      script_.supervised ? absl::ZeroDuration() : script_.down_until_started;
  Later(idle + script_.restart, &Core::Recover, stage);
}

void FakeMysqlServer::Core::Recover(CloneStage /*stage*/) {
  ComeUp();
}

void FakeMysqlServer::Core::TakeDonorData() {
  copied_ = false;
  CloneStatus& row = *state_.clone.status;
  const bool failed = script_.fail_in == CloneStage::kRecovery;
  row.end_time = NowText();
  row.state = failed ? CloneState::kFailed : CloneState::kCompleted;
  for (CloneStage stage : {CloneStage::kRestart, CloneStage::kRecovery}) {
    CloneStageRow& stage_row = state_.clone.stages[Index(stage)];
    stage_row.state = row.state;
    stage_row.begin_time = stage_row.end_time = row.end_time;
  }
  if (failed) {  // rolled back to the files from before the swap, which are empty
    row.error_no = 1815;
    row.error_message = "Recovery failed. Please Retry Clone.";
    row.failure = WithReason(absl::UnavailableError(row.error_message), "RECOVERY_FAILED");
    return;
  }
  const DonorData& donor = state_.donor;
  row.gtid_executed = donor.gtid_executed;
  unread_ = row;
  state_.facts.gtid_executed = state_.facts.gtid_purged = donor.gtid_executed;
  state_.facts.user_schemas = donor.user_schemas;
  // mysql.plugin is the donor's; what my.cnf loads is there in any case.
  if (ClonePlugin().by_statement) state_.facts.clone_plugin_status = donor.clone_plugin_status;
  if (!donor.privileges.empty()) state_.facts.privileges = donor.privileges;
  state_.channels = donor.channels;
}

CloneReport FakeMysqlServer::Core::ReadClone() {
  if (state_.variables["performance_schema"] == "OFF") return {};
  if (!running_) unread_.reset();
  return ShowClone();
}

CloneReport FakeMysqlServer::Core::ShowClone() const {
  CloneReport report = state_.clone;
  for (CloneStageRow& row : report.stages) {
    if (row.state != CloneState::kInProgress || row.estimate_bytes == 0) continue;
    const bool copies_files = row.stage == CloneStage::kFileCopy;
    const absl::Duration work =
        StageTime(row.stage) - (copies_files ? script_.stall : absl::ZeroDuration());
    absl::Duration stall = copies_files ? script_.stall : absl::ZeroDuration();
    if (copies_files && script_.donor_gone) stall = absl::InfiniteDuration();
    const absl::Duration elapsed = clock_.Now() - stage_began_;
    absl::Duration worked = elapsed;
    if (elapsed > work / 2) worked = std::max(work / 2, elapsed - stall);
    const double part = work > absl::ZeroDuration() ? absl::FDivDuration(worked, work) : 1;
    row.data_bytes =
        static_cast<int64_t>(static_cast<double>(row.estimate_bytes) * std::min(part, 1.0));
    row.network_bytes = row.data_bytes + row.data_bytes / 100;
  }
  return report;
}

}  // namespace graft
