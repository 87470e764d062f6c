#include "provision/steps/steps.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "provision/preflight/preflight.h"
#include "provision/steps/replication.h"

namespace graft {
namespace {

using How = VariableChange::How;

// By its newest name first; 8.0.24 and .25 know only the second, older servers neither.
constexpr const char* kSkipReplicaStartNames[] = {"skip_replica_start", "skip_slave_start"};

constexpr char kEventScheduler[] = "event_scheduler";
constexpr char kDisabled[] = "DISABLED";
// The fence persists its variables one after the other.
constexpr absl::Duration kOneFence = absl::Minutes(1);

bool IsReadOnlyFlag(const FenceRecord::Persisted& variable) {
  return variable.name == "super_read_only" || variable.name == "read_only";
}

VariableChange Global(absl::string_view name, absl::string_view value) {
  return {How::kGlobal, std::string(name), std::string(value)};
}

absl::Status NoteReplication(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<ReplicationChannel> channels,
                         context.recipient().ReadReplication());
  context.state.fence.replication_was_running =
      std::any_of(channels.begin(), channels.end(),
                  [](const ReplicationChannel& channel) { return channel.runs(); });
  return absl::OkStatus();
}

bool IsSetBy(const Variable& variable, const std::string& user) {
  return variable.set_by.empty() || absl::StartsWith(variable.set_by, user + "@");
}

// The value that the fence gives to a variable.
const char* FencedValue(const std::string& name) {
  return name == kEventScheduler ? "OFF" : "ON";
}

// Whether every variable of the fence is persisted with the fence's value, at one time and by
// graft's own account. Then it is the fence of an agent whose journal is lost. An operator never
// sets all of them.
bool IsOurLeftFence(const std::vector<Variable>& variables, const std::string& user) {
  absl::Time first = absl::InfiniteFuture();
  absl::Time last = absl::InfinitePast();
  for (const Variable& variable : variables) {
    if (variable.value == kDisabled) continue;
    if (variable.persisted != FencedValue(variable.name) || !IsSetBy(variable, user)) return false;
    if (variable.source != "PERSISTED" || variable.set_at == absl::InfinitePast()) continue;
    first = std::min(first, variable.set_at);
    last = std::max(last, variable.set_at);
  }
  return last == absl::InfinitePast() || last - first <= kOneFence;
}

absl::StatusOr<std::vector<Variable>> ReadFenced(StepContext& context) {
  std::vector<std::string> names = {"super_read_only", "read_only", kEventScheduler};
  for (const char* name : kSkipReplicaStartNames) {
    const auto found = context.recipient().ReadVariables({name});
    if (found.ok()) {
      names.emplace_back(name);
      break;
    }
    if (!absl::IsNotFound(found.status())) return found.status();
  }
  return context.recipient().ReadVariables(names);
}

// The values that the fence restores later. For a fence that an agent left, the old values are not
// known: graft assumes that none was persisted, and the replica stays read-only.
void NoteVariables(const std::vector<Variable>& variables, bool left_by_us, FenceRecord& fence) {
  fence.variables.clear();
  for (const Variable& variable : variables) {
    if (!left_by_us) {
      fence.variables.push_back({variable.name, variable.value, variable.persisted});
      continue;
    }
    const bool scheduler = variable.name == kEventScheduler && variable.value != kDisabled;
    fence.variables.push_back({variable.name, scheduler ? "ON" : variable.value, std::nullopt});
  }
}

// Reads the settings before the fence changes them. A fence that an earlier agent left is taken
// over.
absl::Status NoteWhatIs(StepContext& context) {
  FenceRecord& fence = context.state.fence;
  GRAFT_RETURN_IF_ERROR(NoteReplication(context));
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> variables, ReadFenced(context));
  const bool left_by_us = IsOurLeftFence(variables, context.options.agent_user);
  NoteVariables(variables, left_by_us, fence);
  if (left_by_us) fence.replication_was_running = true;  // the fence stopped it
  return absl::OkStatus();
}

