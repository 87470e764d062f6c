#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/operation.h"
#include "view/text.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft::http {
namespace {

constexpr size_t kUuidShown = 8;
constexpr size_t kIntervalsShown = 24;
constexpr size_t kUuidsShown = 2;

std::string ShortMember(absl::string_view member) {
  const size_t colon = member.find(':');
  const absl::string_view uuid = member.substr(0, std::min(colon, kUuidShown));
  if (colon == absl::string_view::npos) return absl::StrCat(uuid, "…");
  const absl::string_view intervals = member.substr(colon + 1);
  return absl::StrCat(uuid, "…:", intervals.substr(0, kIntervalsShown),
                      intervals.size() > kIntervalsShown ? "…" : "");
}

void AddResult(const v1::CheckResult& result, Html& html) {
  html.Add("<li>");
  AddChip(view::CheckTone(result.outcome()), view::CheckOutcomeWord(result.outcome()), html);
  html.Add(" <b>$0</b> <span class=\"dim\">$1</span> $2", result.id(),
           view::CheckSideWord(result.side()), view::FoundText(result));
  if (!result.remedy().empty()) html.Add("<p class=\"remedy\">$0</p>", result.remedy());
  html.Add("</li>\n");
}

void AddFindings(const view::CheckResults& results, Html& html) {
  const std::vector<v1::CheckResult> findings = view::Findings(results);
  if (findings.empty()) {
    html.Add("<p class=\"dim\">Nothing was found.</p>");
    return;
  }
  html.Add("<ul class=\"checks\">");
  for (const v1::CheckResult& result : findings) AddResult(result, html);
  html.Add("</ul>");
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
  html.Add(" <small>asked for $0, donor $1</small></h2>",
           view::AgoText(FromTimestamp(report.made()), now), report.donor());
  AddFindings(report.results(), html);
  html.Add("<details id=\"passed\"><summary>$0 passed</summary><ul class=\"checks\">",
           view::CountOf(report.results(), v1::PASSED));
  for (const v1::CheckResult& result : report.results()) {
    if (result.outcome() == v1::PASSED) AddResult(result, html);
  }
  html.Add("</ul></details>");
}

using view::PhaseState;
using view::PhaseView;

constexpr double kStripWidth = 1000;

double Clamped(double fraction) {
  return std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
}

void AddRect(double x, double width, bool measured, Html& html) {
  html.Add("<rect class=\"$0\" height=\"12\" x=\"$1\" width=\"$2\"/>",
           measured ? "measured" : "guessed", absl::StrFormat("%.1f", x),
           absl::StrFormat("%.1f", width));
}

// The whole in one line: each phase as long as its share of the time.
void AddStrip(const std::vector<PhaseView>& phases, Html& html) {
  double total = 0;
  for (const PhaseView& phase : phases) total += Clamped(phase.share);
  if (total <= 0) return;
  html.Add(
      "<svg class=\"strip\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><rect class=\"track\" width=\"1000\" height=\"12\"/>");
  double x = 0;
  for (const PhaseView& phase : phases) {
    const double width = Clamped(phase.share) / total * kStripWidth;
    const double done = width * Clamped(phase.done);
    if (done > 0) AddRect(x, done, phase.measured || phase.done >= 1, html);
    x += width;
    if (x < kStripWidth - 0.5) {
      html.Add("<rect class=\"joint\" width=\"2\" height=\"12\" x=\"$0\"/>",
               absl::StrFormat("%.1f", x - 1));
    }
  }
  html.Add("</svg>");
}

std::string AmountText(const PhaseView& phase) {
  const bool known = phase.bytes_expected > 0 || phase.recovery_percent.has_value();
  if (known || phase.state == PhaseState::kDone) return view::DetailOf(phase);
  if (phase.state == PhaseState::kComing) return "";
  return absl::StrCat(phase.measured ? "" : "≈ ", view::PercentText(100 * phase.done), " %");
}

void AddBar(const PhaseView& phase, Html& html) {
  if (phase.measured || phase.done <= 0 || phase.done >= 1) {
    html.Add("<progress max=\"1\" value=\"");
  } else {
    html.Add("<progress class=\"guessed\" max=\"1\" value=\"");
  }
  html.Add("$0\" aria-label=\"$1\"></progress>", absl::StrFormat("%.4f", Clamped(phase.done)),
           phase.name);
}

void AddRow(const PhaseView& phase, Html& html) {
  const bool current = phase.state == PhaseState::kCurrent;
  if (current) {
    html.Add("<tr class=\"current\" aria-current=\"step\">");
  } else if (phase.state == PhaseState::kComing) {
    html.Add("<tr class=\"coming\">");
  } else {
    html.Add("<tr>");
  }
  html.Add("<th scope=\"row\">$0</th><td class=\"bar\">", phase.name);
  AddBar(phase, html);
  html.Add("</td><td class=\"number\">$0", AmountText(phase));
  if (current && !phase.measured) html.Add(" <small>estimate</small>");
  html.Add("</td><td class=\"number\">");
  if (phase.took > absl::ZeroDuration()) html.Add("$0", HumanDuration(phase.took));
  html.Add("</td></tr>\n");
}

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    absl::StrAppend(&shown, control ? "\uFFFD" : absl::string_view(&c, 1));
  }
  return absl::StrReplaceAll(
      shown, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

PageFacts::PageFacts(const StatusFacts& facts) : status(facts) {
  for (const Operation& operation : facts.operations) operations.push_back(ToProto(operation));
  if (!operations.empty() && operations.front().outcome() == v1::RUNNING) {
    running = &operations.front();
  }
}

void AddFact(absl::string_view term, absl::string_view value, Html& html) {
  html.Add("<div><dt>$0</dt><dd>$1</dd></div>", term, value);
}

void AddChip(view::Tone tone, absl::string_view text, Html& html) {
  static constexpr const char* kClasses[] = {"", " good", " warning", " bad", " busy"};  // by Tone
  static_assert(std::size(kClasses) == static_cast<size_t>(view::Tone::kBusy) + 1);
  html.Add("<span class=\"chip$0\">$1</span>", kClasses[static_cast<size_t>(tone)], text);
}

void AddDataChip(v1::DataState state, Html& html) {
  AddChip(view::DataTone(state), v1::DataState_Name(state), html);
}

std::string ClockText(absl::Time time) {
  if (time == absl::InfinitePast()) return "–";
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone());
}

