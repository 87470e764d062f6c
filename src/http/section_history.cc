#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/format.h"
#include "http/sections.h"

namespace graft::http {
namespace {

constexpr size_t kMostShown = 20;

void AddEntry(const Operation& operation, absl::Time now, Html& html) {
  html.Raw("<details class=\"operation\" id=\"op-").Text(operation.request.id).Raw("\"><summary>");
  AddChip(OutcomeTone(operation.outcome), OutcomeName(operation.outcome), html);
  html.Raw(" <time>").Text(DateText(operation.requested)).Raw("</time> <span class=\"took\">");
  html.Text(HumanDuration(TimeTaken(operation, now))).Raw("</span> <span>");
  const bool release = operation.request.kind == OperationKind::kRelease;
  html.Text(release ? absl::StrCat("release by ", operation.request.release.by)
                    : absl::StrCat("from ", AliasOrDash(operation.donor)));
  html.Raw("</span> ");
  AddChip(DataTone(operation.data_state), DataStateName(operation.data_state), html);
  html.Raw(" <span class=\"error\">").Text(ReasonText(operation.error)).Raw("</span></summary>");
  html.Raw("<dl class=\"facts\">");
  AddFact("Operation", operation.request.id, html);
  AddFact("Last step", StepName(operation.step), html);
  AddFact("Attempts", absl::StrCat(operation.attempt), html);
  AddFact("Ended", DateText(operation.ended), html);
  html.Raw("</dl>");
  AddStory(operation, now, html);
  html.Raw("</details>\n");
}

}  // namespace

void AddHistory(const StatusFacts& facts, Html& html) {
  const size_t first = RunningOperation(facts) == nullptr ? 0 : 1;
  const size_t end = std::min(facts.operations.size(), first + kMostShown);
  html.Raw("<section id=\"history\"><h2>History</h2>");
  if (first >= facts.operations.size()) {
    html.Raw("<p class=\"dim\">No operation has ended here.</p>");
  }
  for (size_t i = first; i < end; ++i) AddEntry(facts.operations[i], facts.now, html);
  if (end < facts.operations.size()) {
    html.Raw("<p class=\"dim\">")
        .Text(absl::StrCat(facts.operations.size() - end, " older ones"))
        .Raw(": <a href=\"status.json\">status.json</a></p>");
  }
  html.Raw("</section>\n");
}

}  // namespace graft::http
