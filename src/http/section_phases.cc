#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/operation.h"
#include "view/text.h"

namespace graft::http {
namespace {

using view::PhaseState;
using view::PhaseView;

constexpr double kStripWidth = 1000;

double Clamped(double fraction) {
  return std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
}

void AddRect(double x, double width, bool measured, Html& html) {
  html.Raw("<rect class=\"")
      .Text(measured ? "measured" : "guessed")
      .Raw("\" height=\"12\" x=\"")
      .Text(absl::StrFormat("%.1f", x))
      .Raw("\" width=\"")
      .Text(absl::StrFormat("%.1f", width))
      .Raw("\"/>");
}

// The whole in one line: each phase as long as its share of the time.
void AddStrip(const std::vector<PhaseView>& phases, Html& html) {
  double total = 0;
  for (const PhaseView& phase : phases) total += Clamped(phase.share);
  if (total <= 0) return;
  html.Raw(
      "<svg class=\"strip\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><rect class=\"track\" width=\"1000\" height=\"12\"/>");
  double x = 0;
  for (const PhaseView& phase : phases) {
    const double width = Clamped(phase.share) / total * kStripWidth;
    const double done = width * Clamped(phase.done);
    if (done > 0) AddRect(x, done, phase.measured || phase.done >= 1, html);
    x += width;
    if (x < kStripWidth - 0.5) {
      html.Raw("<rect class=\"joint\" width=\"2\" height=\"12\" x=\"")
          .Text(absl::StrFormat("%.1f", x - 1))
          .Raw("\"/>");
    }
  }
  html.Raw("</svg>");
}

std::string AmountText(const PhaseView& phase) {
  const bool known = phase.bytes_expected > 0 || phase.recovery_percent.has_value();
  if (known || phase.state == PhaseState::kDone) return view::DetailOf(phase);
  if (phase.state == PhaseState::kComing) return "";
  return absl::StrCat(phase.measured ? "" : "≈ ", view::PercentText(100 * phase.done), " %");
}

void AddBar(const PhaseView& phase, Html& html) {
  if (phase.measured || phase.done <= 0 || phase.done >= 1) {
    html.Raw("<progress max=\"1\" value=\"");
  } else {
    html.Raw("<progress class=\"guessed\" max=\"1\" value=\"");
  }
  html.Text(absl::StrFormat("%.4f", Clamped(phase.done)))
      .Raw("\" aria-label=\"")
      .Text(phase.name)
      .Raw("\"></progress>");
}

void AddRow(const PhaseView& phase, Html& html) {
  const bool current = phase.state == PhaseState::kCurrent;
  if (current) {
    html.Raw("<tr class=\"current\" aria-current=\"step\">");
  } else if (phase.state == PhaseState::kComing) {
    html.Raw("<tr class=\"coming\">");
  } else {
    html.Raw("<tr>");
  }
  html.Raw("<th scope=\"row\">").Text(phase.name).Raw("</th><td class=\"bar\">");
  AddBar(phase, html);
  html.Raw("</td><td class=\"number\">").Text(AmountText(phase));
  if (current && !phase.measured) html.Raw(" <small>estimate</small>");
  html.Raw("</td><td class=\"number\">");
  if (phase.took > absl::ZeroDuration()) html.Text(HumanDuration(phase.took));
  html.Raw("</td></tr>\n");
}

}  // namespace

void AddPhases(const v1::Operation& operation, absl::Time now, Html& html) {
  if (operation.progress().phases().empty()) {
    html.Raw("<progress class=\"whole\" max=\"100\" aria-label=\"the whole operation\" value=\"")
        .Text(view::PercentText(operation.progress().percent()))
        .Raw("\"></progress>");
    return;
  }
  const std::vector<PhaseView> phases = view::PhasesOf(operation, now);
  AddStrip(phases, html);
  html.Raw(
      "<table class=\"phases\"><caption class=\"unseen\">Phases of the operation</caption>"
      "<thead class=\"unseen\"><tr><th scope=\"col\">Phase<th scope=\"col\">Done"
      "<th scope=\"col\">Amount<th scope=\"col\">Took</tr></thead><tbody>\n");
  for (const PhaseView& phase : phases) AddRow(phase, html);
  html.Raw("</tbody></table>");
}

}  // namespace graft::http
