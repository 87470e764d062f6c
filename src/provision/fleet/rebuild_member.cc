#include "provision/fleet/rebuild_member.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"

namespace graft {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr size_t kMostAsked = 10;  // other replicas; one that serves is enough

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

// Why the member does not begin beside this one, which runs. The source of a semi-synchronous
// replica waits for it, and how many others there are the records do not say: it begins alone. Who
// is about to choose a donor may choose this very tablet.
std::string WhyNotBeside(const Tablet& running, const TabletAlias& self, bool acknowledges) {
  const std::string name = running.alias.ToString();
  if (acknowledges) {
    return absl::StrCat("waits for ", name, ": a semi-synchronous replica begins alone");
  }
  const Plan& plan = PlanOf(OperationKind::kReprovision);
  const std::optional<Step> step = ParseStep(running.Tag("graft.step"));
  const std::optional<size_t> place = step.has_value() ? PlaceIn(plan, *step) : std::nullopt;
  const Zone zone = place.has_value() ? plan[*place].zone : Zone::kBeforeDrop;
  if (zone == Zone::kBeforeDrop) return absl::StrCat("waits until ", name, " has its donor");
  const bool served = zone == Zone::kCopying && running.Tag("graft.donor") == self.ToString();
  return served ? absl::StrCat("waits until ", name, ", which this tablet serves, has its copy")
                : "";
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

absl::StatusOr<RebuildMember::SeenShard> RebuildMember::SeeShard() const {
  GRAFT_ASSIGN_OR_RETURN(Shard shard, deps_.topology.GetShard(options_.keyspace, options_.shard));
  GRAFT_ASSIGN_OR_RETURN(TabletList list,
                         deps_.topology.ListShardTablets(options_.keyspace, options_.shard));
  SeenShard seen{std::move(shard), std::move(list), deps_.provisioning.Tablet()};
  if (!deps_.open_peer) return seen;
  std::vector<Tablet*> others;
  std::vector<std::shared_ptr<MysqlServer>> servers;
  for (Tablet& tablet : seen.list.tablets) {
    const bool asked = tablet.alias != options_.alias && tablet.alias != seen.shard.primary;
    if (!asked || !ServesByRecord(tablet) || others.size() == kMostAsked) continue;
    others.push_back(&tablet);
    servers.push_back(deps_.open_peer(tablet.mysql));
  }
  const Peers peers{deps_.open_peer, deps_.ask_all, std::make_shared<Cancellation>()};
  GRAFT_ASSIGN_OR_RETURN(
      const auto answers,
      AskServers<ServerFacts>(
          peers, servers, [](MysqlServer& server) { return server.Describe(); }, kPatience));
  for (size_t i = 0; i < others.size(); ++i) {
    if (!answers[i].ok()) others[i]->mysql = HostPort();  // serves nobody, whatever its record says
  }
  return seen;
}

absl::StatusOr<std::string> RebuildMember::WhyKeptNow(const ShardRebuild& rebuild,
                                                      const SeenShard& seen) const {
  std::string why =
      WhyKept(rebuild, options_.alias, seen.shard, seen.list.tablets, OutOfService(seen.own));
  if (why.empty() || seen.list.missing_cells.empty()) return why;
  return absl::UnavailableError(absl::StrCat(why, "; ", seen.list.MissingText()));
}

absl::Status RebuildMember::MayFence(const Operation& operation) const {
  const absl::StatusOr<ShardRebuild> rebuild = deps_.rebuilds.Get();
  if (absl::IsNotFound(rebuild.status())) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(rebuild.status());
  if (rebuild->call.id != operation.request.id) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(SeenShard seen, SeeShard());
  for (Tablet& tablet : seen.list.tablets) {  // RESTORE already, which the step says of itself
    const bool own = tablet.alias == options_.alias && tablet.type == TabletType::kRestore;
    if (own) tablet.type = TabletType::kReplica;
  }
  GRAFT_ASSIGN_OR_RETURN(const std::string why, WhyKeptNow(*rebuild, seen));
  return why.empty() ? absl::OkStatus() : Failure(Reason::kLastHealthyReplica, why);
}

// Why the member does not begin now although it is its turn.
std::string RebuildMember::WhyBusy(const TabletSnapshot& own) const {
  if (own.read_at == absl::InfinitePast()) return "waits for the first look at its mysqld";
  const std::vector<Operation> history = deps_.provisioning.List();
  if (!history.empty() && history.front().outcome == Outcome::kRunning) {
    return absl::StrCat("waits for operation ", history.front().request.id);
  }
  // It would end a copy, or be refused for it.
  return own.donating.value_or(false) ? "waits until the copy that this tablet serves is made" : "";
}

// The operation that has done it meanwhile, an automatic repair for instance; empty: none.
std::string RebuildMember::RebuiltBy(const ShardRebuild& rebuild) const {
  const std::vector<Operation> history = deps_.provisioning.List();
  if (history.empty()) return "";
  const Operation& last = history.front();
  const bool rebuilt = last.outcome == Outcome::kDone && last.requested > rebuild.requested &&
                       last.request.kind == OperationKind::kReprovision;
  return rebuilt ? last.request.id : "";
}

absl::Duration RebuildMember::TakeTurn(const ShardRebuild& rebuild) {
  const absl::StatusOr<SeenShard> seen = SeeShard();
  if (!seen.ok()) return Say(TextOf(seen.status()), options_.retry_after);
  const std::string busy = WhyBusy(seen->own);
  if (!busy.empty()) return Say(busy, options_.retry_after);
  const std::string by = RebuiltBy(rebuild);
  std::string refusal;
  // Judged by the rebuild that is written: others may begin at this moment, too.
  const absl::Status begun = deps_.rebuilds.Change(rebuild.call.id, [&](ShardRebuild& now) {
    ShardRebuild::Member& self = *FindMember(now, options_.alias);
    if (!by.empty()) {
      self.outcome = MemberOutcome::kDone;
      return absl::OkStatus();
    }
    const bool marked = self.outcome == MemberOutcome::kRunning;  // by an earlier process
    if (marked) self.outcome = MemberOutcome::kWaiting;
    refusal = WhyNotYet(now, options_.alias);
    for (const Tablet& tablet : seen->list.tablets) {
      const ShardRebuild::Member* other = FindMember(now, tablet.alias);
      const bool beside = !marked && other != nullptr && other != &self &&
                          other->outcome == MemberOutcome::kRunning;
      if (refusal.empty() && beside) {
        refusal = WhyNotBeside(tablet, options_.alias, seen->own.acknowledges);
      }
    }
    if (!refusal.empty() && !marked) return absl::FailedPreconditionError(refusal);
    if (refusal.empty()) {
      GRAFT_ASSIGN_OR_RETURN(refusal, WhyKeptNow(now, *seen));
    }
    self.outcome = refusal.empty() ? MemberOutcome::kRunning : MemberOutcome::kFailed;
    self.reason = refusal;
    return absl::OkStatus();
  });
  if (!begun.ok()) {
    const bool not_yet = absl::IsFailedPrecondition(begun) && !refusal.empty();
    return Say(not_yet ? refusal : TextOf(begun), options_.retry_after);
  }
  if (!by.empty()) return Say(absl::StrCat("done, by operation ", by), options_.look_every);
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
