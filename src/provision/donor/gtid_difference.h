// The difference of two GTID sets, from MySQL's own text and for people. Pure.
#ifndef GRAFT_PROVISION_DONOR_GTID_DIFFERENCE_H_
#define GRAFT_PROVISION_DONOR_GTID_DIFFERENCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/gtid_set.h"

namespace graft {

// INVALID_ARGUMENT: one of them is no GTID set.
absl::StatusOr<GtidSet> GtidDifference(absl::string_view executed, absl::string_view known);

// "3 transactions (3e11fa47-…:7-9)"; the set is cut after 200 characters.
std::string DescribeGtids(const GtidSet& gtids);

}  // namespace graft

#endif  // GRAFT_PROVISION_DONOR_GTID_DIFFERENCE_H_
