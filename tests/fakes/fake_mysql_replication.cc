// The replication of FakeMysqlServer, and the lock on the server.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "fakes/fake_mysql_core.h"
#include "mysql/error_map.h"

namespace graft {
namespace {

// From a source that has nothing to send; half of replica_net_timeout's default.
constexpr absl::Duration kHeartbeat = absl::Seconds(10);

}  // namespace

std::vector<ReplicationChannel> FakeMysqlServer::Core::ShowChannels() const {
  std::vector<ReplicationChannel> channels = state_.channels;
  const ReplicationScript& script = state_.replication;
  const absl::Time connected = replication_began_ + script.connect;
  const absl::Time received = connected + script.catch_up;
  for (ReplicationChannel& channel : channels) {
    channel.activity = absl::StrCat(state_.facts.gtid_executed, "|", caught_up_);
    channel.stopping = channel.applying = stop_pending_ && channel.applier_running;
    if (!channel.receiver_running) continue;
    channel.receiver_connecting = script.receiver_errno != 0 || clock_.Now() < connected;
    channel.receiver_running = !channel.receiver_connecting;
    if (!channel.receiver_running || !channel.applier_running) continue;
    channel.lag = absl::ZeroDuration();  // as long as no event came
    if (script.source_silent) continue;
    const absl::Time now = std::min(clock_.Now(), received);
    channel.heard =
        absl::StrCat(absl::ToInt64Seconds(now - connected), "/", (clock_.Now() - now) / kHeartbeat);
    absl::StrAppend(&channel.activity, "|", absl::ToInt64Seconds(now - connected));
    const bool long_one = clock_.Now() >= received && clock_.Now() < received + script.applying;
    channel.applying = channel.applying || long_one;
    const absl::Duration rest = received + script.applying - clock_.Now();
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
    channel.source_away =
        script.receiver_errno != 0 &&
        absl::IsUnavailable(FromMysqlError(script.receiver_errno, script.receiver_error, ""));
    channel.applier_running = script.applier_errno == 0;
    channel.applier_errno = script.applier_errno;
    channel.applier_error = script.applier_error;
  }
  Later(script.connect + script.catch_up + script.applying, &Core::CatchUp, CloneStage::kDropData);
  Later(script.gives_up, &Core::GiveSourceUp, CloneStage::kDropData);
}

void FakeMysqlServer::Core::GiveSourceUp(CloneStage /*stage*/) {
  const ReplicationScript& script = state_.replication;
  const bool began_later = clock_.Now() < replication_began_ + script.gives_up;
  if (script.receiver_errno == 0 || began_later) return;
  for (ReplicationChannel& channel : state_.channels) channel.receiver_running = false;
}

void FakeMysqlServer::Core::CatchUp(CloneStage /*stage*/) {
  if (state_.replication.receiver_errno != 0) {  // tries to connect, or will be started again
    return Later(absl::Seconds(1), &Core::CatchUp, CloneStage::kDropData);
  }
  ++caught_up_;
  const std::string& more = state_.replication.gtid_executed_after;
  const bool applied = std::any_of(
      state_.channels.begin(), state_.channels.end(),
      [](const ReplicationChannel& c) { return c.receiver_running && c.applier_running; });
  if (more.empty() || !applied || state_.replication.source_silent) return;
  const auto merged = GtidSet::Parse(absl::StrCat(state_.facts.gtid_executed, ",", more));
  if (merged.ok()) state_.facts.gtid_executed = merged->ToString();
}

absl::Status FakeMysqlServer::Core::CheckNoStop() const {
  if (!stop_pending_) return absl::OkStatus();
  return WithReason(absl::UnavailableError("STOP REPLICA waits for the transaction being applied"),
                    Reason::kReplicationStopping);
}

absl::Status FakeMysqlServer::Core::StopChannels() {
  const bool applies =
      std::any_of(state_.channels.begin(), state_.channels.end(),
                  [](const ReplicationChannel& channel) { return channel.applier_running; });
  if (!stop_pending_ && applies && state_.replication.stop_takes > absl::ZeroDuration()) {
    stop_pending_ = true;
    Later(state_.replication.stop_takes, &Core::EndStop, CloneStage::kDropData);
  }
  GRAFT_RETURN_IF_ERROR(CheckNoStop());
  StopThreads();
  return absl::OkStatus();
}

void FakeMysqlServer::Core::EndStop(CloneStage /*stage*/) {
  stop_pending_ = false;
  StopThreads();
}

void FakeMysqlServer::Core::StopThreads() {
  for (ReplicationChannel& channel : state_.channels) {
    channel.receiver_running = channel.applier_running = false;
  }
}

absl::Status FakeMysqlServer::Core::Hold(int agent, int64_t own_clone) {
  std::string holder = state_.held_by;
  if (running_ && statement_holds_) {  // the lock is the CLONE's
    const int sender = senders_[statement_];
    const bool orphan = sender == 0;
    if (statement_ == own_clone || sender == agent || orphan) return absl::OkStatus();
    holder = absl::StrCat("connection ", statement_, " of 'vt_dba'");
  }
  if (state_.held != 0 && state_.held != agent) holder = absl::StrCat("agent ", state_.held);
  if (holder.empty()) {
    state_.held = agent;
    return absl::OkStatus();
  }
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        "another agent works on this mysqld: ", holder, "; stop one of the two")),
                    Reason::kServerHeld);
}

}  // namespace graft
