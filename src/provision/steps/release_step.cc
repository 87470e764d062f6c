// release: an operator has said that the data is good. The fence comes down, whoever's record of it
// is left, replication is started where a channel is configured, and the old type comes back.

#include <algorithm>

#include "base/errors.h"
#include "provision/steps/fence.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// The type to come back to: the one before the operation that failed, else the agent's own.
absl::Status NoteType(StepContext& context) {
  TabletState& state = context.state;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(context.options.alias));
  state.type_before = own.type;
  const bool serves = own.type != TabletType::kRestore && own.type != TabletType::kUnknown;
  if (serves) {
    state.type_after = own.type;
  } else if (state.type_after == TabletType::kUnknown) {
    state.type_after = context.options.init_type;
  }
  return absl::OkStatus();
}

absl::Status StartChannels(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  const bool stopped =
      std::any_of(channels.begin(), channels.end(), [](const ReplicationChannel& channel) {
        const bool receives = channel.receiver_running || channel.receiver_connecting;
        return !receives || !channel.applier_running;
      });
  return stopped ? context.recipient().StartReplication(std::nullopt) : absl::OkStatus();
}

}  // namespace

// FAILED_PRECONDITION with DATA_NOT_GOOD: the data is not known to be good, and nobody has said so.
StepOutcome ReleaseStep(StepContext& context) {
  TabletState& state = context.state;
  Operation& operation = state.operation;
  const bool dropped =
      operation.data_state == DataState::kPartial || operation.data_state == DataState::kEmpty;
  if (dropped && !operation.request.release.data_is_good) {
    return Failure(
        Reason::kDataNotGood,
        "graft knows the data to be dropped; say --data-is-good if somebody has put good "
        "data there");
  }
  GRAFT_RETURN_IF_ERROR(NoteType(context));
  GRAFT_ASSIGN_OR_RETURN(const bool was_fenced, LiftAnyFence(context));
  const bool serves = state.type_before == state.type_after;
  if (!was_fenced && serves && !dropped && !state.clone.has_value()) {
    return Failure(Reason::kNothingToRelease,
                   "no fence of graft's is up, and the tablet's record has its type");
  }
  GRAFT_RETURN_IF_ERROR(StartChannels(context));
  state.clone.reset();
  if (dropped) operation.data_state = DataState::kIntact;
  return context.Save();
}

}  // namespace graft
