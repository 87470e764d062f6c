// Donor fitness: why a server's data is not fit to be the shard's, as far as graft knows. Pure.
// Ranking refuses such a candidate; preflight reports a chosen donor that is not fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/mysql_server.h"
#include "graft/reason.h"
#include "graft/tablet.h"

namespace graft {

// Behind by more than that, a donor leaves the recipient much to catch up with.
inline constexpr absl::Duration kLongLag = absl::Minutes(10);

// The tag of a tablet's record in which its agent says whose server it is.
inline constexpr char kServerUuidTag[] = "graft.server_uuid";
std::string RecordedUuid(const Tablet& tablet);  // empty: the record does not say

// By all channels: a minute behind is kBehind, kLongLag is kFarBehind, and a channel whose lag
// cannot be seen is kStopped. A class is left only when the lag is well below its bound, so that
// the record does not change all the time.
LagClass JudgeLag(const std::vector<ReplicationChannel>& channels, LagClass before);

struct Objection {
  Reason reason = Reason::kNone;
  std::string text;
  bool certain = true;  // false: it may be fine, but nobody could see that
};
using MaybeObjection = std::optional<Objection>;

// Whether the donor's replication will bring the transactions that the donor lacks; an empty
// `fault`: it will.
struct Following {
  bool certain = true;
  std::string fault;
};
Following JudgeFollowing(const absl::StatusOr<std::vector<ReplicationChannel>>& channels,
                         const std::vector<HostPort>& shard);

struct DonorEvidence {
  bool is_primary = false;    // by the shard's record
  std::string recorded_uuid;  // by its own record; empty: that does not say
  const ServerFacts& server;
  Following following;
};

// What the donor is compared with.
struct ShardEvidence {
  std::optional<ServerFacts> primary;  // nullopt: it could not be asked, or there is none
  // The recipient's, without the transactions of its own server_uuid: no other server may have
  // those.
  std::string recipient_executed;
  bool has_data = false;  // some server of the shard holds transactions
};
// "" of a set that cannot be parsed.
std::string WithoutOwn(const std::string& gtid_executed, const std::string& server_uuid);

// Judges the record; needs no server. DONOR_TYPE and the like.
MaybeObjection ObjectToRecord(const Tablet& tablet, bool is_primary);

// These functions ignore a GTID set that they cannot parse; the check of errant transactions
// reports it.

// OTHER_SERVER: the server that answers is not the recorded one; an empty `recorded_uuid` fits all.
MaybeObjection ObjectToServer(const std::string& recorded_uuid, const std::string& server_uuid);

// OTHER_SERVER: as ObjectToServer; or the record names no server, and the data does not look like
// the shard's.
MaybeObjection ObjectToIdentity(const DonorEvidence& donor, const ShardEvidence& shard);

// DONOR_EMPTY: the donor is empty, but the shard has data. DONOR_BEHIND: the donor lacks
// transactions of the primary, and its replication will not bring them.
MaybeObjection ObjectToData(const DonorEvidence& donor, const ShardEvidence& shard);

}  // namespace graft
