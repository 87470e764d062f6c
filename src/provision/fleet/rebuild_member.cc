#include "provision/fleet/rebuild_member.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

std::string TextOf(const absl::Status& status) {
  return absl::StrCat(ReasonOrCode(status), ": ", status.message());
}

// Also where its record does not know yet.
bool OutOfService(const TabletSnapshot& tablet) {
  const auto replicates = [](const ReplicationChannel& channel) {
    return channel.receives() && channel.applier_running;
  };
  return !tablet.mysql_reachable || tablet.replication.empty() ||
         !std::all_of(tablet.replication.begin(), tablet.replication.end(), replicates);
}

}  // namespace

void RebuildMember::Serve() {
  while (!stop_.cancelled()) {
    stop_.WaitFor(deps_.clock, Look());
  }
  watch_ = nullptr;
}

absl::Duration RebuildMember::Look() {
  if (running_.has_value()) return FollowOperation();
  if (watch_ == nullptr) {  // before the read, so that no change is lost between the two
    auto watch = deps_.rebuilds.Follow([this] { stop_.Wake(); });
    if (watch.ok()) watch_ = *std::move(watch);
  }
  const absl::StatusOr<ShardRebuild> rebuild = deps_.rebuilds.Get();
  if (absl::IsNotFound(rebuild.status())) return options_.look_every;
  if (!rebuild.ok()) return Say(TextOf(rebuild.status()), options_.retry_after);
  const ShardRebuild::Member* self = FindMember(*rebuild, options_.alias);
  if (self == nullptr) return options_.look_every;
  if (self->outcome == MemberOutcome::kRunning) return TakeUp(*rebuild);
  if (self->outcome != MemberOutcome::kWaiting) return options_.look_every;
  const std::string not_yet = WhyNotYet(*rebuild, options_.alias);
  if (!not_yet.empty()) return Say(not_yet, options_.look_every);
  return TakeTurn(*rebuild);
}

// What an earlier process began. If it did not come to its request, all is checked again: the shard
// may have changed meanwhile.
absl::Duration RebuildMember::TakeUp(const ShardRebuild& rebuild) {
  const absl::Status known = deps_.provisioning.Get(rebuild.call.id).status();
  if (absl::IsNotFound(known)) return TakeTurn(rebuild);
  if (!known.ok()) return Say(TextOf(known), options_.follow_every);
  running_ = rebuild.call;
  return FollowOperation();
}

absl::Duration RebuildMember::TakeTurn(const ShardRebuild& rebuild) {
  const auto shard = deps_.topology.GetShard(options_.keyspace, options_.shard);
  if (!shard.ok()) return Say(TextOf(shard.status()), options_.retry_after);
  const auto list = deps_.topology.ListShardTablets(options_.keyspace, options_.shard);
  if (!list.ok()) return Say(TextOf(list.status()), options_.retry_after);
  const TabletSnapshot tablet = deps_.provisioning.Tablet();
  if (tablet.read_at == absl::InfinitePast()) {
    return Say("waits for the first look at its mysqld", options_.retry_after);
  }
  const std::vector<Operation> history = deps_.provisioning.List();
  if (!history.empty() && history.front().outcome == Outcome::kRunning) {
    return Say(absl::StrCat("waits for operation ", history.front().request.id),
               options_.retry_after);
  }
  // It would end a copy, or be refused for it.
  if (tablet.donating.value_or(false)) {
    return Say("waits until the copy that this tablet serves is made", options_.retry_after);
  }
  std::string refusal;
  // Judged by the rebuild that is written: others may begin at this moment, too.
  const absl::Status begun = deps_.rebuilds.Change(rebuild.call.id, [&](ShardRebuild& now) {
    ShardRebuild::Member& self = *FindMember(now, options_.alias);
    const bool marked = self.outcome == MemberOutcome::kRunning;  // by an earlier process
    if (marked) self.outcome = MemberOutcome::kWaiting;
    refusal = WhyNotYet(now, options_.alias);
    if (!refusal.empty() && !marked) return absl::FailedPreconditionError(refusal);
    if (refusal.empty()) {
      refusal = WhyKept(now, options_.alias, *shard, list->tablets, OutOfService(tablet));
      // A cell that is away may hold what is missed.
      if (!refusal.empty() && !list->missing_cells.empty()) {
        return absl::UnavailableError(absl::StrCat(refusal, "; ", list->MissingText()));
      }
    }
    self.outcome = refusal.empty() ? MemberOutcome::kRunning : MemberOutcome::kFailed;
    self.reason = refusal;
    return absl::OkStatus();
  });
  if (!begun.ok()) return Say(TextOf(begun), options_.retry_after);
  if (!refusal.empty()) return Say(absl::StrCat("not rebuilt: ", refusal), options_.look_every);
  running_ = rebuild.call;
  return FollowOperation();
}

absl::Duration RebuildMember::FollowOperation() {
  absl::StatusOr<Operation> operation = deps_.provisioning.Get(running_->id);
  if (absl::IsNotFound(operation.status())) {
    operation = deps_.provisioning.Reprovision(*running_);
  }
  if (IsAway(operation.status())) return Say(TextOf(operation.status()), options_.follow_every);
  if (!operation.ok()) return End(TextOf(operation.status()), /*data_gone=*/false);
  if (operation->outcome == Outcome::kRunning) {
    return Say(absl::StrCat("operation ", running_->id, " is running"), options_.follow_every);
  }
  if (operation->outcome == Outcome::kDone) return End("", /*data_gone=*/false);
  const DataState data = operation->data_state;
  return End(TextOf(operation->error), data == DataState::kPartial || data == DataState::kEmpty);
}

// Again at the next look if it could not be written.
absl::Duration RebuildMember::End(const std::string& failure, bool data_gone) {
  const absl::Status written = deps_.rebuilds.Change(running_->id, [&](ShardRebuild& now) {
    ShardRebuild::Member* self = FindMember(now, options_.alias);
    if (self == nullptr || self->outcome != MemberOutcome::kRunning) return absl::OkStatus();
    self->outcome = failure.empty() ? MemberOutcome::kDone : MemberOutcome::kFailed;
    self->reason = failure;
    self->data_gone = data_gone;
    return absl::OkStatus();
  });
  if (!written.ok() && !absl::IsNotFound(written)) {
    return Say(absl::StrCat("the end cannot be written: ", TextOf(written)), options_.retry_after);
  }
  running_ = std::nullopt;
  return Say(failure.empty() ? "done" : absl::StrCat("failed: ", failure), options_.look_every);
}

absl::Duration RebuildMember::Say(const std::string& text, absl::Duration pause) {
  if (said_ != text && deps_.on_news) deps_.on_news(text);
  said_ = text;
  return pause;
}

}  // namespace graft
