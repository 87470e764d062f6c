#include "provision/steps/replication.h"

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/donor/donor_fitness.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(500);

// Calls `act` until no STOP is pending any more.
absl::Status WhenNoStopPends(StepContext& context, const std::function<absl::Status()>& act) {
  ReplicationWatch watch(context.clock().Now());
  absl::Status status = act();
  while (HasReason(status, Reason::kReplicationStopping)) {
    const auto channels = context.recipient().ReadReplication();
    const absl::Time now = context.clock().Now();
    if (channels.ok()) watch.Look(*channels, now);
    const absl::Duration patience = context.options.catch_up_stall_timeout;
    if (patience > absl::ZeroDuration() && watch.idle(now) >= patience) return status;
    context.Note(absl::StrCat("waits for STOP REPLICA; replication ", watch.Describe(now)));
    GRAFT_RETURN_IF_ERROR(context.Wait(kPause));
    status = act();
    if (status.ok()) context.Note("");
  }
  return status;
}

absl::Status Unfit(const TabletAlias& alias, absl::string_view why) {
  return Failure(Reason::kSourceUnfit,
                 absl::StrCat(alias.ToString(), " cannot be followed: ", why));
}

absl::StatusOr<Tablet> Usable(StepContext& context, const Shard& shard, const TabletAlias& alias) {
  if (alias.empty()) return Failure(Reason::kSourceUnfit, "the shard has no primary to follow");
  if (alias == context.options.alias) return Unfit(alias, "it is the replica itself");
  auto tablet = context.deps.topology.GetTablet(alias);
  if (absl::IsNotFound(tablet.status())) return Unfit(alias, "its record is gone");
  GRAFT_RETURN_IF_ERROR(tablet.status());
  if (tablet->keyspace != context.options.keyspace || tablet->shard != context.options.shard) {
    return Unfit(alias,
                 absl::StrCat("it belongs to ", tablet->keyspace, "/", tablet->shard, " now"));
  }
  if (tablet->mysql.empty() && alias == context.operation.source) {
    tablet->mysql = context.operation.source_mysql;
  }
  const MaybeObjection objection = ObjectToRecord(*tablet, alias == shard.primary);
  if (objection) return Unfit(alias, objection->text);
  return tablet;
}

// Those that the old replica had, if the new one is to have them.
std::vector<ReplicationFilter> FiltersOf(const StepContext& context) {
  const OperationRequest& request = context.operation.request;
  const bool again =
      request.kind == OperationKind::kReprovision && !request.allow.lost_replication_settings;
  return again ? context.state.replication.filters : std::vector<ReplicationFilter>();
}

absl::StatusOr<Tablet> ReadSource(StepContext& context) {
  const Operation& operation = context.operation;
  const ReplicateFrom wish = operation.request.replicate_from;
  const bool primary_wanted =
      wish == ReplicateFrom::kPrimary ||
      (wish == ReplicateFrom::kPrimaryOrDonor && operation.source != operation.donor);
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  const TabletAlias wanted = primary_wanted ? shard.primary : context.operation.source;
  auto source = Usable(context, shard, wanted);
  if (!HasReason(source.status(), Reason::kSourceUnfit) || wanted == shard.primary) return source;
  auto primary = Usable(context, shard, shard.primary);
  return primary.ok() ? primary : source;
}

}  // namespace

void ReplicationWatch::Look(const std::vector<ReplicationChannel>& channels, absl::Time now) {
  std::string activity;
  work_ = "";
  for (const ReplicationChannel& channel : channels) {
    absl::StrAppend(&activity, channel.name, ":", channel.activity, "\n");
    if (channel.receiving && work_.empty()) work_ = "receives a transaction";
    if (channel.applying) work_ = "applies a transaction";
  }
  if (activity != activity_) changed_ = worked_ = now;
  if (!work_.empty()) worked_ = now;
  activity_ = std::move(activity);
}

std::string ReplicationWatch::Describe(absl::Time now) const {
  return absl::StrCat(work_.empty() ? "stands still" : work_, " for ",
                      HumanDuration(absl::Trunc(now - changed_, absl::Seconds(1))));
}

