#include "view/operation.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "graft/progress.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::view {
namespace {

// Two clocks that agree so well are taken for one: an agent's state may be as old as that.
constexpr absl::Duration kClocksAgree = absl::Seconds(5);

absl::Duration Since(const google::protobuf::Timestamp& begin, absl::Time end) {
  return std::max(absl::ZeroDuration(), end - FromTimestamp(begin));
}

// When it ended, or `now`.
absl::Time EndOf(const v1::Operation& operation, absl::Time now) {
  return operation.has_ended() ? FromTimestamp(operation.ended()) : now;
}

std::optional<absl::Time> ServerTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, &time, &error)) return std::nullopt;
  return time;
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
    phase.took = std::max(absl::ZeroDuration(), now - FromTimestamp(progress.phase_began()));
  }
  return phases;
}

}  // namespace

std::string OutcomeWord(v1::Outcome outcome) {
  const bool known = outcome != v1::OUTCOME_UNSPECIFIED && v1::Outcome_IsValid(outcome);
  return known ? absl::AsciiStrToLower(v1::Outcome_Name(outcome)) : "unknown";
}

Tone OutcomeTone(v1::Outcome outcome) {
  if (outcome == v1::DONE) return Tone::kGood;
  if (outcome == v1::FAILED) return Tone::kBad;
  return outcome == v1::CANCELLED ? Tone::kWarning : Tone::kBusy;
}

std::string DataStateMeans(v1::DataState state) {
  switch (state) {
    case v1::INTACT:
      return "INTACT: the old data is whole";
    case v1::PARTIAL:
      return "PARTIAL: some of the old data is dropped";
    case v1::EMPTY:
      return "EMPTY: the old data is dropped, nothing usable is there";
    case v1::CLONED:
      return "CLONED: the donor's data, verified";
    default:
      return "unknown";
  }
}

Tone DataTone(v1::DataState state) {
  if (state == v1::PARTIAL || state == v1::EMPTY) return Tone::kBad;
  return state == v1::CLONED ? Tone::kGood : Tone::kPlain;
}

std::string ErrorWord(const v1::Error& error) {
  return error.reason().empty() ? error.code() : error.reason();
}

std::string WhoReleases(const v1::Operation& operation) {
  if (operation.kind() != v1::RELEASE) return "";
  const v1::ReleaseWord& word = operation.release();
  return absl::StrCat("release by ", word.by(), word.note().empty() ? "" : ": ", word.note());
}

std::string FromWhom(const v1::Operation& operation) {
  if (operation.kind() == v1::RELEASE) return "release by " + operation.release().by();
  return operation.donor().empty() ? "-" : operation.donor();
}

std::string HostOf(const std::string& alias, const std::string& mysql) {
  return mysql.empty() ? alias : absl::StrCat(alias, " (", mysql, ")");
}

std::string WaitsFor(const v1::Operation& operation) {
  std::string text;
  if (operation.outcome() != v1::RUNNING) return text;
  if (operation.queue_place() > 0) {
    const bool any = operation.donor_choice().any() || operation.donor().empty();
    text = absl::StrCat("waits for ", any ? "a donor" : operation.donor().c_str(), ": place ",
                        operation.queue_place(), any ? " in the shard's line" : " in its line");
  }
  const std::string& note = operation.progress().note();
  if (!note.empty()) absl::StrAppend(&text, text.empty() ? "" : "; ", note);
  return text;
}

std::string WaitsFor(const v1::Operation& operation, absl::Time now) {
  const std::string text = WaitsFor(operation);
  const std::string waited = WaitedText(operation, now);
  if (waited.empty()) return text;
  return absl::StrCat("waits since ", waited, text.empty() ? "" : ": ", text);
}

std::string WaitedText(const v1::Operation& operation, absl::Time now) {
  if (operation.outcome() != v1::RUNNING || !operation.progress().has_waiting_since()) return "";
  return HumanDuration(Since(operation.progress().waiting_since(), now));
}

absl::Duration TotalTime(const v1::Operation& operation, absl::Time now) {
  if (!operation.has_requested()) return absl::ZeroDuration();
  return Since(operation.requested(), EndOf(operation, now));
}

std::vector<StepView> StepsOf(const v1::Operation& operation, absl::Time now) {
  const absl::Duration total = TotalTime(operation, now);
  std::vector<StepView> steps;
  for (const v1::StepTime& step : operation.times()) {
    StepView& view = steps.emplace_back();
    view.name = step.step();
    if (step.has_started()) view.started = UtcTime(FromTimestamp(step.started()));
    if (step.has_ended()) {
      view.ended = UtcTime(FromTimestamp(step.ended()));
    } else if (operation.outcome() == v1::RUNNING) {
      view.ended = "runs";
    }
    // A step that an agent could not end took no longer than its operation.
    view.took = Since(step.started(),
                      step.has_ended() ? FromTimestamp(step.ended()) : EndOf(operation, now));
    if (total > absl::ZeroDuration()) view.share = absl::FDivDuration(view.took, total);
  }
  return steps;
}

std::optional<absl::Duration> TimeOf(const v1::StageProgress& stage) {
  const auto begin = ServerTime(stage.begin_time());
  const auto end = ServerTime(stage.end_time());
  if (!begin.has_value() || !end.has_value()) return std::nullopt;
  return std::max(absl::ZeroDuration(), *end - *begin);
}

double AverageRate(const v1::Operation& operation) {
  int64_t bytes = 0;
  absl::Duration time;
  for (const v1::StageProgress& stage : operation.progress().stages()) {
    const auto took = TimeOf(stage);
    if (stage.estimate_bytes() == 0 || !took.has_value()) continue;
    bytes += stage.data_bytes();
    time += *took;
  }
  return time > absl::ZeroDuration() ? static_cast<double>(bytes) / absl::ToDoubleSeconds(time) : 0;
}

EtaText EtaOf(const v1::Progress& progress, absl::Time now) {
  EtaText text;
  // Nobody knows how long it will wait.
  if (!progress.has_eta() || progress.has_waiting_since()) return text;
  const absl::Duration age =
      progress.has_sampled() ? Since(progress.sampled(), now) : absl::ZeroDuration();
  const auto left = [age](const google::protobuf::Duration& duration) {
    return RoughDuration(std::max(absl::ZeroDuration(), FromDuration(duration) - age));
  };
  text.likely = absl::StrCat("about ", left(progress.eta()), " left");
  if (!progress.has_eta_low() || !progress.has_eta_high()) return text;
  const std::string low = left(progress.eta_low());
  const std::string high = left(progress.eta_high());
  if (low != high) text.range = absl::StrCat(low, " to ", high);
  return text;
}

std::string EtaBasis(const v1::Progress& progress) {
  if (progress.learnt_from() == 0) return "estimated from typical figures";
  return absl::StrCat("estimated from ", Count(progress.learnt_from(), "earlier operation"));
}

void AgentTime::Heard(const v1::Operation& operation, absl::Time now) {
  if (!operation.progress().has_sampled()) return;
  const absl::Duration ahead = now - FromTimestamp(operation.progress().sampled());
  ahead_ = absl::AbsDuration(ahead) > kClocksAgree ? ahead : absl::ZeroDuration();
}

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
