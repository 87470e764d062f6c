#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::http {
namespace {

constexpr size_t kMostShown = 20;

std::string TimeText(bool set, const google::protobuf::Timestamp& time) {
  return set ? view::UtcTime(FromTimestamp(time)) : "–";
}

void AddEntry(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Raw("<details class=\"operation\" id=\"op-").Text(operation.id()).Raw("\"><summary>");
  AddChip(view::OutcomeTone(operation.outcome()), view::OutcomeWord(operation.outcome()), html);
  html.Raw(" <time>").Text(TimeText(operation.has_requested(), operation.requested()));
  html.Raw("</time> <span class=\"took\">").Text(HumanDuration(view::TotalTime(operation, now)));
  html.Raw("</span> <span>")
      .Text(operation.kind() == v1::RELEASE ? "" : "from ")
      .Text(view::FromWhom(operation))
      .Raw("</span> ");
  AddDataChip(operation.data_state(), html);
  html.Raw(" <span class=\"error\">").Text(view::ErrorWord(operation.error()));
  html.Raw("</span></summary><dl class=\"facts\">");
  AddFact("Operation", operation.id(), html);
  AddFact("Last step", operation.step(), html);
  AddFact("Attempts", absl::StrCat(operation.attempt()), html);
  AddFact("Ended", TimeText(operation.has_ended(), operation.ended()), html);
  html.Raw("</dl>");
  AddStory(operation, now, html);
  html.Raw("</details>\n");
}

}  // namespace

void AddHistory(const PageFacts& facts, Html& html) {
  const size_t size = facts.operations.size();
  const size_t first = facts.running == nullptr ? 0 : 1;
  const size_t end = std::min(size, first + kMostShown);
  html.Raw("<section id=\"history\"><h2>History</h2>");
  if (first >= size) html.Raw("<p class=\"dim\">No operation has ended here.</p>");
  for (size_t i = first; i < end; ++i) AddEntry(facts.operations[i], facts.status.now, html);
  if (end < size) {
    html.Raw("<p class=\"dim\">")
        .Text(absl::StrCat(size - end, " older ones"))
        .Raw(": <a href=\"status.json\">status.json</a></p>");
  }
  html.Raw("</section>\n");
}

}  // namespace graft::http
