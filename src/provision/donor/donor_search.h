// Donor search: finds the best donor of the shard that is free. The records say whom to ask; only
// the two best are asked, with the primary as the measure of both, and more only if these are not
// fit. It ends within about two seconds if one of the two answers and is fit, and within about ten
// in every other case, with any number of tablets and any number of silent ones.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"
#include "graft/topology.h"
#include "provision/donor/claim_keeper.h"
#include "provision/donor/donor_ranking.h"
#include "provision/donor/peers.h"

namespace graft {

// The parts that a search uses. All must outlive the search.
struct DonorSearchDeps {
  Clock& clock;
  MysqlServer& recipient;
  Topology& topology;
  const Peers& peers;
};

// From where, and how, the recipient looks.
struct DonorWish {
  ShardLine line;
  bool left_over = false;  // those before it had time enough to take their donors
  PrimaryAsDonor primary = PrimaryAsDonor::kIfNobodyElse;
};

struct FoundDonors {
  DonorRanking ranking;  // of those that were asked; the free ones come first
  // Free donors that are left to those before this recipient in the line, as the records say. The
  // ranking may be empty for that reason alone.
  size_t left_to_others = 0;
  std::string missing;  // cells some or all of whose tablets could not be listed, and why
};

// For `state`'s operation, whose recipient belongs to `shard`. A tablet that cannot be asked is
// refused, with the reason. Codes are those of the recipient's server and of the topology;
// CANCELLED.
absl::StatusOr<FoundDonors> FindDonors(const DonorSearchDeps& deps, const TabletState& state,
                                       const Shard& shard, const DonorWish& wish);

}  // namespace graft
