#include "fakes/fake_mysql_core.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

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

void FakeMysqlServer::Core::Change(const VariableChange& change) {
  Variable author;
  author.source = "DYNAMIC";
  author.set_by = absl::StrCat(state_.survey.account_user, "@", state_.survey.account_host);
  author.set_at = clock_.Now();
  switch (change.how) {
    case VariableChange::How::kForget:
      state_.persisted.erase(change.name);
      state_.set_persisted.erase(change.name);
      return;
    case VariableChange::How::kPersistOnly:
      state_.persisted[change.name] = change.value;
      author.source = "PERSISTED";
      state_.set_persisted[change.name] = author;
      return;
    case VariableChange::How::kGlobal:
      state_.set[change.name] = author;
      SetVariable(change.name, change.value);
  }
}

Variable FakeMysqlServer::Core::ShowVariable(const std::string& name) const {
  Variable variable;
  variable.source = "COMPILED";
  const auto set = state_.set.find(name);
  if (set != state_.set.end()) variable = set->second;
  variable.name = name;
  variable.value = state_.variables.at(name);
  const auto persisted = state_.persisted.find(name);
  if (persisted != state_.persisted.end()) variable.persisted = persisted->second;
  return variable;
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
    if (senders_[statement] == 0) return;
    ++delivering_;
  }
  on_end(status);
  absl::MutexLock lock(&mutex_);
  --delivering_;
}

void FakeMysqlServer::Core::Abandon(int agent) {
  for (auto& [statement, sender] : senders_) {
    if (sender == agent) sender = 0;
  }
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

void FakeMysqlServer::Core::Crash(absl::Duration down) {
  CutStatement();
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
  GoDown(down);
}

void FakeMysqlServer::Core::Shutdown(absl::Duration down) {
  if (running_) KillClone();
  CutStatement();
  GoDown(down);
}

void FakeMysqlServer::Core::GoDown(absl::Duration down) {
  ++life_;
  stopped_ = true;
  running_ = blocked_ = stop_pending_ = false;
  state_.held = 0;
  Later(down, &Core::Recover, CloneStage::kRestart);
}

void FakeMysqlServer::Core::ComeUp() {
  if (!stopped_) return;
  ++life_;
  stopped_ = false;
  started_ = clock_.Now();
  ++starts_;
  stop_pending_ = false;
  state_.sessions.clear();
  state_.variables = state_.config;
  state_.set = state_.set_persisted;
  for (const auto& [name, value] : state_.persisted) SetVariable(name, value);
  if (copied_) TakeDonorData();
  if (state_.clone.status.has_value()) state_.clone.status->connection_id = 0;
  const auto skip = state_.variables.find("skip_replica_start");
  if (skip != state_.variables.end() && skip->second == "ON") {
    StopThreads();
  } else if (!state_.channels.empty()) {
    StartChannels();
  }
}

}  // namespace graft
