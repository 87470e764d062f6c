// Donor ranking: the tablets of the shard that may be the donor, the best first. Pure.
//
// The order. Each point decides only if all points before it are equal:
//   1. fewer recent failures: a donor that has just failed often fails again
//   2. free before busy
//   3. at most ten minutes behind: the recipient has to catch up with the rest itself
//   4. a replica before the primary, which has users to serve
//   5. the recipient's cell
//   6. the least lag; 7. the alias, so that every agent ranks alike
// The primary serves only if nobody else can, busy or free, unless the request counts it among the
// others. With every whole tablet donating, N of them are rebuilt in log2(N + 1) rounds.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/tablet.h"
#include "provision/donor/donor_fitness.h"

namespace graft {

// The facts of a candidate's server.
struct DonorState {
  ServerFacts server;
  std::optional<absl::Duration> lag;  // nullopt: unknown; a primary has none
  bool donating = false;              // a session with the command "clone"
  // Why its replication will not go on, for instance an applier error; empty: replication works. A
  // receiver that cannot reach its source does not count: otherwise no tablet could be donor once
  // the primary is dead.
  std::string broken_replication;
  Following following;
};

struct DonorCandidate {
  Tablet tablet;
  bool is_primary = false;  // by the shard's record
  // UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED …: it could not be asked. UNKNOWN: it was not.
  absl::StatusOr<DonorState> state = absl::UnknownError("not asked");
  bool held = false;  // it serves a recipient of the shard's line
  int failures = 0;
  absl::Time last_failure = absl::InfinitePast();
  absl::Status ruled_out;  // not OK: no attempt of this operation with it can succeed
};

struct DonorSearchFacts {
  TabletAlias recipient;
  std::string recipient_version;
  // The primary's facts are read after the candidates' own; RankDonors sees by itself who has data.
  ShardEvidence shard;
  absl::Time now;
  PrimaryAsDonor primary = PrimaryAsDonor::kIfNobodyElse;
  Allowances allow;  // what cannot be seen and is allowed is taken for good
};

struct DonorRanking {
  std::vector<TabletAlias> order;     // the best first
  std::set<TabletAlias> donating;     // of these, those whose servers are being cloned
  std::vector<RefusedDonor> refused;  // those that matter most, at most ten, by alias
  int refused_more = 0;               // how many there are besides
};

inline constexpr size_t kMostRefusals = 10;

// How long a failure counts.
inline constexpr absl::Duration kFailureMemory = absl::Minutes(30);

inline bool IsUnasked(const DonorCandidate& candidate) {
  return absl::IsUnknown(candidate.state.status());
}
// Its record, the request or this operation rule it out, whatever its server would say.
bool RefusesUnasked(const DonorCandidate& candidate, const DonorSearchFacts& facts);

// Its record says that it hardly can be donor: it is empty, follows nobody, has another version.
// But records may be some seconds old.
bool IsLastResort(const DonorCandidate& candidate, const DonorSearchFacts& facts);

// Orders the candidates by their records alone, which may be some seconds old: those to be asked
// first. Without those of RefusesUnasked.
std::vector<DonorCandidate*> OrderByRecords(std::vector<DonorCandidate>& candidates,
                                            const DonorSearchFacts& facts);

// Takes the primary away if it is to be spared and some other of `candidates` has not just failed.
void SparePrimary(const DonorSearchFacts& facts, std::vector<DonorCandidate*>& candidates);

DonorRanking RankDonors(std::vector<DonorCandidate> candidates, const DonorSearchFacts& facts);

}  // namespace graft
