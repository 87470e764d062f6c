#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "http/format.h"
#include "http/sections.h"

namespace graft::http {
namespace {

constexpr double kStripWidth = 1000;

double Fraction(double value) {
  return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0.0;
}

// The stage's row as the server shows it; nullptr: the phase is none of CLONE's, or has not begun.
const CloneStageRow* RowOf(const Progress& progress, Phase phase) {
  for (const CloneStageRow& row : progress.stages) {
    if (PhaseName(phase) == CloneStageName(row.stage)) return &row;
  }
  return nullptr;
}

size_t CurrentPhase(const std::vector<PhaseProgress>& phases) {
  const auto current = std::find_if(phases.begin(), phases.end(),
                                    [](const PhaseProgress& phase) { return phase.done < 1; });
  return static_cast<size_t>(current - phases.begin());
}

void AddRect(double x, double width, bool measured, Html& html) {
  if (measured) {
    html.Raw("<rect class=\"measured\" height=\"12\" x=\"");
  } else {
    html.Raw("<rect class=\"guessed\" height=\"12\" x=\"");
  }
  html.Text(absl::StrFormat("%.1f", x))
      .Raw("\" width=\"")
      .Text(absl::StrFormat("%.1f", width))
      .Raw("\"/>");
}

// The whole in one line: each phase as long as its share of the time.
void AddStrip(const std::vector<PhaseProgress>& phases, Html& html) {
  double total = 0;
  for (const PhaseProgress& phase : phases) total += Fraction(phase.share);
  if (total <= 0) return;
  html.Raw(
      "<svg class=\"strip\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><rect class=\"track\" width=\"1000\" height=\"12\"/>");
  double x = 0;
  for (const PhaseProgress& phase : phases) {
    const double width = Fraction(phase.share) / total * kStripWidth;
    const double done = width * Fraction(phase.done);
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

std::string AmountText(const Progress& progress, const PhaseProgress& phase, bool current) {
  const CloneStageRow* row = RowOf(progress, phase.phase);
  if (row != nullptr && row->estimate_bytes > 0) {
    return absl::StrCat(BytesText(static_cast<double>(row->data_bytes)), " of ",
                        BytesText(static_cast<double>(row->estimate_bytes)));
  }
  if (!current) return "";
  if (phase.phase == Phase::kRecovery && progress.recovery_percent.has_value()) {
    return absl::StrCat("redo log ", PercentText(*progress.recovery_percent), " %");
  }
  return absl::StrCat(phase.measured ? "" : "≈ ", PercentText(100 * Fraction(phase.done)), " %");
}

void AddBar(const PhaseProgress& phase, Html& html) {
  if (phase.measured || phase.done <= 0 || phase.done >= 1) {
    html.Raw("<progress max=\"1\" value=\"");
  } else {
    html.Raw("<progress class=\"guessed\" max=\"1\" value=\"");
  }
  html.Text(absl::StrFormat("%.4f", Fraction(phase.done)))
      .Raw("\" aria-label=\"")
      .Text(PhaseName(phase.phase))
      .Raw("\"></progress>");
}

void AddRow(const Progress& progress, const PhaseProgress& phase, bool current, Html& html) {
  if (current) {
    html.Raw("<tr class=\"current\" aria-current=\"step\">");
  } else if (phase.done < 1) {
    html.Raw("<tr class=\"coming\">");
  } else {
    html.Raw("<tr>");
  }
  html.Raw("<th scope=\"row\">").Text(PhaseName(phase.phase)).Raw("</th><td class=\"bar\">");
  AddBar(phase, html);
  html.Raw("</td><td class=\"number\">").Text(AmountText(progress, phase, current));
  if (current && !phase.measured) html.Raw(" <small>estimate</small>");
  html.Raw("</td><td class=\"number\">");
  if (phase.took > absl::ZeroDuration()) html.Text(HumanDuration(phase.took));
  html.Raw("</td></tr>\n");
}

}  // namespace

void AddPhases(const Operation& operation, Html& html) {
  const Progress& progress = operation.progress;
  if (progress.phases.empty()) {
    html.Raw("<progress class=\"whole\" max=\"100\" aria-label=\"the whole operation\" value=\"")
        .Text(PercentText(progress.percent))
        .Raw("\"></progress>");
    return;
  }
  AddStrip(progress.phases, html);
  html.Raw(
      "<table class=\"phases\"><caption class=\"unseen\">Phases of the operation</caption>"
      "<thead class=\"unseen\"><tr><th scope=\"col\">Phase<th scope=\"col\">Done"
      "<th scope=\"col\">Amount<th scope=\"col\">Took</tr></thead><tbody>\n");
  const size_t current = CurrentPhase(progress.phases);
  for (size_t i = 0; i < progress.phases.size(); ++i) {
    AddRow(progress, progress.phases[i], i == current, html);
  }
  html.Raw("</tbody></table>");
}

}  // namespace graft::http
