#include "fakes/fake_mysql_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/fake_mysql_core.h"

namespace graft {
namespace {

bool IsVariableName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '.';
  });
}

}  // namespace

FakeMysqlServer::FakeMysqlServer(SimulatedClock& clock) : core_(std::make_shared<Core>(clock)) {}

FakeMysqlServer::~FakeMysqlServer() {
  AbandonClone();
  FakeMysqlServer::ReleaseServer();
}

std::unique_ptr<FakeMysqlServer> FakeMysqlServer::Another() {
  absl::MutexLock lock(&core_->mutex_);
  return std::unique_ptr<FakeMysqlServer>(new FakeMysqlServer(core_, ++core_->agents_));
}

absl::StatusOr<ServerFacts> FakeMysqlServer::Describe() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("Describe"));
  return core_->ShowFacts();
}

absl::StatusOr<std::vector<Variable>> FakeMysqlServer::ReadVariables(
    const std::vector<std::string>& names) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("ReadVariables"));
  std::vector<Variable> variables;
  // Readers see the values that the server computes as variables too.
  const ServerFacts& facts = core_->state_.facts;
  const std::map<std::string, std::string> computed = {{"gtid_executed", facts.gtid_executed},
                                                       {"gtid_purged", facts.gtid_purged},
                                                       {"server_uuid", facts.server_uuid},
                                                       {"version", facts.version}};
  for (const std::string& name : names) {
    if (computed.count(name) > 0) {
      Variable& variable = variables.emplace_back();
      variable.name = name;
      variable.value = computed.at(name);
      continue;
    }
    if (core_->state_.variables.count(name) == 0) {
      return absl::NotFoundError(absl::StrCat("there is no variable ", name));
    }
    variables.push_back(core_->ShowVariable(name));
  }
  return variables;
}

absl::Status FakeMysqlServer::SetVariables(const std::vector<VariableChange>& changes) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("SetVariables"));
  for (const VariableChange& change : changes) {
    if (!IsVariableName(change.name)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", change.name, "\" is no variable name"));
    }
    const bool known = core_->state_.variables.count(change.name) > 0;
    if (!known && change.how != VariableChange::How::kForget) {
      return absl::InvalidArgumentError(absl::StrCat("1193: there is no variable ", change.name));
    }
    core_->Change(change);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FakeMysqlServer::StartClone(const CloneRequest& request,
                                                    std::function<void(absl::Status)> on_end) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("StartClone"));
  return core_->StartClone(agent_, request, std::move(on_end));
}

absl::StatusOr<CloneReport> FakeMysqlServer::ReadClone() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("ReadClone"));
  if (core_->state_.facts.clone_plugin_status != "ACTIVE") {
    return WithReason(absl::FailedPreconditionError("1146: the clone plugin is not loaded"),
                      "CLONE_PLUGIN_MISSING");
  }
  return core_->ReadClone();
}

absl::StatusOr<std::vector<ReplicationChannel>> FakeMysqlServer::ReadReplication() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("ReadReplication"));
  return core_->ShowChannels();
}

absl::Status FakeMysqlServer::StopReplication(bool forget) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("StopReplication"));
  GRAFT_RETURN_IF_ERROR(core_->StopChannels());
  if (forget) core_->state_.channels.clear();
  return absl::OkStatus();
}

absl::Status FakeMysqlServer::StartReplication(const std::optional<ReplicationSource>& source) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("StartReplication"));
  GRAFT_RETURN_IF_ERROR(core_->CheckNoStop());
  std::vector<ReplicationChannel>& channels = core_->state_.channels;
  if (source.has_value()) {
    GRAFT_RETURN_IF_ERROR(core_->StopChannels());
    core_->state_.source = source;
    ReplicationChannel channel;
    channel.source = source->address;
    channel.auto_position = true;
    channels.erase(std::remove_if(channels.begin(), channels.end(),
                                  [](const ReplicationChannel& c) { return c.name.empty(); }),
                   channels.end());
    channels.push_back(std::move(channel));
  }
  if (channels.empty()) {
    return WithReason(absl::FailedPreconditionError("1200: no replication channel is configured"),
                      "NO_REPLICATION_SOURCE");
  }
  core_->StartChannels();
  return absl::OkStatus();
}

absl::Status FakeMysqlServer::DelayReplication(absl::Duration delay) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("DelayReplication"));
  for (ReplicationChannel& channel : core_->state_.channels) {
    if (!channel.name.empty()) continue;
    channel.delay = delay;
    channel.applier_running = channel.applier_running && !core_->state_.lost_in_delay;
  }
  if (!std::exchange(core_->state_.lost_in_delay, false)) return absl::OkStatus();
  return WithReason(absl::UnavailableError("lost"), Reason::kMysqlGone);
}

absl::Status FakeMysqlServer::HoldServer(int64_t own_clone) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("HoldServer"));
  return core_->Hold(agent_, own_clone);
}

void FakeMysqlServer::ReleaseServer() {
  absl::MutexLock lock(&core_->mutex_);
  if (core_->state_.held == agent_) core_->state_.held = 0;
}

void FakeMysqlServer::Edit(const std::function<void(FakeMysqlState&)>& change) {
  absl::MutexLock lock(&core_->mutex_);
  change(core_->state_);
}

FakeMysqlState FakeMysqlServer::state() const {
  absl::MutexLock lock(&core_->mutex_);
  return core_->state_;
}

int FakeMysqlServer::clones_started() const {
  absl::MutexLock lock(&core_->mutex_);
  return static_cast<int>(core_->state_.clones.size());
}

int FakeMysqlServer::calls(absl::string_view method) const {
  absl::MutexLock lock(&core_->mutex_);
  const auto found = core_->calls_.find(std::string(method));
  return found == core_->calls_.end() ? 0 : found->second;
}

void FakeMysqlServer::FailNext(absl::string_view method, absl::Status status, int times) {
  absl::MutexLock lock(&core_->mutex_);
  core_->faults_[std::string(method)] = {std::move(status), times};
}

void FakeMysqlServer::SetDown(bool down) {
  absl::MutexLock lock(&core_->mutex_);
  core_->cut_off_ = down;
  if (down) core_->CutStatement();
}

void FakeMysqlServer::Crash(absl::Duration down) {
  absl::MutexLock lock(&core_->mutex_);
  core_->Crash(down);
}

void FakeMysqlServer::Shutdown(absl::Duration down) {
  absl::MutexLock lock(&core_->mutex_);
  core_->Shutdown(down);
}

void FakeMysqlServer::StartServer() {
  absl::MutexLock lock(&core_->mutex_);
  core_->ComeUp();
}

void FakeMysqlServer::AbandonClone() {
  absl::MutexLock lock(&core_->mutex_);
  core_->Abandon(agent_);
}

}  // namespace graft
