// The line of a shard: all its recipients, in the order in which they came. Pure.
//
// There is one line a shard, not one a donor. Whoever waits gets whatever donor is best now: the
// first in line the best one, the second the next best. A recipient that a named donor must serve
// waits for that one alone, and meanwhile others pass it. It stands in the line until its copy
// replicates: then it leaves, which tells the others that there is one more donor.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "graft/queue_lock.h"
#include "graft/tablet.h"

namespace graft {

// How the line looks from one place in it.
struct ShardLine {
  bool there = false;           // the place itself is in the line
  int ahead = 0;                // waiting before it, for the same: any donor, or the same one
  int ahead_for_any = 0;        // waiting before it for any donor
  std::set<TabletAlias> named;  // the donors that others before it wait for by name
  std::map<TabletAlias, TabletAlias> held;  // each donor that is copied now, and its recipient
  int finishing = 0;  // those that have just copied: there will be another donor soon

  bool IsFree(const TabletAlias& donor) const {
    return held.count(donor) == 0 && named.count(donor) == 0;
  }
  // There will be another donor.
  bool others_work() const { return finishing > 0 || !held.empty(); }
  friend bool operator==(const ShardLine& a, const ShardLine& b) {
    return std::tie(a.ahead, a.ahead_for_any, a.named, a.held, a.finishing) ==
           std::tie(b.ahead, b.ahead_for_any, b.named, b.held, b.finishing);
  }
  // Which donors serve whom, for people; never empty.
  std::string Holders() const;
};

// From the place of `mine`, or else from the end.
ShardLine LineFrom(const std::vector<QueueEntry>& entries, const QueueEntry& mine);

// How many of the free donors, the best first, are for those before this place. `left_over`: they
// had time enough to take theirs and did not; it may not fit them, or their agents may be dead.
size_t LeftToOthers(const ShardLine& line, bool left_over);

}  // namespace graft