// The recipient's sessions. Fails if another server clones from it or reads its binary logs: graft
// never ends such a session. Empty if the sessions cannot be read and the request allows that.
absl::StatusOr<std::vector<ServerSession>> ReadEndable(StepContext& context) {
  const Allowances& allow = context.operation.request.allow;
  auto sessions = context.recipient().ReadSessions();
  const bool allowed = allow.Unchecked(RowOf(Reason::kRecipientHasReplicas).word) &&
                       allow.Unchecked(RowOf(Reason::kRecipientDonates).word);
  if (absl::IsPermissionDenied(sessions.status()) && allowed) {
    return std::vector<ServerSession>();
  }
  if (!sessions.ok()) return sessions.status();
  PreflightFacts facts;
  facts.recipient.sessions = *sessions;
  const auto found = PreflightOf({Reason::kRecipientHasReplicas, Reason::kRecipientDonates}, facts);
  GRAFT_RETURN_IF_ERROR(FindingsToStatus(found, allow));
  return sessions;
}

// A server started with event_scheduler=DISABLED refuses any change of it.
bool CanBeSet(const FenceRecord::Persisted& variable) {
  return variable.value != kDisabled;
}

// super_read_only comes before read_only: turning the latter off takes the former along.
std::vector<VariableChange> RaisingChanges(const FenceRecord& fence) {
  std::vector<VariableChange> changes;
  for (const FenceRecord::Persisted& variable : fence.variables) {
    if (!CanBeSet(variable)) continue;
    const char* fenced = FencedValue(variable.name);
    changes.push_back({How::kPersistOnly, variable.name, fenced});
    if (IsReadOnlyFlag(variable) || variable.name == kEventScheduler) {
      changes.push_back(Global(variable.name, fenced));
    }
  }
  return changes;
}

std::vector<VariableChange> LiftingChanges(const FenceRecord& fence, bool keep_read_only) {
  std::vector<VariableChange> changes;
  for (const FenceRecord::Persisted& variable : fence.variables) {
    if (!CanBeSet(variable)) continue;
    if (variable.persisted.has_value()) {
      changes.push_back({How::kPersistOnly, variable.name, *variable.persisted});
    } else {
      changes.push_back({How::kForget, variable.name, ""});
    }
    if (variable.name == kEventScheduler || (IsReadOnlyFlag(variable) && !keep_read_only)) {
      changes.push_back(Global(variable.name, variable.value));
    }
  }
  for (const FenceRecord::Persisted& variable : fence.clone_settings) {
    changes.push_back(Global(variable.name, variable.value));
  }
  return changes;
}

// A release that failed may have started replication and taken part of the fence down.
absl::Status RaiseAgain(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(context.recipient().SetVariables(RaisingChanges(context.state.fence)));
  const bool may_follow = context.operation.data_state == DataState::kCloned;
  return may_follow ? absl::OkStatus() : StopWhenIdle(context, /*forget=*/false);
}

// A copy from an earlier operation that this one has stopped, and then left as it is.
absl::Status KeepFollowing(StepContext& context) {
  const Operation& operation = context.operation;
  const bool untouched =
      operation.data_state == DataState::kCloned && RowOf(operation).zone != Zone::kAfterCopy;
  if (!untouched || !context.state.fence.replication_was_running) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.recipient().StartReplication(std::nullopt));
  context.state.fence.replication_was_running = false;  // so that it is put back once
  return absl::OkStatus();
}

// An operation that repoints the old data and ends before that has caught up. An error that stopped
// a thread keeps it stopped.
absl::Status ResumeOldReplication(StepContext& context) {
  const Step step = context.operation.step;
  if (step != Step::kRepoint && step != Step::kRejoin) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  const bool stopped = std::any_of(channels.begin(), channels.end(), [](const auto& channel) {
    return (!channel.receives() || !channel.applier_running) && channel.applier_errno == 0;
  });
  return stopped ? context.recipient().StartReplication(std::nullopt) : absl::OkStatus();
}

}  // namespace

absl::Status RaiseFence(StepContext& context) {
  FenceRecord& fence = context.state.fence;
  if (fence.variables.empty()) {
    GRAFT_RETURN_IF_ERROR(NoteWhatIs(context));
  } else if (!fence.replication_was_running) {  // behind a fence from before, a copy may follow
    GRAFT_RETURN_IF_ERROR(NoteReplication(context));
  }
  fence.up = true;  // from here on there may be something to take down
  GRAFT_RETURN_IF_ERROR(context.Save());
  GRAFT_RETURN_IF_ERROR(StopWhenIdle(context, /*forget=*/false));
  return context.recipient().SetVariables(RaisingChanges(fence));
}

