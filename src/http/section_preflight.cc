#include <algorithm>

#include "absl/strings/str_cat.h"
#include "http/format.h"
#include "http/sections.h"

namespace graft::http {
namespace {

Tone CheckTone(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kPassed:
      return Tone::kGood;
    case CheckOutcome::kFatal:
      return Tone::kBad;
    case CheckOutcome::kWarning:
    case CheckOutcome::kUnchecked:
      break;
  }
  return Tone::kWarning;
}

bool Passed(const CheckResult& result) {
  return result.outcome == CheckOutcome::kPassed;
}

void AddResult(const CheckResult& result, Html& html) {
  html.Raw("<li>");
  AddChip(CheckTone(result.outcome), CheckOutcomeName(result.outcome), html);
  html.Raw(" <b>")
      .Text(result.id)
      .Raw("</b> <span class=\"dim\">")
      .Text(CheckSideName(result.side))
      .Raw("</span> ")
      .Text(result.found.empty() ? result.looks_at : result.found);
  if (!result.remedy.empty()) html.Raw("<p class=\"remedy\">").Text(result.remedy).Raw("</p>");
  html.Raw("</li>\n");
}

// When the operation's own preflight began; InfinitePast(): it has not come so far.
absl::Time PreflightOf(const Operation& operation) {
  absl::Time began = absl::InfinitePast();
  for (const StepTime& time : operation.times) {
    if (time.step == Step::kPreflight) began = std::max(began, time.started);
  }
  return began;
}

void AddReport(const PreflightReport& report, absl::Time now, Html& html) {
  html.Raw(" <small>")
      .Text(absl::StrCat("asked for ", AgoText(report.made, now), ", donor ",
                         AliasOrDash(report.donor)))
      .Raw("</small></h2>");
  AddFindings(report.results, html);
  const auto passed = std::count_if(report.results.begin(), report.results.end(), Passed);
  html.Raw("<details id=\"passed\"><summary>").Text(absl::StrCat(passed, " passed"));
  html.Raw("</summary><ul class=\"checks\">");
  for (const CheckResult& result : report.results) {
    if (Passed(result)) AddResult(result, html);
  }
  html.Raw("</ul></details>");
}

}  // namespace

void AddFindings(const std::vector<CheckResult>& results, Html& html) {
  std::vector<CheckResult> findings;
  std::copy_if(results.begin(), results.end(), std::back_inserter(findings),
               [](const CheckResult& result) { return !Passed(result); });
  std::stable_sort(
      findings.begin(), findings.end(),
      [](const CheckResult& a, const CheckResult& b) { return a.outcome > b.outcome; });
  if (findings.empty()) {
    html.Raw("<p class=\"dim\">Nothing was found.</p>");
    return;
  }
  html.Raw("<ul class=\"checks\">");
  for (const CheckResult& result : findings) AddResult(result, html);
  html.Raw("</ul>");
}

void AddPreflight(const StatusFacts& facts, Html& html) {
  const absl::Time by_operation =
      facts.operations.empty() ? absl::InfinitePast() : PreflightOf(facts.operations.front());
  const bool asked = facts.preflight.has_value() && facts.preflight->made >= by_operation;
  html.Raw("<section id=\"preflight\"><h2>Last preflight");
  if (asked) {
    AddReport(*facts.preflight, facts.now, html);
  } else if (by_operation != absl::InfinitePast()) {
    const Operation& operation = facts.operations.front();
    html.Raw(" <small>")
        .Text(absl::StrCat("of operation ", operation.request.id, ", ",
                           AgoText(by_operation, facts.now)))
        .Raw("</small></h2>");
    AddFindings(operation.findings, html);
  } else {
    html.Raw("</h2><p class=\"dim\">None was made yet.</p>");
  }
  html.Raw("</section>\n");
}

}  // namespace graft::http
