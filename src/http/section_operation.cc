#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::http {
namespace {

std::string StepText(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  std::string text = operation.step();
  if (!progress.stage().empty()) absl::StrAppend(&text, ", ", progress.stage());
  if (progress.has_phase_began()) {
    const absl::Duration in_phase = now - FromTimestamp(progress.phase_began());
    absl::StrAppend(&text, " for ", HumanDuration(std::max(absl::ZeroDuration(), in_phase)));
  }
  return text;
}

void AddHero(const v1::Operation& operation, absl::Time now, Html& html) {
  const v1::Progress& progress = operation.progress();
  html.Raw("<div class=\"hero\"><p class=\"percent\"><b id=\"percent\">")
      .Text(view::PercentText(progress.percent()))
      .Raw("</b> %</p><p class=\"eta\">");
  const view::EtaText eta = view::EtaOf(progress, now);
  if (operation.queue_place() > 0) {
    html.Text(
        absl::StrCat("waits for its donor: place ", operation.queue_place(), " in the queue"));
  } else if (progress.has_waiting_since()) {
    html.Text(absl::StrCat("waits since ", view::WaitedText(operation, now)));
  } else if (eta.likely.empty()) {
    html.Raw("time left unknown");
  } else {
    html.Text(eta.likely).Text(eta.range.empty() ? "" : ", ").Text(eta.range);
    html.Raw(" <small>").Text(view::EtaBasis(progress)).Raw("</small>");
  }
  html.Raw("</p></div>");
  if (!progress.note().empty()) html.Raw("<p class=\"note\">").Text(progress.note()).Raw("</p>");
}

void AddBytes(const v1::Progress& progress, absl::Time now, Html& html) {
  if (progress.bytes_expected() <= 0) return;
  AddFact("Copied",
          absl::StrCat(view::HumanBytes(progress.bytes_done()), " of ",
                       view::HumanBytes(progress.bytes_expected())),
          html);
  AddFact("Rate", view::HumanRate(progress.bytes_per_second()), html);
  AddFact(
      "Last byte",
      progress.has_last_byte() ? view::AgoText(FromTimestamp(progress.last_byte()), now) : "never",
      html);
}

void AddServer(absl::string_view term, const std::string& alias, const std::string& mysql,
               Html& html) {
  AddFact(term, alias.empty() ? "not chosen yet" : view::HostOf(alias, mysql), html);
}

void AddFacts(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Raw("<dl class=\"facts\">");
  AddFact("Step", StepText(operation, now), html);
  AddBytes(operation.progress(), now, html);
  html.Raw("<div><dt>Data</dt><dd>");
  AddDataChip(operation.data_state(), html);
  html.Raw("</dd></div>");
  AddFact("Running for", HumanDuration(view::TotalTime(operation, now)), html);
  AddFact("Attempt", absl::StrCat(operation.attempt()), html);
  AddServer("Donor", operation.donor(), operation.donor_mysql(), html);
  AddServer("Will follow", operation.source(), operation.source_mysql(), html);
  AddFact("Operation", operation.id(), html);
  html.Raw("</dl>");
}

std::string Title(const v1::Operation& operation) {
  if (operation.kind() == v1::RELEASE) return "Release by " + operation.release().by();
  return "Rebuilding from " +
         (operation.donor().empty() ? "a donor to be chosen" : operation.donor());
}

// When no operation runs, people come to read how the last one ended.
void AddLast(const PageFacts& facts, Html& html) {
  html.Raw("<section id=\"idle\"><h2>Operation</h2>");
  if (facts.operations.empty()) {
    html.Raw("<p class=\"dim\">None runs, and none has run.</p></section>\n");
    return;
  }
  const v1::Operation& last = facts.operations.front();
  html.Raw("<p>None runs. The last one ");
  AddChip(view::OutcomeTone(last.outcome()), view::OutcomeWord(last.outcome()), html);
  html.Text(
      absl::StrCat(" ", view::AgoText(FromTimestamp(last.ended()), facts.status.now), ", data "));
  AddDataChip(last.data_state(), html);
  html.Raw("</p>");
  if (last.outcome() == v1::FAILED) AddError(last, html);
  html.Raw("</section>\n");
}

}  // namespace

void AddRunning(const PageFacts& facts, Html& html) {
  if (facts.running == nullptr) {
    AddLast(facts, html);
    return;
  }
  const v1::Operation& running = *facts.running;
  html.Raw("<section id=\"running\"><h2>").Text(Title(running)).Raw("</h2>");
  AddHero(running, facts.status.now, html);
  AddPhases(running, facts.status.now, html);
  AddFacts(running, facts.status.now, html);
  html.Raw("<details id=\"story\"><summary>What it went through</summary>");
  AddStory(running, facts.status.now, html);
  html.Raw("</details></section>\n");
}

}  // namespace graft::http