std::string AgoOrNever(absl::Time time, absl::Time now) {
  return time == absl::InfinitePast() ? "never" : view::AgoText(time, now);
}

std::string ShortGtids(absl::string_view set) {
  std::vector<std::string> members;
  for (const absl::string_view member : absl::StrSplit(set, ',', absl::SkipWhitespace())) {
    members.push_back(ShortMember(absl::StripAsciiWhitespace(member)));
  }
  return view::Listed(members, kUuidsShown);
}

void AddPreflight(const PageFacts& facts, Html& html) {
  const std::optional<PreflightReport>& asked = facts.status.preflight;
  const absl::Time by_operation =
      facts.operations.empty() ? absl::InfinitePast() : PreflightOf(facts.operations.front());
  html.Add("<section id=\"preflight\"><h2>Last preflight");
  if (asked.has_value() && asked->made >= by_operation) {
    AddReport(ToProto(*asked), facts.status.now, html);
  } else if (by_operation != absl::InfinitePast()) {
    const v1::Operation& operation = facts.operations.front();
    html.Add(" <small>of operation $0, $1</small></h2>", operation.id(),
             view::AgoText(by_operation, facts.status.now));
    AddFindings(operation.findings(), html);
  } else {
    html.Add("</h2><p class=\"dim\">None was made yet.</p>");
  }
  html.Add("</section>\n");
}

void AddPhases(const v1::Operation& operation, absl::Time now, Html& html) {
  if (operation.progress().phases().empty()) {
    html.Add(
        "<progress class=\"whole\" max=\"100\" aria-label=\"the whole operation\" "
        "value=\"$0\"></progress>",
        view::PercentText(operation.progress().percent()));
    return;
  }
  const std::vector<PhaseView> phases = view::PhasesOf(operation, now);
  AddStrip(phases, html);
  html.Add(
      "<table class=\"phases\"><caption class=\"unseen\">Phases of the operation</caption><thead "
      "class=\"unseen\"><tr><th scope=\"col\">Phase<th scope=\"col\">Done<th "
      "scope=\"col\">Amount<th scope=\"col\">Took</tr></thead><tbody>\n");
  for (const PhaseView& phase : phases) AddRow(phase, html);
  html.Add("</tbody></table>");
}

}  // namespace graft::http
