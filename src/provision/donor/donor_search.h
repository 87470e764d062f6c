// Asks every tablet of the shard what donor ranking wants to know of it.
#ifndef GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_
#define GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_

#include "absl/status/statusor.h"
#include "graft/tablet.h"
#include "provision/donor/donor_ranking.h"
#include "provision/operation/step_context.h"

namespace graft {

// Codes are those of the recipient's server and of the topology; a tablet that cannot be asked is
// refused, with the reason.
absl::StatusOr<DonorRanking> RankShard(StepContext& context, const Shard& shard);

}  // namespace graft

#endif  // GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_
