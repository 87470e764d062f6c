// Donor search: asks every tablet of the shard for the facts that donor ranking needs. It asks all
// at the same time, and ends within about ten seconds, with any number of tablets and any number of
// silent ones.
#ifndef GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_
#define GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "graft/queue_lock.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"
#include "graft/topology.h"
#include "provision/donor/donor_ranking.h"
#include "provision/donor/peers.h"

namespace graft {

// The parts that a search uses. All must outlive the search.
struct DonorSearchDeps {
  Clock& clock;
  MysqlServer& recipient;
  Topology& topology;
  QueueLocks& locks;
  const Peers& peers;
};

struct FoundDonors {
  DonorRanking ranking;
  std::string missing;  // cells some or all of whose tablets could not be listed, and why
};

// For `state`'s operation, whose recipient belongs to `shard`. A tablet that cannot be asked is
// refused, with the reason. Codes are those of the recipient's server and of the topology;
// CANCELLED.
absl::StatusOr<FoundDonors> FindDonors(const DonorSearchDeps& deps, const TabletState& state,
                                       const Shard& shard);

}  // namespace graft

#endif  // GRAFT_PROVISION_DONOR_DONOR_SEARCH_H_
