// GTID sets as MySQL prints them, tags (8.3+) included: "uuid:1-5:7,uuid:tag:1-3".
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {

class GtidSet {
 public:
  // Blanks and newlines are skipped; "" is the empty set. INVALID_ARGUMENT.
  static absl::StatusOr<GtidSet> Parse(absl::string_view text);

  bool empty() const { return intervals_.empty(); }
  // Number of transactions.
  int64_t size() const;
  // Is every transaction of `other` in this set?
  bool Contains(const GtidSet& other) const { return other.Minus(*this).empty(); }
  GtidSet Minus(const GtidSet& other) const;
  // The set without the transactions of this uuid, with any tag.
  GtidSet WithoutSource(absl::string_view uuid) const;
  // Sorted, merged, lower case.
  std::string ToString() const;

 private:
  // first → last, both included; disjoint and not adjacent.
  using Intervals = std::map<int64_t, int64_t>;
  static void Add(Intervals& intervals, int64_t first, int64_t last);
  static void Remove(Intervals& intervals, int64_t first, int64_t last);

  std::map<std::string, Intervals> intervals_;  // by "uuid" or "uuid:tag"; none is empty
};

// What `executed` has and `known` has not. INVALID_ARGUMENT: one of them is no GTID set.
absl::StatusOr<GtidSet> GtidDifference(absl::string_view executed, absl::string_view known);

// For people: "3 transactions (3e11fa47-…:7-9)"; the set is cut after 200 characters.
std::string DescribeGtids(const GtidSet& gtids);

}  // namespace graft
