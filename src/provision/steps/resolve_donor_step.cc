// resolve_donor: from the request to a donor's and a source's address. A named donor comes from the
// topology alone; for "any" the shard's tablets are asked and ranked.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/donor/donor_search.h"
#include "provision/operation/tablet_record.h"
#include "provision/steps/clone_verdict.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// For a primary that the replica would rather follow than its donor.
constexpr absl::Duration kPatience = absl::Seconds(2);

std::string ShardName(const Shard& shard) {
  return absl::StrCat(shard.keyspace, "/", shard.name);
}

absl::StatusOr<TabletAlias> RequirePrimary(const Shard& shard) {
  if (!shard.primary.empty()) return shard.primary;
  return Failure(Reason::kShardHasNoPrimary,
                 absl::StrCat("shard ", ShardName(shard),
                              " has no primary; name a donor with "
                              "--from-tablet, or set one: graftctl topo set-primary"));
}

absl::StatusOr<Tablet> FindUsable(StepContext& context, const Shard& shard,
                                  const TabletAlias& alias, absl::string_view role) {
  if (alias == BackupDonorAlias(context.options.alias)) return BackupDonorRecord(context);
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, context.deps.topology.GetTablet(alias));
  const std::string name = absl::StrCat(role, " ", alias.ToString());
  if (tablet.keyspace != context.options.keyspace || tablet.shard != context.options.shard) {
    return Failure(Reason::kDonorOfOtherShard,
                   absl::StrCat(name, " belongs to ", tablet.keyspace, "/", tablet.shard,
                                ", not to ", ShardName(shard)));
  }
  if (const MaybeObjection objection = ObjectToRecord(tablet, alias == shard.primary)) {
    return Failure(objection->reason, absl::StrCat(name, ": ", objection->text));
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

// The best donor of the shard, as it stands now. claim_donor takes the one that is best when it is
// this recipient's turn.
absl::StatusOr<TabletAlias> ChooseDonor(StepContext& context, const Shard& shard) {
  DonorWish wish;
  wish.primary = context.operation.request.donor.primary;
  wish.line.held = ReadLine(context).value_or(ShardLine()).held;  // or as if all were free
  GRAFT_ASSIGN_OR_RETURN(const FoundDonors found, SearchDonors(context, shard, wish));
  if (!found.ranking.order.empty()) return found.ranking.order.front();
  return NoDonor(context.operation, shard, found);
}

absl::StatusOr<TabletAlias> FindDonor(StepContext& context, const Shard& shard) {
  if (context.operation.from_backup) return BackupDonorAlias(context.options.alias);
  switch (context.operation.request.donor.kind) {
    case DonorChoice::Kind::kBackup:
      break;
    case DonorChoice::Kind::kPrimary:
      return RequirePrimary(shard);
    case DonorChoice::Kind::kTablet:
      return context.operation.request.donor.tablet;
    case DonorChoice::Kind::kAny:
      return ChooseDonor(context, shard);
  }
  return absl::InternalError("unknown choice of donor");
}

// Nothing has been executed on the copy, and nothing can have been: replication stands.
absl::StatusOr<bool> IsUntouched(StepContext& context, const CloneStatus& status,
                                 const ServerFacts& server) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(server.gtid_executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet promised, GtidSet::Parse(status.gtid_executed));
  if (executed.ToString() != promised.ToString()) return false;
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  return std::none_of(channels.begin(), channels.end(),
                      [](const ReplicationChannel& channel) { return channel.runs(); });
}

absl::StatusOr<bool> MayBeTaken(StepContext& context, const CloneReport& report,
                                const ServerFacts& server) {
  const SentClone& clone = *context.state.clone;
  if (!(clone.choice == context.operation.request.donor)) return false;
  if (server.server_uuid != context.state.server_uuid) return false;
  GRAFT_ASSIGN_OR_RETURN(const auto datadir, context.recipient().ReadVariables({"datadir"}));
  if (datadir.front().value != context.state.data_directory) return false;
  return IsUntouched(context, *report.status, server);
}

