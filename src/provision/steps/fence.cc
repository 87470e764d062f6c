#include "provision/steps/fence.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

using How = VariableChange::How;

// By its newest name first; 8.0.24 and .25 know only the second, older servers neither.
constexpr const char* kSkipReplicaStartNames[] = {"skip_replica_start", "skip_slave_start"};

constexpr char kEventScheduler[] = "event_scheduler";

bool IsReadOnlyFlag(const FenceRecord::Persisted& variable) {
  return variable.name == "super_read_only" || variable.name == "read_only";
}

VariableChange Global(absl::string_view name, absl::string_view value) {
  return {How::kGlobal, std::string(name), std::string(value)};
}

absl::Status NoteVariables(StepContext& context) {
  std::vector<std::string> names = {"super_read_only", "read_only", kEventScheduler};
  for (const char* name : kSkipReplicaStartNames) {
    const auto found = context.recipient().ReadVariables({name});
    if (found.ok()) {
      names.emplace_back(name);
      break;
    }
    if (!absl::IsNotFound(found.status())) return found.status();
  }
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> variables,
                         context.recipient().ReadVariables(names));
  for (const Variable& variable : variables) {
    context.operation.fence.variables.push_back(
        {variable.name, variable.value, variable.persisted});
  }
  return absl::OkStatus();
}

absl::Status NoteReplication(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<ReplicationChannel> channels,
                         context.recipient().ReadReplication());
  context.operation.fence.replication_was_running =
      std::any_of(channels.begin(), channels.end(), [](const ReplicationChannel& channel) {
        return channel.applier_running || channel.receiver_running || channel.receiver_connecting;
      });
  return absl::OkStatus();
}

// A server started with event_scheduler=DISABLED refuses any change of it.
bool CanBeSet(const FenceRecord::Persisted& variable) {
  return variable.value != "DISABLED";
}

// super_read_only comes before read_only: turning the latter off takes the former along.
std::vector<VariableChange> RaisingChanges(const FenceRecord& fence) {
  std::vector<VariableChange> changes;
  for (const FenceRecord::Persisted& variable : fence.variables) {
    if (!CanBeSet(variable)) continue;
    const char* fenced = variable.name == kEventScheduler ? "OFF" : "ON";
    changes.push_back({How::kPersistOnly, variable.name, fenced});
    if (IsReadOnlyFlag(variable) || variable.name == kEventScheduler) {
      changes.push_back(Global(variable.name, fenced));
    }
  }
  return changes;
}

// What a request's settings mean in MySQL's words.
std::vector<VariableChange> SettingChanges(const CloneSettings& settings) {
  std::vector<VariableChange> changes;
  const auto number = [&changes](const char* name, const auto& value) {
    if (value.has_value()) changes.push_back(Global(name, absl::StrCat(*value)));
  };
  const auto flag = [&changes](const char* name, const std::optional<bool>& value) {
    if (value.has_value()) changes.push_back(Global(name, *value ? "ON" : "OFF"));
  };
  number("clone_max_data_bandwidth", settings.max_data_bandwidth_mib);
  number("clone_max_network_bandwidth", settings.max_network_bandwidth_mib);
  number("clone_max_concurrency", settings.max_concurrency);
  flag("clone_enable_compression", settings.compression);
  flag("clone_block_ddl", settings.block_ddl);
  return changes;
}

bool IsNoted(const std::vector<FenceRecord::Persisted>& noted, const std::string& name) {
  return std::any_of(noted.begin(), noted.end(),
                     [&name](const FenceRecord::Persisted& known) { return known.name == name; });
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

}  // namespace

absl::Status RaiseFence(StepContext& context) {
  FenceRecord& fence = context.operation.fence;
  if (fence.variables.empty()) {
    GRAFT_RETURN_IF_ERROR(NoteReplication(context));
    GRAFT_RETURN_IF_ERROR(NoteVariables(context));
  }
  fence.up = true;  // from here on there may be something to take down
  GRAFT_RETURN_IF_ERROR(context.Save());
  GRAFT_RETURN_IF_ERROR(context.recipient().StopReplication(/*forget=*/false));
  return context.recipient().SetVariables(RaisingChanges(fence));
}

absl::Status EndUserSessions(StepContext& context) {
  Operation& operation = context.operation;
  const auto sessions = context.recipient().ReadSessions();
  if (absl::IsPermissionDenied(sessions.status()) && operation.request.allow.unchecked) {
    return absl::OkStatus();
  }
  if (!sessions.ok()) return sessions.status();
  bool ended_some = false;
  for (const ServerSession& session : *sessions) {
    if (session.user == context.options.agent_user) continue;
    const absl::Status ended = context.recipient().KillConnection(session.connection_id);
    if (absl::IsNotFound(ended)) continue;  // it has gone by itself
    // Of a SYSTEM_USER, say. One without a transaction holds nothing up.
    if (absl::IsPermissionDenied(ended) && !session.in_transaction) continue;
    GRAFT_RETURN_IF_ERROR(ended);
    operation.ended_sessions.push_back({session.connection_id, session.user, session.host});
    ended_some = true;
  }
  if (ended_some) context.ReportProgress();
  return absl::OkStatus();
}

absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings) {
  const std::vector<VariableChange> changes = SettingChanges(settings);
  std::vector<FenceRecord::Persisted>& noted = context.operation.fence.clone_settings;
  for (const VariableChange& change : changes) {
    if (IsNoted(noted, change.name)) continue;
    GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> before,
                           context.recipient().ReadVariables({change.name}));
    noted.push_back({change.name, before.front().value, before.front().persisted});
  }
  if (changes.empty()) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.Save());
  return context.recipient().SetVariables(changes);
}

absl::Status OpenForClone(StepContext& context) {
  return context.recipient().SetVariables({Global("super_read_only", "OFF")});
}

absl::Status LiftFence(StepContext& context, bool keep_read_only) {
  FenceRecord& fence = context.operation.fence;
  if (!fence.up) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.recipient().SetVariables(LiftingChanges(fence, keep_read_only)));
  fence.up = false;
  fence.variables.clear();  // the next attempt notes them anew
  fence.clone_settings.clear();
  return absl::OkStatus();
}

absl::Status LeaveServerSafe(StepContext& context) {
  const Operation& operation = context.operation;
  if (!operation.fence.up) return absl::OkStatus();
  if (operation.data_state != DataState::kIntact) {
    return context.recipient().SetVariables({Global("super_read_only", "ON")});
  }
  // Each for itself: a fence that cannot be taken down is no reason to leave the replica behind.
  absl::Status lifted = LiftFence(context, /*keep_read_only=*/false);
  absl::Status resumed;
  if (operation.fence.replication_was_running) {
    resumed = context.recipient().StartReplication(std::nullopt);
  }
  return lifted.ok() ? resumed : lifted;
}

// Takes the tablet out of service: its record says RESTORE, its server is fenced.
absl::Status FenceStep(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(context.PublishRecord());
  GRAFT_RETURN_IF_ERROR(RaiseFence(context));
  return EndUserSessions(context);
}

}  // namespace graft
