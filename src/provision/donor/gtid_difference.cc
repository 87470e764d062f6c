#include "provision/donor/gtid_difference.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

absl::StatusOr<GtidSet> GtidDifference(absl::string_view executed, absl::string_view known) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet left, GtidSet::Parse(executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet right, GtidSet::Parse(known));
  return left.Minus(right);
}

std::string DescribeGtids(const GtidSet& gtids) {
  constexpr size_t kLongest = 200;
  std::string text = gtids.ToString();
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return absl::StrCat(gtids.size(), gtids.size() == 1 ? " transaction (" : " transactions (", text,
                      ")");
}

}  // namespace graft