void NoteEndedSession(const ServerSession& session, Operation& operation) {
  if (operation.ended_sessions.size() >= kMostEndedSessions) {
    ++operation.ended_sessions_more;
    return;
  }
  operation.ended_sessions.push_back({session.connection_id, session.user, session.host});
}

absl::Status EndUserSessions(StepContext& context) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<ServerSession> sessions, ReadEndable(context));
  bool ended_some = false;
  for (const ServerSession& session : sessions) {
    if (session.user == context.options.agent_user) continue;
    const absl::Status ended = context.recipient().KillConnection(session.connection_id);
    if (absl::IsNotFound(ended)) continue;  // it has gone by itself
    // Of a SYSTEM_USER, say. One without a transaction holds nothing up.
    if (absl::IsPermissionDenied(ended) && !session.in_transaction) continue;
    GRAFT_RETURN_IF_ERROR(ended);
    NoteEndedSession(session, operation);
    ended_some = true;
  }
  if (ended_some) context.ReportProgress();
  return absl::OkStatus();
}

absl::Status OpenForClone(StepContext& context) {
  return context.recipient().SetVariables({Global("super_read_only", "OFF")});
}

absl::Status CloseAgain(StepContext& context) {
  return context.recipient().SetVariables({Global("super_read_only", "ON")});
}

absl::Status LiftFence(StepContext& context, bool keep_read_only) {
  FenceRecord& fence = context.state.fence;
  if (!fence.up) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.recipient().SetVariables(LiftingChanges(fence, keep_read_only)));
  fence = FenceRecord();  // the next attempt reads the settings anew
  return absl::OkStatus();
}

absl::StatusOr<bool> FindFence(StepContext& context) {
  FenceRecord& fence = context.state.fence;
  if (fence.up) return true;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> variables, ReadFenced(context));
  if (!IsOurLeftFence(variables, context.options.agent_user)) return false;
  NoteVariables(variables, /*left_by_us=*/true, fence);
  fence.up = true;
  return true;
}

absl::Status LeaveServerSafe(StepContext& context) {
  const TabletState& state = context.state;
  if (!state.fence.up) return ResumeOldReplication(context);
  // A copy whose end is not known is left alone: its server is down, and the persisted variables
  // fence the server at its start.
  if (state.clone.has_value()) return absl::OkStatus();
  if (state.operation.data_state != DataState::kIntact) {
    GRAFT_RETURN_IF_ERROR(CloseAgain(context));
    if (state.operation.request.kind == OperationKind::kRelease) return RaiseAgain(context);
    return KeepFollowing(context);
  }
  // Each for itself: a fence that cannot be taken down is no reason to leave the replica behind.
  // The fence counts as up until both are done.
  const FenceRecord fence = state.fence;
  const absl::Status lifted = LiftFence(context, /*keep_read_only=*/false);
  absl::Status resumed;
  if (fence.replication_was_running) {
    resumed = context.recipient().StartReplication(std::nullopt);
  }
  const absl::Status& status = lifted.ok() ? resumed : lifted;
  if (!status.ok()) context.state.fence = fence;
  return status;
}

// Takes the tablet out of service: its record says RESTORE, its server is fenced. The operation may
// have waited in the queue for long since preflight. If another tablet copies or replicates from
// the recipient by now, the primary waits for its acknowledgements, or the shard has no other
// healthy replica, the fence does not go up.
StepOutcome FenceStep(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(ReadEndable(context).status());
  GRAFT_RETURN_IF_ERROR(CheckAcknowledgers(context));
  if (context.deps.may_fence) GRAFT_RETURN_IF_ERROR(context.deps.may_fence(context.operation));
  GRAFT_RETURN_IF_ERROR(context.PublishRecord());
  GRAFT_RETURN_IF_ERROR(RaiseFence(context));
  return EndUserSessions(context);
}

}  // namespace graft
