#include "cli/phases.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "cli/operation_times.h"
#include "cli/text.h"
#include "graft/progress.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kLeastBar = 6;  // the brackets included
constexpr int kMostBar = 32;
// Ranks of lines: what is to come goes before what is done, and that before the rest.
constexpr int kRankComing = 9;
constexpr int kRankDone = 8;
constexpr int kRankCurrent = 2;

absl::Duration TimeSince(const google::protobuf::Timestamp& begin, absl::Time now) {
  return std::max(absl::ZeroDuration(), now - FromTimestamp(begin));
}

std::vector<PhaseView> FromStages(const v1::Progress& progress) {
  std::vector<PhaseView> phases;
  phases.reserve(static_cast<size_t>(progress.stages_size()));
  for (const v1::StageProgress& stage : progress.stages()) {
    PhaseView& phase = phases.emplace_back();
    phase.name = stage.stage();
    phase.measured = stage.estimate_bytes() > 0;
    phase.done = Fraction(stage.data_bytes(), stage.estimate_bytes());
    phase.took = TimeOf(stage).value_or(absl::ZeroDuration());
    if (stage.state() == "Completed") phase.state = PhaseState::kDone;
    if (stage.state() == "In Progress") phase.state = PhaseState::kCurrent;
  }
  return phases;
}

std::vector<PhaseView> FromPhases(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  std::vector<PhaseView> phases;
  phases.reserve(static_cast<size_t>(progress.phases_size()));
  bool coming = false;
  for (const v1::PhaseProgress& given : progress.phases()) {
    PhaseView& phase = phases.emplace_back();
    phase.name = given.phase();
    phase.done = given.done();
    phase.share = given.share();
    phase.measured = given.measured();
    phase.took = FromDuration(given.took());
    if (coming) continue;
    phase.state = given.done() >= 1 ? PhaseState::kDone : PhaseState::kCurrent;
    if (phase.state == PhaseState::kDone) continue;
    coming = true;
    if (operation.outcome() != v1::RUNNING || !progress.has_phase_began()) continue;
    phase.took = TimeSince(progress.phase_began(), now);
  }
  return phases;
}

const char* MarkOf(PhaseState state, bool utf8) {
  switch (state) {
    case PhaseState::kDone:
      return utf8 ? "✔" : "+";
    case PhaseState::kCurrent:
      return utf8 ? "▶" : ">";
    case PhaseState::kComing:
      return utf8 ? "·" : ".";
  }
  return " ";
}

Tone ToneOf(PhaseState state) {
  switch (state) {
    case PhaseState::kDone:
      return Tone::kGood;
    case PhaseState::kCurrent:
      return Tone::kStrong;
    case PhaseState::kComing:
      return Tone::kFaint;
  }
  return Tone::kPlain;
}

// A short time in a fixed width, so that what follows stands still.
std::string Padded(const std::string& text, size_t width) {
  return absl::StrCat(text, std::string(width - std::min(width, text.size()), ' '));
}

Line RenderPhase(const PhaseView& phase, size_t name_width, int columns, bool utf8) {
  const Tone tone = ToneOf(phase.state);
  std::string name = Padded(phase.name, name_width);
  if (phase.state == PhaseState::kComing) name = phase.name;
  std::vector<Piece> pieces = {{absl::StrCat(" ", MarkOf(phase.state, utf8), " ", name),
                                phase.state == PhaseState::kDone ? Tone::kPlain : tone}};
  if (phase.state == PhaseState::kCurrent) {
    const BarKind kind = phase.measured ? BarKind::kMeasured : BarKind::kGuessed;
    pieces.push_back(
        {"", Tone::kPlain, 2,
         [&phase, utf8, kind](int width) { return Bar(phase.done, width - 2, utf8, kind); },
         kLeastBar, kMostBar});
    pieces.push_back({absl::StrFormat("%4s", absl::StrCat(phase.measured ? "" : "~",
                                                          PercentOf(phase.done), "%")),
                      Tone::kStrong});
  }
  if (phase.state != PhaseState::kComing && phase.took > absl::ZeroDuration()) {
    pieces.push_back({Padded(HumanDuration(phase.took), 5), Tone::kPlain, 3});
  }
  if (phase.state != PhaseState::kComing) {
    pieces.push_back({DetailOf(phase), Tone::kPlain, phase.recovery_percent.has_value() ? 1 : 4});
  }
  Line line = Compose(std::move(pieces), columns);
  line.rank = phase.state == PhaseState::kCurrent ? kRankCurrent
              : phase.state == PhaseState::kDone  ? kRankDone
                                                  : kRankComing;
  return line;
}

}  // namespace

std::vector<PhaseView> PhasesOf(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  std::vector<PhaseView> phases =
      progress.phases().empty() ? FromStages(progress) : FromPhases(operation, now);
  for (PhaseView& phase : phases) {
    for (const v1::StageProgress& stage : progress.stages()) {
      if (stage.stage() != phase.name) continue;
      phase.bytes_done = stage.data_bytes();
      phase.bytes_expected = stage.estimate_bytes();
    }
    if (phase.name == PhaseName(Phase::kRecovery) && progress.has_recovery_percent()) {
      phase.recovery_percent = progress.recovery_percent();
    }
  }
  return phases;
}

std::optional<PhaseView> CurrentPhase(const v1::Operation& operation, absl::Time now) {
  for (PhaseView& phase : PhasesOf(operation, now)) {
    if (phase.state == PhaseState::kCurrent) return std::move(phase);
  }
  return std::nullopt;
}

std::string DetailOf(const PhaseView& phase) {
  if (phase.state == PhaseState::kDone) {
    return phase.bytes_expected > 0 ? HumanBytes(phase.bytes_done) : "";
  }
  if (phase.recovery_percent.has_value()) {
    return absl::StrFormat("redo log %d%% applied", PercentOf(*phase.recovery_percent / 100));
  }
  if (phase.bytes_expected > 0) {
    return absl::StrCat(HumanBytes(phase.bytes_done), " of ", HumanBytes(phase.bytes_expected));
  }
  return phase.measured ? "" : "estimated";
}

std::vector<Line> RenderPhases(const std::vector<PhaseView>& phases, int columns, bool utf8) {
  size_t name_width = 0;
  for (const PhaseView& phase : phases) name_width = std::max(name_width, phase.name.size());
  std::vector<Line> lines;
  lines.reserve(phases.size());
  for (const PhaseView& phase : phases) {
    lines.push_back(RenderPhase(phase, name_width, columns, utf8));
  }
  return lines;
}

}  // namespace graft::cli
