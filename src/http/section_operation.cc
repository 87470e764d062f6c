#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/format.h"
#include "http/sections.h"

namespace graft::http {
namespace {

std::string StepText(const Operation& operation, absl::Time now) {
  const Progress& progress = operation.progress;
  std::string text(StepName(operation.step));
  if (progress.stage.has_value()) {
    absl::StrAppend(&text, ", ", CloneStageName(*progress.stage));
  }
  if (progress.phase_began != absl::InfinitePast()) {
    const absl::Duration in_phase = std::max(absl::ZeroDuration(), now - progress.phase_began);
    absl::StrAppend(&text, " for ", HumanDuration(in_phase));
  }
  return text;
}

void AddServer(absl::string_view term, const TabletAlias& alias, const HostPort& mysql,
               Html& html) {
  html.Raw("<div><dt>").Text(term).Raw("</dt><dd>");
  html.Text(alias.empty() ? "not chosen yet" : alias.ToString());
  if (!mysql.empty()) html.Raw(" <small>").Text(mysql.ToString()).Raw("</small>");
  html.Raw("</dd></div>");
}

void AddHero(const Operation& operation, absl::Time now, Html& html) {
  const Progress& progress = operation.progress;
  html.Raw("<div class=\"hero\"><p class=\"percent\"><b id=\"percent\">")
      .Text(PercentText(progress.percent))
      .Raw("</b> %</p><p class=\"eta\">");
  if (operation.queue_place > 0) {
    html.Text(absl::StrCat("waits for its donor: place ", operation.queue_place, " in the queue"));
  } else if (progress.waiting_since != absl::InfinitePast()) {
    html.Text(absl::StrCat("waits since ", HumanDuration(now - progress.waiting_since)));
  } else if (progress.eta.has_value()) {
    html.Text(EtaText(*progress.eta, progress.sampled, now));
    if (progress.learnt_from == 0) {
      html.Raw(" <small>by typical figures</small>");
    } else {
      html.Raw(" <small>by ").Text(absl::StrCat(progress.learnt_from)).Raw(" earlier here</small>");
    }
  } else {
    html.Raw("time left unknown");
  }
  html.Raw("</p></div>");
  if (!progress.note.empty()) html.Raw("<p class=\"note\">").Text(progress.note).Raw("</p>");
}

void AddBytes(const Progress& progress, absl::Time now, Html& html) {
  if (progress.bytes_expected <= 0) return;
  AddFact("Copied",
          absl::StrCat(BytesText(static_cast<double>(progress.bytes_done)), " of ",
                       BytesText(static_cast<double>(progress.bytes_expected))),
          html);
  AddFact("Rate", absl::StrCat(BytesText(progress.bytes_per_second), "/s"), html);
  AddFact("Last byte", AgoText(progress.last_byte, now), html);
}

void AddFacts(const Operation& operation, absl::Time now, Html& html) {
  html.Raw("<dl class=\"facts\">");
  AddFact("Step", StepText(operation, now), html);
  AddBytes(operation.progress, now, html);
  html.Raw("<div><dt>Data</dt><dd>");
  AddChip(DataTone(operation.data_state), DataStateName(operation.data_state), html);
  html.Raw("</dd></div>");
  AddFact("Running for", HumanDuration(TimeTaken(operation, now)), html);
  AddFact("Attempt", absl::StrCat(operation.attempt), html);
  AddServer("Donor", operation.donor, operation.donor_mysql, html);
  AddServer("Will follow", operation.source, operation.source_mysql, html);
  AddFact("Operation", operation.request.id, html);
  html.Raw("</dl>");
}

std::string Title(const Operation& operation) {
  if (operation.request.kind == OperationKind::kRelease) {
    return absl::StrCat("Release by ", operation.request.release.by);
  }
  return absl::StrCat("Rebuilding from ", operation.donor.empty() ? "a donor to be chosen"
                                                                  : operation.donor.ToString());
}

// How the last one ended, when none runs: what went wrong is what somebody comes to read.
void AddLast(const StatusFacts& facts, Html& html) {
  html.Raw("<section id=\"idle\"><h2>Operation</h2>");
  if (facts.operations.empty()) {
    html.Raw("<p class=\"dim\">None runs, and none has run.</p></section>\n");
    return;
  }
  const Operation& last = facts.operations.front();
  html.Raw("<p>None runs. The last one ");
  AddChip(OutcomeTone(last.outcome), OutcomeName(last.outcome), html);
  html.Text(absl::StrCat(" ", AgoText(last.ended, facts.now), ", data "));
  AddChip(DataTone(last.data_state), DataStateName(last.data_state), html);
  html.Raw("</p>");
  if (last.outcome == Outcome::kFailed) AddError(last.error, html);
  html.Raw("</section>\n");
}

}  // namespace

void AddRunning(const StatusFacts& facts, Html& html) {
  const Operation* running = RunningOperation(facts);
  if (running == nullptr) {
    AddLast(facts, html);
    return;
  }
  html.Raw("<section id=\"running\"><h2>").Text(Title(*running)).Raw("</h2>");
  AddHero(*running, facts.now, html);
  AddPhases(*running, html);
  AddFacts(*running, facts.now, html);
  html.Raw("<details id=\"story\"><summary>What it went through</summary>");
  AddStory(*running, facts.now, html);
  html.Raw("</details></section>\n");
}

}  // namespace graft::http
