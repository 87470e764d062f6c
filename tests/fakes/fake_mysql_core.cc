#include "fakes/fake_mysql_core.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"

namespace graft {
namespace {

absl::Status Gone(absl::string_view text) {
  return WithReason(absl::UnavailableError(text), Reason::kMysqlGone);
}

}  // namespace

FakeMysqlServer::Core::Core(SimulatedClock& clock)
    : clock_(clock), state_(HealthyReplica()), started_(clock.Now() - absl::Hours(1)) {}

absl::Status FakeMysqlServer::Core::Enter(absl::string_view method) {
  ++calls_[std::string(method)];
  const auto fault = faults_.find(std::string(method));
  if (fault != faults_.end() && fault->second.second > 0) {
    --fault->second.second;
    return fault->second.first;
  }
  if (cut_off_ || stopped_) return Gone("2003: the fake MySQL server is down");
  return absl::OkStatus();
}

void FakeMysqlServer::Core::SetVariable(const std::string& name, const std::string& value) {
  state_.variables[name] = value;
  // The server couples the two: super implies the plain one.
  if (name == "super_read_only" && value == "ON") state_.variables["read_only"] = "ON";
  if (name == "read_only" && value == "OFF") state_.variables["super_read_only"] = "OFF";
}

void FakeMysqlServer::Core::Later(absl::Duration delay, Event event, CloneStage stage) {
  if (delay == absl::InfiniteDuration()) return;
  clock_.At(clock_.Now() + delay, [weak = weak_from_this(), event, stage, life = life_] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    absl::MutexLock lock(&self->mutex_);
    if (self->life_ == life) ((*self).*event)(stage);
  });
}

void FakeMysqlServer::Core::Schedule(int64_t statement, std::function<void(absl::Status)> on_end,
                                     absl::Status status) {
  clock_.At(clock_.Now(), [weak = weak_from_this(), statement, on_end = std::move(on_end),
                           status = std::move(status)] {
    if (const auto self = weak.lock()) self->Deliver(statement, on_end, status);
  });
}

void FakeMysqlServer::Core::Deliver(int64_t statement,
                                    const std::function<void(absl::Status)>& on_end,
                                    const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (statement <= abandoned_) return;
    ++delivering_;
  }
  on_end(status);
  absl::MutexLock lock(&mutex_);
  --delivering_;
}

void FakeMysqlServer::Core::Abandon() {
  abandoned_ = last_connection_;
  const auto idle = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return delivering_ == 0; };
  mutex_.Await(absl::Condition(&idle));
}

void FakeMysqlServer::Core::EndStatement(absl::Status status) {
  if (on_end_ == nullptr) return;
  Schedule(statement_, std::move(on_end_), std::move(status));
  on_end_ = nullptr;
}

void FakeMysqlServer::Core::CutStatement() {
  EndStatement(Gone("2013: lost connection"));
}

std::vector<ReplicationChannel> FakeMysqlServer::Core::ShowChannels() const {
  std::vector<ReplicationChannel> channels = state_.channels;
  const absl::Time connected = replication_began_ + state_.replication.connect;
  for (ReplicationChannel& channel : channels) {
    if (!channel.receiver_running) continue;
    channel.receiver_connecting =
        state_.replication.receiver_errno != 0 || clock_.Now() < connected;
    channel.receiver_running = !channel.receiver_connecting;
    if (!channel.receiver_running || !channel.applier_running) continue;
    const absl::Duration rest = connected + state_.replication.catch_up - clock_.Now();
    channel.lag = absl::Seconds(absl::ToInt64Seconds(std::max(rest, absl::ZeroDuration())));
  }
  return channels;
}

void FakeMysqlServer::Core::StartChannels() {
  const ReplicationScript& script = state_.replication;
  replication_began_ = clock_.Now();
  for (ReplicationChannel& channel : state_.channels) {
    channel.receiver_running = true;
    channel.receiver_errno = script.receiver_errno;
    channel.receiver_error = script.receiver_error;
    channel.applier_running = script.applier_errno == 0;
    channel.applier_errno = script.applier_errno;
    channel.applier_error = script.applier_error;
  }
  Later(script.connect + script.catch_up, &Core::CatchUp, CloneStage::kDropData);
}

void FakeMysqlServer::Core::CatchUp(CloneStage /*stage*/) {
  const std::string& more = state_.replication.gtid_executed_after;
  const bool applied = std::any_of(
      state_.channels.begin(), state_.channels.end(),
      [](const ReplicationChannel& c) { return c.receiver_running && c.applier_running; });
  if (more.empty() || !applied || state_.replication.receiver_errno != 0) return;
  const auto merged = GtidSet::Parse(absl::StrCat(state_.facts.gtid_executed, ",", more));
  if (merged.ok()) state_.facts.gtid_executed = merged->ToString();
}

void FakeMysqlServer::Core::Crash(absl::Duration down) {
  CutStatement();
  ++life_;
  stopped_ = true;
  if (running_ && !copied_) {
    // Only the stage is "Failed"; the real row of clone_status never becomes so by itself.
    state_.clone = ShowClone();
    for (CloneStageRow& row : state_.clone.stages) {
      if (row.state == CloneState::kInProgress) row.state = CloneState::kFailed;
    }
    state_.clone.status->error_no = 1317;
    state_.clone.status->error_message = "Query execution was interrupted";
    state_.clone.status->failure =
        WithReason(absl::CancelledError("Query execution was interrupted"), "CLONE_KILLED");
  }
  running_ = false;
  Later(down, &Core::Recover, CloneStage::kRestart);
}

void FakeMysqlServer::Core::ComeUp() {
  if (!stopped_) return;
  ++life_;
  stopped_ = false;
  started_ = clock_.Now();
  state_.sessions.clear();
  state_.variables = state_.config;
  for (const auto& [name, value] : state_.persisted) SetVariable(name, value);
  if (copied_) TakeDonorData();
  if (state_.clone.status.has_value()) state_.clone.status->connection_id = 0;
  const auto skip = state_.variables.find("skip_replica_start");
  if (skip != state_.variables.end() && skip->second == "ON") {
    for (ReplicationChannel& channel : state_.channels) {
      channel.receiver_running = channel.applier_running = false;
    }
  } else if (!state_.channels.empty()) {
    StartChannels();
  }
}

}  // namespace graft
