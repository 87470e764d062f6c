#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "graft/progress.h"
#include "view/operation.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::view {
namespace {

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
    phase.took = std::max(absl::ZeroDuration(), now - FromTimestamp(progress.phase_began()));
  }
  return phases;
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

}  // namespace graft::view
