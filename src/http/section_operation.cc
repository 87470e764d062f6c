// The operation that runs, those that have ended, and what each went through.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::http {
namespace {

constexpr size_t kMostShown = 20;  // of those that have ended

// The reason and the text; nothing for an operation that has none.
void AddError(const v1::Operation& operation, Html& html) {
  if (!operation.has_error()) return;
  html.Raw("<p class=\"error\"><b>")
      .Text(view::ErrorWord(operation.error()))
      .Raw("</b> ")
      .Text(operation.error().message())
      .Raw("</p>");
}

void AddEvents(const v1::Operation& operation, Html& html) {
  const std::vector<view::Event> events = view::EventsOf(operation);
  if (events.empty()) return;
  html.Raw("<ul>");
  for (const view::Event& event : events) {
    if (event.tone == view::Tone::kBad) {
      html.Raw("<li class=\"error\"><b>");
    } else {
      html.Raw("<li><b>");
    }
    html.Text(event.what).Raw("</b> ").Text(event.details).Raw("</li>");
  }
  html.Raw("</ul>");
}

void AddSteps(const v1::Operation& operation, absl::Time now, Html& html) {
  if (operation.times().empty()) return;
  html.Raw(
      "<table class=\"steps\"><caption>Steps</caption><thead><tr><th scope=\"col\">Step"
      "<th scope=\"col\">Began<th scope=\"col\" class=\"number\">Took</tr></thead><tbody>");
  for (const view::StepView& step : view::StepsOf(operation, now)) {
    html.Raw("<tr><th scope=\"row\">")
        .Text(step.name)
        .Raw("</th><td>")
        .Text(step.started)
        .Raw("</td><td class=\"number\">")
        .Text(HumanDuration(step.took))
        .Raw("</td></tr>");
  }
  html.Raw("</tbody></table>");
}

// Error, events, steps.
void AddStory(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Raw("<div class=\"story\">");
  AddError(operation, html);
  AddEvents(operation, html);
  AddSteps(operation, now, html);
  html.Raw("</div>");
}

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
