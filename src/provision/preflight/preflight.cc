#include "provision/preflight/preflight.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

constexpr absl::string_view kOrAllow = ", or pass --allow-unchecked=";

enum class Needs { kAlone, kWithDonor };

struct Check {
  Reason id;
  CheckSide side;
  Needs needs;
  const char* looks_at;
  Verdict (*judge)(const PreflightFacts&);
};

constexpr Check kChecks[] = {
#define GRAFT_CHECK(reason, side, needs, looks_at, judge) \
  {Reason::reason, CheckSide::side, Needs::needs, looks_at, judge},
#include "provision/preflight/preflight_table.inc"
#undef GRAFT_CHECK
};

// For an answer that did not come: every finding is the donor's.
CheckResult NotAsked(const Check& check) {
  return {std::string(RowOf(check.id).word),
          CheckSide::kDonor,
          CheckOutcome::kUnchecked,
          check.looks_at,
          kDonorNotAsked,
          ""};
}

CheckResult Judge(const Check& check, const PreflightFacts& facts) {
  if (check.needs == Needs::kWithDonor && !facts.donor.ok()) return NotAsked(check);
  Verdict verdict = check.judge(facts);
  // A donor that is silent is itself the fault.
  if (verdict.outcome == CheckOutcome::kUnchecked && verdict.found != kDonorNotAsked) {
    absl::StrAppend(&verdict.remedy, kOrAllow, RowOf(check.id).word);
  }
  return {std::string(RowOf(check.id).word),
          verdict.side.value_or(check.side),
          verdict.outcome,
          check.looks_at,
          std::move(verdict.found),
          std::move(verdict.remedy)};
}

using Results = std::vector<const CheckResult*>;

// The findings that stop an operation, the fatal ones first. Checks that are unchecked because the
// donor is silent are left out: the silence itself is fatal.
Results Stopping(const std::vector<CheckResult>& results, const Allowances& allow) {
  Results stopping;
  for (const CheckResult& result : results) {
    if (result.outcome == CheckOutcome::kFatal) stopping.push_back(&result);
  }
  const bool silent = std::any_of(stopping.begin(), stopping.end(), [](const CheckResult* fatal) {
    return fatal->side == CheckSide::kDonor;
  });
  for (const CheckResult& result : results) {
    const bool implied = silent && result.found == kDonorNotAsked;
    const bool counts = result.outcome == CheckOutcome::kUnchecked && !allow.Unchecked(result.id);
    if (counts && !implied) stopping.push_back(&result);
  }
  return stopping;
}

absl::StatusCode CodeOf(const CheckResult& result) {
  if (result.outcome != CheckOutcome::kFatal) return absl::StatusCode::kFailedPrecondition;
  const Reason reason = ParseReason(result.id);
  return reason == Reason::kNone ? absl::StatusCode::kFailedPrecondition : RowOf(reason).code;
}

// Its remedy without the flag that allows it.
absl::string_view CureOf(const CheckResult& result) {
  const absl::string_view remedy = result.remedy;
  return remedy.substr(0, remedy.rfind(kOrAllow));
}

// Several checks may lack the same thing: its remedy is shown once, after the last of them.
std::string Describe(const Results& stopping) {
  std::vector<std::string> texts;
  std::vector<std::string> allowable;
  for (size_t i = 0; i < stopping.size(); ++i) {
    const CheckResult& result = *stopping[i];
    const absl::string_view cure = CureOf(result);
    const bool told_later =
        std::any_of(stopping.begin() + static_cast<std::ptrdiff_t>(i) + 1, stopping.end(),
                    [&](const CheckResult* later) { return CureOf(*later) == cure; });
    const bool tell = !told_later && !cure.empty();
    texts.push_back(absl::StrCat(result.found, tell ? "; " : "", tell ? cure : ""));
    if (result.outcome == CheckOutcome::kUnchecked) allowable.push_back(result.id);
  }
  std::string text = absl::StrJoin(texts, "; and ");
  const bool allow = allowable.size() == stopping.size();
  if (allow) absl::StrAppend(&text, kOrAllow, absl::StrJoin(allowable, ","));
  return text;
}

}  // namespace

std::vector<CheckResult> Preflight(const PreflightFacts& facts) {
  std::vector<CheckResult> results;
  for (const Check& check : kChecks) results.push_back(Judge(check, facts));
  return results;
}

absl::Status RequireChecks(const Allowances& allow) {
  for (const std::string& word : allow.unchecked) {
    const bool known = std::any_of(std::begin(kChecks), std::end(kChecks), [&](const Check& check) {
      return RowOf(check.id).word == word;
    });
    if (known || word == kAllChecks) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        word, " is no check of preflight: take the words that graftctl preflight shows"));
  }
  return absl::OkStatus();
}

std::vector<CheckResult> PreflightOf(const std::set<Reason>& ids, const PreflightFacts& facts) {
  std::vector<CheckResult> results;
  for (const Check& check : kChecks) {
    if (ids.count(check.id) > 0) results.push_back(Judge(check, facts));
  }
  return results;
}

absl::Status FindingsToStatus(const std::vector<CheckResult>& results, const Allowances& allow) {
  const Results stopping = Stopping(results, allow);
  if (stopping.empty()) return absl::OkStatus();
  return WithReason(absl::Status(CodeOf(*stopping.front()), Describe(stopping)),
                    ParseReason(stopping.front()->id));
}

bool OnlyDonorIsAtFault(const std::vector<CheckResult>& results, const Allowances& allow) {
  const Results stopping = Stopping(results, allow);
  return !stopping.empty() &&
         std::all_of(stopping.begin(), stopping.end(),
                     [](const CheckResult* result) { return result->side == CheckSide::kDonor; });
}

}  // namespace graft
