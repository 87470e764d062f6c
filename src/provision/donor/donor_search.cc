#include "provision/donor/donor_search.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/queue_lock.h"
#include "provision/operation/retry_policy.h"

namespace graft {
namespace {

// The source has purged what the tablet needs: it will never go on. A receiver that merely cannot
// connect will.
bool WillNotHeal(int receiver_errno) {
  return receiver_errno == 1236 || receiver_errno == 13114;
}

void NoteReplication(const std::vector<ReplicationChannel>& channels, DonorState& state) {
  for (const ReplicationChannel& channel : channels) {
    if (!channel.applier_running && channel.applier_errno != 0) {
      state.broken_replication =
          absl::StrCat("applier error ", channel.applier_errno, ": ", channel.applier_error);
    }
    if (WillNotHeal(channel.receiver_errno)) {
      state.broken_replication =
          absl::StrCat("receiver error ", channel.receiver_errno, ": ", channel.receiver_error);
    }
    if (!channel.lag.has_value()) continue;
    state.lag = std::max(state.lag.value_or(*channel.lag), *channel.lag);
  }
}

// What the clone account there may not see stays unknown; preflight says so, once one is chosen.
absl::StatusOr<DonorState> AskTablet(const StepContext& context, const Tablet& tablet) {
  const std::unique_ptr<MysqlServer> server = context.deps.open_peer(tablet.mysql);
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, server->Describe());
  DonorState state;
  state.version = facts.version;
  state.gtid_executed = facts.gtid_executed;
  if (const auto channels = server->ReadReplication(); channels.ok()) {
    NoteReplication(*channels, state);
  }
  if (const auto sessions = server->ReadSessions(); sessions.ok()) {
    state.donating =
        std::any_of(sessions->begin(), sessions->end(),
                    [](const ServerSession& session) { return session.command == "clone"; });
  }
  return state;
}

// Those who wait for it besides ourselves.
int CountWaiting(const StepContext& context, const TabletAlias& donor) {
  const auto queue = context.deps.locks.List(DonorLockName(donor));
  if (!queue.ok()) return 0;
  return static_cast<int>(std::count_if(
      queue->begin(), queue->end(),
      [&context](const QueueEntry& entry) { return entry.tablet != context.options.alias; }));
}

void NoteFailures(const std::vector<FailedAttempt>& attempts, bool of_this_operation,
                  DonorCandidate& candidate) {
  for (const FailedAttempt& attempt : attempts) {
    if (attempt.donor != candidate.tablet.alias) continue;
    ++candidate.failures;
    candidate.last_failure = std::max(candidate.last_failure, attempt.ended);
    if (of_this_operation && IsPermanentForDonor(attempt.error)) {
      candidate.ruled_out = attempt.error;
    }
  }
}

DonorCandidate LookAt(const StepContext& context, const Shard& shard, Tablet tablet) {
  DonorCandidate candidate;
  candidate.is_primary = tablet.alias == shard.primary;
  if (tablet.alias != context.options.alias && !tablet.mysql.empty()) {
    candidate.state = AskTablet(context, tablet);
    candidate.waiting = CountWaiting(context, tablet.alias);
  }
  candidate.tablet = std::move(tablet);
  NoteFailures(context.operation.earlier_failures, /*of_this_operation=*/false, candidate);
  NoteFailures(context.operation.failed_attempts, /*of_this_operation=*/true, candidate);
  return candidate;
}

}  // namespace

absl::StatusOr<DonorRanking> RankShard(StepContext& context, const Shard& shard) {
  DonorSearchFacts facts;
  facts.recipient = context.options.alias;
  facts.now = context.clock().Now();
  auto own = context.recipient().Describe();
  if (!own.ok()) return Annotate(own.status(), "recipient");
  facts.recipient_version = own->version;

  GRAFT_ASSIGN_OR_RETURN(std::vector<Tablet> tablets,
                         context.deps.topology.ListShardTablets(shard.keyspace, shard.name));
  // The primary last: what it does not have then, it never had.
  std::stable_partition(tablets.begin(), tablets.end(),
                        [&shard](const Tablet& tablet) { return tablet.alias != shard.primary; });
  std::vector<DonorCandidate> candidates;
  for (Tablet& tablet : tablets) {
    candidates.push_back(LookAt(context, shard, std::move(tablet)));
    const DonorCandidate& candidate = candidates.back();
    if (candidate.is_primary && candidate.state.ok()) {
      facts.primary_gtid_executed = candidate.state->gtid_executed;
    }
  }
  return RankDonors(candidates, facts);
}

}  // namespace graft
