// A preflight's findings in words. Pure functions.
#ifndef GRAFT_VIEW_PREFLIGHT_H_
#define GRAFT_VIEW_PREFLIGHT_H_

#include <string>
#include <vector>

#include "graft/v1/preflight.pb.h"
#include "view/operation.h"

namespace graft::view {

// "FATAL", "donor"; for what a newer agent may say: "UNKNOWN", "unknown".
std::string CheckOutcomeWord(v1::CheckOutcome outcome);
std::string CheckSideWord(v1::CheckSide side);
Tone CheckTone(v1::CheckOutcome outcome);

using CheckResults = google::protobuf::RepeatedPtrField<v1::CheckResult>;
int CountOf(const CheckResults& results, v1::CheckOutcome outcome);
// All but what passed, the worst first.
std::vector<v1::CheckResult> Findings(const CheckResults& results);

// What the check found, or what it looks at; on one line.
std::string FoundText(const v1::CheckResult& result);

}  // namespace graft::view

#endif  // GRAFT_VIEW_PREFLIGHT_H_
