#include "provision/donor/donor_fitness.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/gtid_set.h"
#include "graft/operation.h"

namespace graft {
namespace {

constexpr absl::Duration kSomeLag = absl::Minutes(1);

// Its copy is verified and follows its source; it has only to catch up.
bool IsAsGoodAsRebuilt(const Tablet& tablet) {
  const std::string step = tablet.Tag("graft.step");
  return tablet.Tag("graft.data_state") == DataStateName(DataState::kCloned) &&
         (step == StepName(Step::kCatchUp) || step == StepName(Step::kPublish));
}

bool IsOfShard(const HostPort& source, const std::vector<HostPort>& shard) {
  return std::any_of(shard.begin(), shard.end(), [&source](const HostPort& address) {
    return address.port == source.port && absl::EqualsIgnoreCase(address.host, source.host);
  });
}

}  // namespace

std::string RecordedUuid(const Tablet& tablet) {
  return tablet.Tag(kServerUuidTag);
}

LagClass JudgeLag(const std::vector<ReplicationChannel>& channels, LagClass before) {
  LagClass worst = LagClass::kCurrent;
  for (const ReplicationChannel& channel : channels) {
    if (!channel.lag.has_value()) return LagClass::kStopped;
    const auto reaches = [&](LagClass lag, absl::Duration bound) {
      return *channel.lag > (before >= lag && before != LagClass::kStopped ? bound / 2 : bound);
    };
    if (reaches(LagClass::kFarBehind, kLongLag)) {
      worst = std::max(worst, LagClass::kFarBehind);
    } else if (reaches(LagClass::kBehind, kSomeLag)) {
      worst = std::max(worst, LagClass::kBehind);
    }
  }
  return worst;
}

Following JudgeFollowing(const absl::StatusOr<std::vector<ReplicationChannel>>& channels,
                         const std::vector<HostPort>& shard) {
  if (!channels.ok()) {
    return {false, absl::StrCat("its replication cannot be read: ", channels.status().message())};
  }
  Following following{true, "it follows nobody"};
  for (const ReplicationChannel& channel : *channels) {
    const std::string source = channel.source.ToString();
    if (!IsOfShard(channel.source, shard)) {
      following = {false,
                   absl::StrCat("it follows ", source, ", which no record of the shard has")};
    } else if (!channel.lag.has_value()) {
      return {true, absl::StrCat("how far it is behind ", source,
                                 " is unknown, since its replication does not run")};
    } else {
      return {};
    }
  }
  return following;
}

std::string WithoutOwn(const std::string& gtid_executed, const std::string& server_uuid) {
  const absl::StatusOr<GtidSet> executed = GtidSet::Parse(gtid_executed);
  if (!executed.ok()) return "";
  return executed->WithoutSource(server_uuid).ToString();
}

MaybeObjection ObjectToRecord(const Tablet& tablet, bool is_primary) {
  const std::string type(TabletTypeName(tablet.type));
  switch (tablet.type) {
    case TabletType::kPrimary:
      if (is_primary) break;
      return Objection{Reason::kDonorIsOldPrimary,
                       "its record says PRIMARY, and the shard has another primary"};
    case TabletType::kReplica:
    case TabletType::kRdonly:
    case TabletType::kSpare:
    case TabletType::kExperimental:
      break;
    case TabletType::kRestore:
      if (IsAsGoodAsRebuilt(tablet)) break;
      return Objection{Reason::kDonorIsRestoring, "it is being rebuilt itself (RESTORE)"};
    case TabletType::kDrained:  // by a human, or by VTOrc for its errant transactions
    case TabletType::kBackup:   // its replication is stopped
    case TabletType::kUnknown:
      return Objection{Reason::kDonorType, absl::StrCat("its record says ", type)};
  }
  // EMPTY without an operation means that the server was empty when the agent read it last. The
  // server itself shows whether it is still empty.
  const bool spoken_of = tablet.tags.count("graft.operation") > 0;
  if (spoken_of && tablet.SaysDropped()) {
    return Objection{Reason::kDonorDataState,
                     absl::StrCat("its data is ", tablet.Tag("graft.data_state"))};
  }
  if (!tablet.mysql.empty()) return std::nullopt;
  return Objection{Reason::kDonorHasNoAddress,
                   tablet.mysql_fault.empty()
                       ? "it has no MySQL address in the topology: its agent was stopped or never "
                         "started; start it"
                       : absl::StrCat("its record has no MySQL address that can be used: ",
                                      tablet.mysql_fault, "; correct the record")};
}

MaybeObjection ObjectToServer(const std::string& recorded_uuid, const std::string& server_uuid) {
  if (recorded_uuid.empty() || absl::EqualsIgnoreCase(recorded_uuid, server_uuid)) {
    return std::nullopt;
  }
  return Objection{Reason::kOtherServer,
                   absl::StrCat("another server answers at its address: server_uuid ", server_uuid,
                                ", and its record says ", recorded_uuid)};
}

MaybeObjection ObjectToIdentity(const DonorEvidence& donor, const ShardEvidence& shard) {
  const std::string& executed = donor.server.gtid_executed;
  if (!donor.recorded_uuid.empty()) {
    return ObjectToServer(donor.recorded_uuid, donor.server.server_uuid);
  }
  const bool will_have_it = !donor.is_primary && donor.following.fault.empty();
  if (!shard.primary.has_value() && will_have_it) return std::nullopt;
  auto missing = GtidDifference(shard.recipient_executed, executed);
  // What the primary has too is for ObjectToData to judge.
  if (missing.ok() && !donor.is_primary && shard.primary.has_value()) {
    missing = GtidDifference(missing->ToString(), shard.primary->gtid_executed);
  }
  if (!missing.ok() || missing->empty()) return std::nullopt;
  return Objection{Reason::kOtherServer,
                   absl::StrCat("its record names no server_uuid, and this server lacks "
                                "transactions of the recipient: ",
                                DescribeGtids(*missing)),
                   /*certain=*/false};
}

MaybeObjection ObjectToData(const DonorEvidence& donor, const ShardEvidence& shard) {
  const std::string& executed = donor.server.gtid_executed;
  if (executed.empty() && donor.server.user_schemas.empty() && shard.has_data) {
    return Objection{Reason::kDonorEmpty, "it holds nothing: no schema and no transaction"};
  }
  if (donor.is_primary || !shard.primary.has_value()) return std::nullopt;
  const auto purged = GtidDifference(shard.primary->gtid_purged, executed);
  const auto missing = GtidDifference(shard.primary->gtid_executed, executed);
  if (!purged.ok() || !missing.ok()) return std::nullopt;
  if (!purged->empty()) {
    return Objection{Reason::kDonorBehind,
                     absl::StrCat("it lacks transactions that the primary has purged: ",
                                  DescribeGtids(*purged))};
  }
  if (missing->empty() || donor.following.fault.empty()) return std::nullopt;
  return Objection{Reason::kDonorBehind,
                   absl::StrCat("it lacks ", DescribeGtids(*missing), " of the primary, and ",
                                donor.following.fault),
                   donor.following.certain};
}

}  // namespace graft