StepOutcome Forget(StepContext& context, DataState left) {
  context.state.clone.reset();
  context.operation.data_state = context.state.data_before = left;
  return StepOutcome::Advance();
}

// A copy that an operation left behind: its CLONE was sent, and the operation ended before the
// server showed how that ended (mysqld stayed down). For an operation with its donor resolved.
// Advance to verify: the server itself shows the copy (this run, Completed, in this data directory,
// nothing executed since) and the request has the same donor choice. Advance to clone: the copy
// still runs. Advance: there is no copy to continue with, and the state says what is left. Wait:
// the server does not answer.
StepOutcome TakeUpLeftCopy(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const CloneReport report, context.recipient().ReadClone());
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts server, context.recipient().Describe());
  const SentClone& clone = *context.state.clone;
  const DataState before = context.state.data_before;
  switch (JudgeClone(report, clone)) {
    case CloneVerdict::kRunning:
    case CloneVerdict::kStopping:
      context.operation.donor = clone.donor;
      context.operation.donor_mysql = clone.donor_mysql;
      return StepOutcome::Advance(Step::kClone);
    case CloneVerdict::kCompleted: {
      GRAFT_ASSIGN_OR_RETURN(const bool may_be, MayBeTaken(context, report, server));
      if (!may_be) return Forget(context, std::max(before, DataState::kEmpty));
      context.operation.donor = clone.donor;
      context.operation.donor_mysql = clone.donor_mysql;
      return StepOutcome::Advance(Step::kVerify);
    }
    case CloneVerdict::kCrashed:
    case CloneVerdict::kFailed:
      return Forget(context, WhatIsLeft(report, before));
    case CloneVerdict::kNoTrace:
    case CloneVerdict::kContradicts:
      break;
  }
  return Forget(context, before);
}

}  // namespace

absl::StatusOr<ShardLine> ReadLine(const StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto entries, context.deps.locks.List(ShardLineName(
                                                 context.options.keyspace, context.options.shard)));
  return LineFrom(entries, context.LineEntry(/*waiting=*/true));
}

bool AnotherBegins(const StepContext& context) {
  const auto list =
      context.deps.topology.ListShardTablets(context.options.keyspace, context.options.shard);
  return list.ok() &&
         std::any_of(list->tablets.begin(), list->tablets.end(), [&](const Tablet& tablet) {
           const std::optional<Step> step = ParseStep(tablet.Tag("graft.step"));
           const bool begins = step == Step::kResolveDonor || step == Step::kPreflight;
           return begins && tablet.alias != context.options.alias;
         });
}

absl::Status WaitedTooLong(const StepContext& context, const ShardLine& line) {
  const bool any = TakesAnyDonor(context.operation);
  return Failure(
      Reason::kDonorWaitTimeout,
      absl::StrCat(any ? "no donor of the shard"
                       : absl::StrCat("donor ", context.operation.donor.ToString()),
                   " became free within ", HumanDuration(context.options.donor_wait_timeout),
                   " (--clone-donor-wait-timeout) without this tablet getting nearer: ", line.ahead,
                   " stand before this tablet, ", line.Holders(),
                   "; name another donor, or wait longer"));
}

absl::Status RefusePrimary(const Tablet& tablet, const Shard& shard) {
  if (shard.primary != tablet.alias && tablet.type != TabletType::kPrimary) {
    return absl::OkStatus();
  }
  return Failure(Reason::kRecipientIsPrimary,
                 absl::StrCat(tablet.alias.ToString(), " is the primary of ", ShardName(shard),
                              "; a primary is never overwritten: reparent the shard first"));
}

absl::StatusOr<FoundDonors> SearchDonors(StepContext& context, const Shard& shard,
                                         const DonorWish& wish) {
  Operation& operation = context.operation;
  const Peers peers = PeersOf(context);
  GRAFT_ASSIGN_OR_RETURN(FoundDonors found, FindDonors({context.clock(), context.recipient(),
                                                        context.deps.topology, peers},
                                                       context.state, shard, wish));
  operation.refused_donors = found.ranking.refused;
  operation.refused_more = found.ranking.refused_more;
  return found;
}

