// resolve_donor: from the request to a donor's and a source's address. A named donor comes from the
// topology alone; for "any" the shard's tablets are asked and ranked.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "provision/donor/donor_search.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

absl::Status Refuse(Reason reason, absl::string_view text) {
  return Failure(reason, text);
}

std::string ShardName(const Shard& shard) {
  return absl::StrCat(shard.keyspace, "/", shard.name);
}

absl::StatusOr<TabletAlias> RequirePrimary(const Shard& shard) {
  if (!shard.primary.empty()) return shard.primary;
  return Refuse(Reason::kShardHasNoPrimary,
                absl::StrCat("shard ", ShardName(shard),
                             " has no primary; name a donor with "
                             "--from-tablet, or set one: graftctl topo set-primary"));
}

absl::Status NoteOwnTablet(StepContext& context, const Shard& shard) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(context.options.alias));
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  if (operation.type_before == TabletType::kUnknown) {
    operation.type_before = own.type;
    const bool serves = own.type != TabletType::kRestore && own.type != TabletType::kBackup &&
                        own.type != TabletType::kUnknown;
    if (serves) {
      operation.type_after = own.type;
    } else if (operation.type_after == TabletType::kUnknown) {  // no operation before this one
      operation.type_after = context.options.init_type;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Tablet> FindUsable(StepContext& context, const TabletAlias& alias,
                                  absl::string_view role) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, context.deps.topology.GetTablet(alias));
  if (tablet.keyspace != context.options.keyspace || tablet.shard != context.options.shard) {
    return Refuse(Reason::kDonorOfOtherShard,
                  absl::StrCat(role, " ", alias.ToString(), " belongs to ", tablet.keyspace, "/",
                               tablet.shard, ", not to ", context.options.keyspace, "/",
                               context.options.shard));
  }
  if (tablet.type == TabletType::kRestore) {
    return Refuse(Reason::kDonorIsRestoring,
                  absl::StrCat(role, " ", alias.ToString(), " is being rebuilt itself (RESTORE)"));
  }
  if (tablet.mysql.empty()) {
    return Refuse(Reason::kDonorHasNoAddress,
                  absl::StrCat(role, " ", alias.ToString(),
                               " has no MySQL address in the topology: "
                               "its agent was stopped or never started; start it"));
  }
  return tablet;
}

// The best of the shard; what was refused, and why, is noted in the operation.
absl::StatusOr<TabletAlias> ChooseDonor(StepContext& context, const Shard& shard) {
  GRAFT_ASSIGN_OR_RETURN(DonorRanking ranking, RankShard(context, shard));
  context.operation.refused_donors = std::move(ranking.refused);
  if (!ranking.order.empty()) return ranking.order.front();
  const auto words = [](std::string* out, const RefusedDonor& refused) {
    absl::StrAppend(out, refused.alias.ToString(), ": ", refused.text);
  };
  return Refuse(Reason::kNoDonor,
                absl::StrCat("no tablet of ", ShardName(shard), " can be the donor: ",
                             absl::StrJoin(context.operation.refused_donors, "; ", words)));
}

absl::StatusOr<TabletAlias> FindDonor(StepContext& context, const Shard& shard) {
  switch (context.operation.request.donor.kind) {
    case DonorChoice::Kind::kPrimary:
      return RequirePrimary(shard);
    case DonorChoice::Kind::kTablet:
      return context.operation.request.donor.tablet;
    case DonorChoice::Kind::kAny:
      return ChooseDonor(context, shard);
  }
  return absl::InternalError("unknown choice of donor");
}

}  // namespace

absl::Status RefusePrimary(const Tablet& tablet, const Shard& shard) {
  if (shard.primary != tablet.alias && tablet.type != TabletType::kPrimary) {
    return absl::OkStatus();
  }
  return Refuse(Reason::kRecipientIsPrimary,
                absl::StrCat(tablet.alias.ToString(), " is the primary of ", ShardName(shard),
                             "; a primary is never overwritten: reparent the shard first"));
}

// NOT_FOUND, FAILED_PRECONDITION: the topology does not allow this donor, or no tablet can be it;
// the text says why.
absl::Status ResolveDonorStep(StepContext& context) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.deps.topology.GetShard(context.options.keyspace,
                                                                           context.options.shard));
  GRAFT_RETURN_IF_ERROR(NoteOwnTablet(context, shard));
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias donor_alias, FindDonor(context, shard));
  if (donor_alias == context.options.alias) {
    return Refuse(Reason::kDonorIsRecipient,
                  absl::StrCat(donor_alias.ToString(), " cannot be rebuilt from itself"));
  }
  GRAFT_ASSIGN_OR_RETURN(const Tablet donor, FindUsable(context, donor_alias, "donor"));
  Tablet source = donor;
  if (operation.request.replicate_from == ReplicateFrom::kPrimary) {
    GRAFT_ASSIGN_OR_RETURN(const TabletAlias primary, RequirePrimary(shard));
    GRAFT_ASSIGN_OR_RETURN(source, FindUsable(context, primary, "replication source"));
  }
  operation.donor = donor.alias;
  operation.donor_mysql = donor.mysql;
  operation.source = source.alias;
  operation.source_mysql = source.mysql;
  return absl::OkStatus();
}

}  // namespace graft
