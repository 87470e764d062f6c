#include "provision/steps/source.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/replication.h"

namespace graft {
namespace {

constexpr char kServerUuid[] = "graft.server_uuid";

std::string Tag(const Tablet& tablet, const char* name) {
  const auto found = tablet.tags.find(name);
  return found == tablet.tags.end() ? "" : found->second;
}

absl::Status Unfit(const TabletAlias& alias, absl::string_view why) {
  return Failure(Reason::kSourceUnfit,
                 absl::StrCat(alias.ToString(), " cannot be followed: ", why));
}

absl::StatusOr<Tablet> Usable(StepContext& context, const TabletAlias& alias) {
  if (alias.empty()) return Failure(Reason::kSourceUnfit, "the shard has no primary to follow");
  if (alias == context.options.alias) return Unfit(alias, "it is the replica itself");
  auto tablet = context.deps.topology.GetTablet(alias);
  if (absl::IsNotFound(tablet.status())) return Unfit(alias, "its record is gone");
  GRAFT_RETURN_IF_ERROR(tablet.status());
  if (tablet->keyspace != context.options.keyspace || tablet->shard != context.options.shard) {
    return Unfit(alias,
                 absl::StrCat("it belongs to ", tablet->keyspace, "/", tablet->shard, " now"));
  }
  if (tablet->type == TabletType::kRestore) return Unfit(alias, "it is being rebuilt (RESTORE)");
  const bool spoken_of = !Tag(*tablet, "graft.operation").empty();
  const std::string data = spoken_of ? Tag(*tablet, "graft.data_state") : "";
  if (data == DataStateName(DataState::kPartial) || data == DataStateName(DataState::kEmpty)) {
    return Unfit(alias, absl::StrCat("its data is ", data));
  }
  if (tablet->mysql.empty() && alias == context.operation.source) {
    tablet->mysql = context.operation.source_mysql;
  }
  if (tablet->mysql.empty()) return Unfit(alias, "it has no MySQL address in the topology");
  return tablet;
}

}  // namespace

absl::StatusOr<Tablet> FindSource(StepContext& context) {
  const bool primary_wanted = context.operation.request.replicate_from == ReplicateFrom::kPrimary;
  const auto shard =
      context.deps.topology.GetShard(context.options.keyspace, context.options.shard);
  GRAFT_RETURN_IF_ERROR(shard.status());
  const TabletAlias wanted = primary_wanted ? shard->primary : context.operation.source;
  auto source = Usable(context, wanted);
  if (!HasReason(source.status(), Reason::kSourceUnfit) || wanted == shard->primary) return source;
  auto primary = Usable(context, shard->primary);
  return primary.ok() ? primary : source;
}

absl::Status CheckSourceIdentity(StepContext& context, const Tablet& source) {
  const std::string recorded = Tag(source, kServerUuid);
  if (recorded.empty()) return absl::OkStatus();
  const auto facts = context.deps.open_peer(source.mysql)->Describe();
  if (!facts.ok() || facts->server_uuid == recorded) return absl::OkStatus();
  return Failure(Reason::kSourceIdentity,
                 absl::StrCat("the server at ", source.mysql.ToString(), " is ", facts->server_uuid,
                              ", not ", recorded, ", the one of ", source.alias.ToString(),
                              "; start that tablet's own server and agent"));
}

bool IsKnownSource(const Operation& operation, const Tablet& source) {
  return source.alias == operation.source &&
         source.mysql.ToString() == operation.source_mysql.ToString();
}

absl::Status FollowSource(StepContext& context, const Tablet& source) {
  Operation& operation = context.operation;
  if (!IsKnownSource(operation, source)) {
    operation.source = source.alias;
    operation.source_mysql = source.mysql;
    context.Save().IgnoreError();  // the next agent finds it in the topology again
  }
  ReplicationSource channel;
  channel.address = source.mysql;
  channel.user = context.options.repl_user;
  channel.password = context.options.repl_password;
  channel.use_ssl = context.options.repl_use_ssl;
  return Annotate(StartWhenStopped(context, channel),
                  absl::StrCat("replicate from ", source.alias.ToString()));
}

}  // namespace graft
