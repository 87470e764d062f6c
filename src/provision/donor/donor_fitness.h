// Donor fitness: what speaks against a server's data as the shard's, as far as it is known. Pure.
// Ranking refuses a candidate for it, and preflight finds it of the donor that was chosen.
#ifndef GRAFT_PROVISION_DONOR_DONOR_FITNESS_H_
#define GRAFT_PROVISION_DONOR_DONOR_FITNESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "graft/reason.h"
#include "graft/tablet.h"

namespace graft {

// The tag of a tablet's record in which its agent says whose server it is.
inline constexpr char kServerUuidTag[] = "graft.server_uuid";
std::string RecordedUuid(const Tablet& tablet);  // empty: the record does not say

struct Objection {
  Reason reason = Reason::kNone;
  bool certain = true;  // false: it may be fine, but nobody could see that
  std::string text;
};
using MaybeObjection = std::optional<Objection>;

// Whether a donor's replication will bring what it lacks; an empty `fault`: it will.
struct Following {
  bool certain = true;
  std::string fault;
};
Following JudgeFollowing(const absl::StatusOr<std::vector<ReplicationChannel>>& channels,
                         const std::vector<HostPort>& shard);

struct DonorEvidence {
  bool is_primary = false;    // by the shard's record
  std::string recorded_uuid;  // by its own record; empty: that does not say
  std::string server_uuid;
  std::string gtid_executed;
  bool has_schemas = true;  // users' ones
  Following following;
};

// What the donor is compared with. The primary's are nullopt if it could not be asked.
struct ShardEvidence {
  std::optional<std::string> primary_executed;
  std::optional<std::string> primary_purged;
  // Of the recipient, without what its own server_uuid names: that may be nobody else's.
  std::string recipient_executed;
  bool has_data = false;  // some server of the shard holds transactions
};
// "" of a set that cannot be parsed.
std::string WithoutOwn(const std::string& gtid_executed, const std::string& server_uuid);

// By the record: needs no server. DONOR_TYPE and the like.
MaybeObjection ObjectToRecord(const Tablet& tablet, bool is_primary);

// A GTID set that cannot be parsed speaks for nothing here; the check of errant transactions says
// so.

// OTHER_SERVER: the server that answers is not the recorded one; an empty `recorded_uuid` fits all.
MaybeObjection ObjectToServer(const std::string& recorded_uuid, const std::string& server_uuid);

// OTHER_SERVER: as ObjectToServer; or, if the record names none, the data is not the shard's as far
// as can be seen.
MaybeObjection ObjectToIdentity(const DonorEvidence& donor, const ShardEvidence& shard);

// DONOR_EMPTY: it holds nothing while the shard does. DONOR_BEHIND: it lacks what the primary
// holds, and that is no lag which replication will make good.
MaybeObjection ObjectToData(const DonorEvidence& donor, const ShardEvidence& shard);

}  // namespace graft

#endif  // GRAFT_PROVISION_DONOR_DONOR_FITNESS_H_
