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
  html.Add("<p class=\"error\"><b>$0</b> $1</p>", view::ErrorWord(operation.error()),
           operation.error().message());
}

void AddEvents(const v1::Operation& operation, Html& html) {
  const std::vector<view::Event> events = view::EventsOf(operation);
  if (events.empty()) return;
  html.Add("<ul>");
  for (const view::Event& event : events) {
    if (event.tone == view::Tone::kBad) {
      html.Add("<li class=\"error\"><b>");
    } else {
      html.Add("<li><b>");
    }
    html.Add("$0</b> $1</li>", event.what, event.details);
  }
  html.Add("</ul>");
}

void AddSteps(const v1::Operation& operation, absl::Time now, Html& html) {
  if (operation.times().empty()) return;
  html.Add(
      "<table class=\"steps\"><caption>Steps</caption><thead><tr><th scope=\"col\">Step<th "
      "scope=\"col\">Began<th scope=\"col\" class=\"number\">Took</tr></thead><tbody>");
  for (const view::StepView& step : view::StepsOf(operation, now)) {
    html.Add("<tr><th scope=\"row\">$0</th><td>$1</td><td class=\"number\">$2</td></tr>", step.name,
             step.started, HumanDuration(step.took));
  }
  html.Add("</tbody></table>");
}

// Error, events, steps.
void AddStory(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Add("<div class=\"story\">");
  AddError(operation, html);
  AddEvents(operation, html);
  AddSteps(operation, now, html);
  html.Add("</div>");
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
  html.Add(
      "<div class=\"hero\"><p class=\"percent\"><b id=\"percent\">$0</b> %</p><p class=\"eta\">",
      view::PercentText(progress.percent()));
  const view::EtaText eta = view::EtaOf(progress, now);
  if (operation.queue_place() > 0) {
    html.Add("waits for its donor: place $0 in the line", operation.queue_place());
  } else if (progress.has_waiting_since()) {
    html.Add("waits since $0", view::WaitedText(operation, now));
  } else if (eta.likely.empty()) {
    html.Add("time left unknown");
  } else {
    html.Add("$0$1$2 <small>$3</small>", eta.likely, eta.range.empty() ? "" : ", ", eta.range,
             view::EtaBasis(progress));
  }
  html.Add("</p></div>");
  if (!progress.note().empty()) html.Add("<p class=\"note\">$0</p>", progress.note());
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
  html.Add("<dl class=\"facts\">");
  AddFact("Step", StepText(operation, now), html);
  AddBytes(operation.progress(), now, html);
  html.Add("<div><dt>Data</dt><dd>");
  AddDataChip(operation.data_state(), html);
  html.Add("</dd></div>");
  AddFact("Running for", HumanDuration(view::TotalTime(operation, now)), html);
  AddFact("Attempt", absl::StrCat(operation.attempt()), html);
  AddServer("Donor", operation.donor(), operation.donor_mysql(), html);
  AddServer("Will follow", operation.source(), operation.source_mysql(), html);
  AddFact("Operation", operation.id(), html);
  html.Add("</dl>");
}

std::string Title(const v1::Operation& operation) {
  if (operation.kind() == v1::RELEASE) return "Release by " + operation.release().by();
  return "Rebuilding from " +
         (operation.donor().empty() ? "a donor to be chosen" : operation.donor());
}

// When no operation runs, people come to read how the last one ended.
void AddLast(const PageFacts& facts, Html& html) {
  html.Add("<section id=\"idle\"><h2>Operation</h2>");
  if (facts.operations.empty()) {
    html.Add("<p class=\"dim\">None runs, and none has run.</p></section>\n");
    return;
  }
  const v1::Operation& last = facts.operations.front();
  html.Add("<p>None runs. The last one ");
  AddChip(view::OutcomeTone(last.outcome()), view::OutcomeWord(last.outcome()), html);
  html.Add(" $0, data ", view::AgoText(FromTimestamp(last.ended()), facts.status.now));
  AddDataChip(last.data_state(), html);
  html.Add("</p>");
  if (last.outcome() == v1::FAILED) AddError(last, html);
  html.Add("</section>\n");
}

std::string TimeText(bool set, const google::protobuf::Timestamp& time) {
  return set ? view::UtcTime(FromTimestamp(time)) : "–";
}

void AddEntry(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Add("<details class=\"operation\" id=\"op-$0\"><summary>", operation.id());
  AddChip(view::OutcomeTone(operation.outcome()), view::OutcomeWord(operation.outcome()), html);
  html.Add(" <time>$0</time> <span class=\"took\">$1</span> <span>$2$3</span> ",
           TimeText(operation.has_requested(), operation.requested()),
           HumanDuration(view::TotalTime(operation, now)),
           operation.kind() == v1::RELEASE ? "" : "from ", view::FromWhom(operation));
  AddDataChip(operation.data_state(), html);
  html.Add(" <span class=\"error\">$0</span></summary><dl class=\"facts\">",
           view::ErrorWord(operation.error()));
  AddFact("Operation", operation.id(), html);
  AddFact("Last step", operation.step(), html);
  AddFact("Attempts", absl::StrCat(operation.attempt()), html);
  AddFact("Ended", TimeText(operation.has_ended(), operation.ended()), html);
  html.Add("</dl>");
  AddStory(operation, now, html);
  html.Add("</details>\n");
}

}  // namespace

void AddRunning(const PageFacts& facts, Html& html) {
  if (facts.running == nullptr) {
    AddLast(facts, html);
    return;
  }
  const v1::Operation& running = *facts.running;
  html.Add("<section id=\"running\"><h2>$0</h2>", Title(running));
  AddHero(running, facts.status.now, html);
  AddPhases(running, facts.status.now, html);
  AddFacts(running, facts.status.now, html);
  html.Add("<details id=\"story\"><summary>What it went through</summary>");
  AddStory(running, facts.status.now, html);
  html.Add("</details></section>\n");
}

void AddHistory(const PageFacts& facts, Html& html) {
  const size_t size = facts.operations.size();
  const size_t first = facts.running == nullptr ? 0 : 1;
  const size_t end = std::min(size, first + kMostShown);
  html.Add("<section id=\"history\"><h2>History</h2>");
  if (first >= size) html.Add("<p class=\"dim\">No operation has ended here.</p>");
  for (size_t i = first; i < end; ++i) AddEntry(facts.operations[i], facts.status.now, html);
  if (end < size) {
    html.Add("<p class=\"dim\">$0 older ones: <a href=\"status.json\">status.json</a></p>",
             size - end);
  }
  html.Add("</section>\n");
}

}  // namespace graft::http
