// Whether a tablet is to be rebuilt because its replication has stopped with an error. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
#include "graft/tablet.h"

namespace graft {

// Ids of operations that the agent starts by itself begin with it.
inline constexpr char kRepairIdPrefix[] = "repair-";

struct RepairRules {
  std::set<int> errors;                      // of replication that a rebuild mends; empty: none
  absl::Duration delay = absl::Minutes(1);   // for which an error must have stood
  int daily_limit = 2;                       // repairs of this tablet begun within 24 hours
  absl::Duration pause = absl::Minutes(15);  // after one that failed; doubled for each in a row
};

// A replication error of `rules.errors` that has stopped a thread of a channel. An error does not
// count if an operator has stopped the other thread too: STOP REPLICA prevents a repair.
struct StandingError {
  std::string channel;
  bool applier = true;  // else the receiver
  int number = 0;
  absl::Time since;  // when it was first read
  absl::Time seen;   // when it was last read

  std::string ToString() const;  // "replication error 1062 (applier)"
};

// The present error of `tablet`, with its first time if it was there before. If the server could
// not be read, there is no proof of an error, so the time begins anew.
std::optional<StandingError> FollowError(const std::optional<StandingError>& before,
                                         const TabletSnapshot& tablet, const RepairRules& rules);

struct RepairDecision {
  bool repair = false;
  std::string why;  // for the log; the same for as long as nothing changes
};

// By the facts that the agent knows of its own tablet. `history` is newest first, as
// Provisioning::List() has it.
RepairDecision DecideByTablet(const std::optional<StandingError>& error,
                              const TabletSnapshot& tablet, const std::vector<Operation>& history,
                              const RepairRules& rules, absl::Time now);

// By the tablet's record and its shard's: never a primary, nor a tablet that is put aside.
RepairDecision DecideByTopology(const Tablet& record, const Shard& shard);

bool IsRepair(const Operation& operation);

}  // namespace graft
