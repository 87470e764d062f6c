#include <algorithm>

#include "absl/strings/str_cat.h"
#include "http/sections.h"
#include "view/operation.h"
#include "view/text.h"
#include "wire/preflight_proto.h"
#include "wire/time_proto.h"

namespace graft::http {
namespace {

void AddResult(const v1::CheckResult& result, Html& html) {
  html.Raw("<li>");
  AddChip(view::CheckTone(result.outcome()), view::CheckOutcomeWord(result.outcome()), html);
  html.Raw(" <b>")
      .Text(result.id())
      .Raw("</b> <span class=\"dim\">")
      .Text(view::CheckSideWord(result.side()))
      .Raw("</span> ")
      .Text(view::FoundText(result));
  if (!result.remedy().empty()) html.Raw("<p class=\"remedy\">").Text(result.remedy()).Raw("</p>");
  html.Raw("</li>\n");
}

void AddFindings(const view::CheckResults& results, Html& html) {
  const std::vector<v1::CheckResult> findings = view::Findings(results);
  if (findings.empty()) {
    html.Raw("<p class=\"dim\">Nothing was found.</p>");
    return;
  }
  html.Raw("<ul class=\"checks\">");
  for (const v1::CheckResult& result : findings) AddResult(result, html);
  html.Raw("</ul>");
}

// When the operation's own preflight began; InfinitePast(): it has not come so far.
absl::Time PreflightOf(const v1::Operation& operation) {
  absl::Time began = absl::InfinitePast();
  for (const v1::StepTime& time : operation.times()) {
    if (time.step() == StepName(Step::kPreflight)) {
      began = std::max(began, FromTimestamp(time.started()));
    }
  }
  return began;
}

void AddReport(const v1::PreflightReport& report, absl::Time now, Html& html) {
  html.Raw(" <small>")
      .Text(absl::StrCat("asked for ", view::AgoText(FromTimestamp(report.made()), now), ", donor ",
                         report.donor()))
      .Raw("</small></h2>");
  AddFindings(report.results(), html);
  html.Raw("<details id=\"passed\"><summary>")
      .Text(absl::StrCat(view::CountOf(report.results(), v1::PASSED), " passed"))
      .Raw("</summary><ul class=\"checks\">");
  for (const v1::CheckResult& result : report.results()) {
    if (result.outcome() == v1::PASSED) AddResult(result, html);
  }
  html.Raw("</ul></details>");
}

}  // namespace

void AddPreflight(const PageFacts& facts, Html& html) {
  const std::optional<PreflightReport>& asked = facts.status.preflight;
  const absl::Time by_operation =
      facts.operations.empty() ? absl::InfinitePast() : PreflightOf(facts.operations.front());
  html.Raw("<section id=\"preflight\"><h2>Last preflight");
  if (asked.has_value() && asked->made >= by_operation) {
    AddReport(ToProto(*asked), facts.status.now, html);
  } else if (by_operation != absl::InfinitePast()) {
    const v1::Operation& operation = facts.operations.front();
    html.Raw(" <small>")
        .Text(absl::StrCat("of operation ", operation.id(), ", ",
                           view::AgoText(by_operation, facts.status.now)))
        .Raw("</small></h2>");
    AddFindings(operation.findings(), html);
  } else {
    html.Raw("</h2><p class=\"dim\">None was made yet.</p>");
  }
  html.Raw("</section>\n");
}

}  // namespace graft::http
