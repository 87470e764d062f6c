#include "provision/fence.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "provision/steps.h"

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

absl::Status OpenForClone(StepContext& context) {
  return context.recipient().SetVariables({Global("super_read_only", "OFF")});
}

absl::Status LiftFence(StepContext& context, bool keep_read_only) {
  FenceRecord& fence = context.operation.fence;
  if (!fence.up) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.recipient().SetVariables(LiftingChanges(fence, keep_read_only)));
  fence.up = false;
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
  return RaiseFence(context);
}

}  // namespace graft
