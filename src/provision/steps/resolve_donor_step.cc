// resolve_donor: from the request to a donor's and a source's address. A named donor comes from the
// topology alone; for "any" the shard's tablets are asked and ranked.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "provision/donor/donor_search.h"
#include "provision/operation/tablet_record.h"
#include "provision/steps/left_copy.h"
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
  TabletState& state = context.state;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(context.options.alias));
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  if (state.type_before == TabletType::kUnknown) {
    const TabletType replaced = ReplacedType(own);
    // Only for an operation that this journal knows: the data of any other operation is unknown.
    const bool ours = own.type == TabletType::kRestore && replaced != TabletType::kUnknown &&
                      state.type_after != TabletType::kUnknown;
    const TabletType type = ours ? replaced : own.type;
    state.type_before = type;
    const bool serves =
        type != TabletType::kRestore && type != TabletType::kBackup && type != TabletType::kUnknown;
    if (serves) {
      state.type_after = type;
    } else if (state.type_after == TabletType::kUnknown) {  // no operation before this one
      state.type_after = context.options.init_type;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Tablet> FindUsable(StepContext& context, const Shard& shard,
                                  const TabletAlias& alias, absl::string_view role) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, context.deps.topology.GetTablet(alias));
  const std::string name = absl::StrCat(role, " ", alias.ToString());
  if (tablet.keyspace != context.options.keyspace || tablet.shard != context.options.shard) {
    return Refuse(Reason::kDonorOfOtherShard,
                  absl::StrCat(name, " belongs to ", tablet.keyspace, "/", tablet.shard,
                               ", not to ", ShardName(shard)));
  }
  if (const MaybeObjection objection = ObjectToRecord(tablet, alias == shard.primary)) {
    return Refuse(objection->reason, absl::StrCat(name, ": ", objection->text));
  }
  return tablet;
}

// Two thousand of them are too many to read.
std::string ListRefusals(const Operation& operation, const std::string& missing) {
  std::vector<std::string> texts;
  for (const RefusedDonor& refused : operation.refused_donors) {
    texts.push_back(absl::StrCat(refused.alias.ToString(), ": ", refused.text));
  }
  if (operation.refused_more > 0) texts.push_back(absl::StrCat(operation.refused_more, " more"));
  if (!missing.empty()) texts.push_back(missing);
  return absl::StrJoin(texts, "; ");
}

// The best donor of the shard. The operation notes the refused tablets and the reasons.
absl::StatusOr<TabletAlias> ChooseDonor(StepContext& context, const Shard& shard) {
  Operation& operation = context.operation;
  const Peers peers = PeersOf(context);
  GRAFT_ASSIGN_OR_RETURN(FoundDonors found,
                         FindDonors({context.clock(), context.recipient(), context.deps.topology,
                                     context.deps.locks, peers},
                                    context.state, shard));
  operation.refused_donors = std::move(found.ranking.refused);
  operation.refused_more = found.ranking.refused_more;
  if (!found.ranking.order.empty()) return found.ranking.order.front();
  return Refuse(Reason::kNoDonor,
                absl::StrCat("no tablet of ", ShardName(shard),
                             " can be the donor: ", ListRefusals(operation, found.missing)));
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
absl::Status ResolveDonor(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.deps.topology.GetShard(context.options.keyspace,
                                                                           context.options.shard));
  GRAFT_RETURN_IF_ERROR(NoteOwnTablet(context, shard));
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias donor, FindDonor(context, shard));
  if (donor == context.options.alias) {
    return Refuse(Reason::kDonorIsRecipient,
                  absl::StrCat(donor.ToString(), " cannot be rebuilt from itself"));
  }
  context.state.donor_uuid.clear();  // preflight's first look says both
  context.state.source_uuid.clear();
  return ReadDonorAndSource(context, shard, donor);
}

absl::Status ReadDonorAndSource(StepContext& context, const Shard& shard,
                                const TabletAlias& alias) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const Tablet donor, FindUsable(context, shard, alias, "donor"));
  Tablet source = donor;
  if (operation.request.replicate_from == ReplicateFrom::kPrimary) {
    GRAFT_ASSIGN_OR_RETURN(const TabletAlias primary, RequirePrimary(shard));
    GRAFT_ASSIGN_OR_RETURN(source, FindUsable(context, shard, primary, "replication source"));
  }
  operation.donor = donor.alias;
  operation.donor_mysql = donor.mysql;
  operation.source = source.alias;
  operation.source_mysql = source.mysql;
  return absl::OkStatus();
}

// A copy that an operation before this one left behind is gone on with, if it is there.
StepOutcome ResolveDonorStep(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(ResolveDonor(context));
  return context.state.clone.has_value() ? TakeUpLeftCopy(context) : StepOutcome::Advance();
}

}  // namespace graft