absl::Status StopWhenIdle(StepContext& context, bool forget) {
  return WhenNoStopPends(context, [&] { return context.recipient().StopReplication(forget); });
}

absl::Status StartWhenStopped(StepContext& context,
                              const std::optional<ReplicationSource>& source) {
  return WhenNoStopPends(context, [&] { return context.recipient().StartReplication(source); });
}

absl::Status DelayWhenStopped(StepContext& context, absl::Duration delay) {
  return WhenNoStopPends(context, [&] { return context.recipient().DelayReplication(delay); });
}

absl::Status StartIfStopped(StepContext& context, const ReplicationChannel& channel) {
  if (channel.receives() && channel.applier_running && !channel.stopping) return absl::OkStatus();
  if (FiltersOf(context).empty()) return StartWhenStopped(context, std::nullopt);
  // mysqld forgets them when it restarts.
  Tablet source;
  source.alias = context.operation.source;
  source.mysql = context.operation.source_mysql;
  return FollowSource(context, source);
}

absl::StatusOr<Tablet> FindSource(StepContext& context) {
  auto source = ReadSource(context);
  if (source.ok() || HasReason(source.status(), Reason::kSourceUnfit)) return source;
  Tablet known;
  known.alias = context.operation.source;
  known.mysql = context.operation.source_mysql;
  return known;
}

absl::StatusOr<ServerFacts> AskSource(StepContext& context, const Tablet& source) {
  GRAFT_ASSIGN_OR_RETURN(ServerFacts facts, context.peers->Open(source.mysql)->Describe());
  std::string expected = RecordedUuid(source);
  if (expected.empty() && source.alias == context.operation.donor) {
    expected = context.state.donor_uuid;
  }
  const bool known = IsKnownSource(context.operation, source);
  if (expected.empty() && known) expected = context.state.source_uuid;
  if (!ObjectToServer(expected, facts.server_uuid)) {
    if (known) context.state.source_uuid = facts.server_uuid;
    return facts;
  }
  return Failure(Reason::kSourceIdentity,
                 absl::StrCat("the server at ", source.mysql.ToString(), " is ", facts.server_uuid,
                              ", not ", expected, ", the one of ", source.alias.ToString(),
                              "; start that tablet's own server and agent"));
}

bool IsKnownSource(const Operation& operation, const Tablet& source) {
  return source.alias == operation.source &&
         source.mysql.ToString() == operation.source_mysql.ToString();
}

absl::Status FollowSource(StepContext& context, const Tablet& source) {
  ReplicationSource channel;
  channel.address = source.mysql;
  channel.user = context.options.repl.user;
  channel.password = context.options.repl.password;
  channel.use_ssl = context.options.repl.use_ssl;
  channel.filters = FiltersOf(context);
  GRAFT_RETURN_IF_ERROR(Annotate(StartWhenStopped(context, channel),
                                 absl::StrCat("replicate from ", source.alias.ToString())));
  if (IsKnownSource(context.operation, source)) return absl::OkStatus();
  context.operation.source = source.alias;
  context.operation.source_mysql = source.mysql;
  context.state.source_uuid = RecordedUuid(source);
  context.Save().IgnoreError();  // the next agent finds it in the topology again
  return absl::OkStatus();
}

// replicate: no channel but ours, which follows the source.
StepOutcome ReplicateStep(StepContext& context) {
  // A donor that is a replica brought its own channels along, with their passwords.
  GRAFT_RETURN_IF_ERROR(StopWhenIdle(context, /*forget=*/true));
  GRAFT_ASSIGN_OR_RETURN(const Tablet source, FindSource(context));
  const absl::Status answer = AskSource(context, source).status();
  if (HasReason(answer, Reason::kSourceIdentity)) return answer;  // who is away is waited for later
  GRAFT_RETURN_IF_ERROR(FollowSource(context, source));
  context.Note("");
  return StepOutcome::Advance();
}

}  // namespace graft