absl::Status NoDonor(const Operation& operation, const Shard& shard, const FoundDonors& found) {
  return Failure(Reason::kNoDonor,
                 absl::StrCat("no tablet of ", ShardName(shard),
                              " can be the donor: ", ListRefusals(operation, found.missing)));
}

absl::Status NoteOwnTablet(StepContext& context, const Shard& shard) {
  TabletState& state = context.state;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.ReadOwnTablet());
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

// NOT_FOUND, FAILED_PRECONDITION: the topology does not allow this donor, or no tablet can be it;
// the text says why.
absl::Status ResolveDonor(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  GRAFT_RETURN_IF_ERROR(NoteOwnTablet(context, shard));
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias donor, FindDonor(context, shard));
  if (donor == context.options.alias) {
    return Failure(Reason::kDonorIsRecipient,
                   absl::StrCat(donor.ToString(), " cannot be rebuilt from itself"));
  }
  context.state.donor_uuid.clear();  // preflight's first look says both
  context.state.source_uuid.clear();
  return ReadDonorAndSource(context, shard, donor);
}

// CANCELLED. Which server it is, preflight looks.
absl::StatusOr<bool> Answers(const StepContext& context, const Tablet& tablet) {
  const Peers peers = PeersOf(context);
  GRAFT_ASSIGN_OR_RETURN(const auto answers,
                         AskServers<ServerFacts>(
                             peers, {peers.open(tablet.mysql)},
                             [](MysqlServer& server) { return server.Describe(); }, kPatience));
  return answers.front().ok();
}

absl::StatusOr<Tablet> ChooseSource(StepContext& context, const Shard& shard, const Tablet& donor) {
  // A server that serves a backup ends with the copy.
  const ReplicateFrom wish = context.operation.from_backup
                                 ? ReplicateFrom::kPrimary
                                 : context.operation.request.replicate_from;
  if (wish == ReplicateFrom::kDonor || donor.alias == shard.primary) return donor;
  const bool needed = wish == ReplicateFrom::kPrimary;
  auto primary = RequirePrimary(shard);
  if (!primary.ok()) return needed ? primary.status() : absl::StatusOr<Tablet>(donor);
  auto source = FindUsable(context, shard, *primary, "replication source");
  if (needed) return source;
  if (!source.ok()) return absl::IsUnavailable(source.status()) ? source : donor;
  GRAFT_ASSIGN_OR_RETURN(const bool answers, Answers(context, *source));
  return answers ? source : donor;
}

absl::Status ReadDonorAndSource(StepContext& context, const Shard& shard,
                                const TabletAlias& alias) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const Tablet donor, FindUsable(context, shard, alias, "donor"));
  GRAFT_ASSIGN_OR_RETURN(const Tablet source, ChooseSource(context, shard, donor));
  operation.donor = donor.alias;
  operation.donor_mysql = donor.mysql;
  operation.source = source.alias;
  operation.source_mysql = source.mysql;
  return absl::OkStatus();
}

// A copy that an operation before this one left behind is gone on with, if it is there. To
// claim_donor: there is no donor yet, but another recipient will be one soon; it is waited for in
// the line, and preflight judges it then.
StepOutcome ResolveDonorStep(StepContext& context) {
  const absl::Status resolved = ResolveDonor(context);
  const bool none = HasReason(resolved, Reason::kNoDonor) && !context.state.clone.has_value();
  if (none && (ReadLine(context).value_or(ShardLine()).others_work() || AnotherBegins(context))) {
    context.operation.donor = context.operation.source = {};
    context.operation.donor_mysql = context.operation.source_mysql = {};
    return StepOutcome::Advance(Step::kClaimDonor);
  }
  if (none && FallsBack(context)) return StepOutcome::Advance(Step::kRestoreBackup);
  GRAFT_RETURN_IF_ERROR(resolved);
  return context.state.clone.has_value() ? TakeUpLeftCopy(context) : StepOutcome::Advance();
}

}  // namespace graft
