#include "view/preflight.h"

#include <algorithm>

#include "absl/strings/str_replace.h"

namespace graft::view {

std::string CheckOutcomeWord(v1::CheckOutcome outcome) {
  const bool known = outcome != v1::CHECK_OUTCOME_UNSPECIFIED && v1::CheckOutcome_IsValid(outcome);
  return known ? v1::CheckOutcome_Name(outcome) : "UNKNOWN";
}

std::string CheckSideWord(v1::CheckSide side) {
  switch (side) {
    case v1::CHECK_SIDE_RECIPIENT:
      return "recipient";
    case v1::CHECK_SIDE_DONOR:
      return "donor";
    case v1::CHECK_SIDE_SOURCE:
      return "source";
    default:
      return "unknown";
  }
}

Tone CheckTone(v1::CheckOutcome outcome) {
  if (outcome == v1::PASSED) return Tone::kGood;
  return outcome == v1::FATAL ? Tone::kBad : Tone::kWarning;
}

int CountOf(const CheckResults& results, v1::CheckOutcome outcome) {
  return static_cast<int>(std::count_if(
      results.begin(), results.end(),
      [outcome](const v1::CheckResult& result) { return result.outcome() == outcome; }));
}

std::vector<v1::CheckResult> Findings(const CheckResults& results) {
  std::vector<v1::CheckResult> findings;
  std::copy_if(results.begin(), results.end(), std::back_inserter(findings),
               [](const v1::CheckResult& result) { return result.outcome() != v1::PASSED; });
  std::stable_sort(
      findings.begin(), findings.end(),
      [](const v1::CheckResult& a, const v1::CheckResult& b) { return a.outcome() > b.outcome(); });
  return findings;
}

std::string FoundText(const v1::CheckResult& result) {
  return absl::StrReplaceAll(result.found().empty() ? result.looks_at() : result.found(),
                             {{"\n", " "}});
}

}  // namespace graft::view
