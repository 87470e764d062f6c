// A running operation as lines that follow each other, for a pipe or a file.
#include "cli/render.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "graft/operation.h"
#include "view/operation.h"
#include "view/text.h"

namespace graft::cli {
namespace {

constexpr absl::Duration kPace = absl::Seconds(1);
// A log of an hour's copy is to be read, too.
constexpr absl::Duration kLaterPace = absl::Seconds(10);
constexpr absl::Duration kStillWaits = absl::Minutes(1);
constexpr absl::Duration kLater = absl::Minutes(1);

std::string StepBegins(const v1::Operation& operation, const v1::StepTime& step) {
  if (step.step() != StepName(Step::kClone)) return step.step();
  return absl::StrCat(step.step(), " from ",
                      operation.donor().empty()
                          ? "no donor yet"
                          : view::HostOf(operation.donor(), operation.donor_mysql()),
                      ", attempt ", operation.attempt());
}

// "12% of all, about 4m left, 3m to 7m"; empty: the agent estimates nothing.
std::string OverallText(const v1::Progress& progress, absl::Time now) {
  if (progress.phases().empty()) return "";
  std::string text = absl::StrCat(view::PercentOf(progress.percent() / 100), "% of all");
  const view::EtaText eta = view::EtaOf(progress, now);
  if (!eta.likely.empty()) absl::StrAppend(&text, ", ", eta.likely);
  if (!eta.range.empty()) absl::StrAppend(&text, ", ", eta.range);
  return text;
}

std::string ProgressLine(const v1::Operation& operation, const view::PhaseView& phase,
                         absl::Time now) {
  const v1::Progress& progress = operation.progress();
  std::string line = absl::StrCat(operation.step(), ": ", phase.name);
  if (phase.bytes_expected > 0) {
    absl::StrAppend(&line, ", ", view::DetailOf(phase), " (",
                    view::PercentOf(view::Fraction(phase.bytes_done, phase.bytes_expected)), "%)");
    if (progress.bytes_per_second() > 0) {
      absl::StrAppend(&line, ", ", view::HumanRate(progress.bytes_per_second()));
    }
  } else if (phase.recovery_percent.has_value()) {
    absl::StrAppend(&line, ", ", view::DetailOf(phase));
  }
  const std::string overall = OverallText(progress, now);
  if (!overall.empty()) absl::StrAppend(&line, "; ", overall);
  return line;
}

void AddEventsNotTold(const v1::Operation& operation, PlainState& state,
                      std::vector<std::string>& lines) {
  for (const view::Event& event : view::EventsOf(operation)) {
    std::string line = event.Line();
    if (state.events_told.insert(line).second) lines.push_back(std::move(line));
  }
}

void AddWaiting(const v1::Operation& operation, absl::Time now, PlainState& state,
                std::vector<std::string>& lines) {
  const std::string waiting = view::WaitsFor(operation);
  const bool again = waiting == state.waiting_told;
  if (again && view::WaitedText(operation, now).empty()) return;
  if (now - state.last_waiting < (again ? kStillWaits : kPace)) return;
  if (!waiting.empty()) lines.push_back(again ? view::WaitsFor(operation, now) : waiting);
  state.waiting_told = waiting;
  state.last_waiting = now;
}

void AddProgress(const v1::Operation& operation, absl::Time now, PlainState& state,
                 std::vector<std::string>& lines) {
  if (operation.outcome() != v1::RUNNING) return;
  const std::optional<view::PhaseView> phase = view::CurrentPhase(operation, now);
  const std::string name = phase.has_value() ? phase->name : "";
  const bool new_phase = name != state.phase_told;
  state.phase_told = name;
  if (!phase.has_value()) return;
  const std::string line = ProgressLine(operation, *phase, now);
  const absl::Duration pace = view::TotalTime(operation, now) < kLater ? kPace : kLaterPace;
  if (line == state.progress_told || (!new_phase && now - state.last_progress < pace)) return;
  lines.push_back(line);
  state.progress_told = line;
  state.last_progress = now;
}

}  // namespace

std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state) {
  std::vector<std::string> lines;
  AddEventsNotTold(operation, state, lines);
  for (; state.steps_told < operation.times_size(); ++state.steps_told) {
    lines.push_back(StepBegins(operation, operation.times(state.steps_told)));
  }
  AddWaiting(operation, now, state, lines);
  AddProgress(operation, now, state, lines);
  const std::string clock =
      absl::StrFormat("[%6s] ", HumanDuration(view::TotalTime(operation, now)));
  for (std::string& line : lines) line.insert(0, clock);
  return lines;
}

}  // namespace graft::cli
