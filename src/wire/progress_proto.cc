#include "wire/progress_proto.h"

#include <optional>
#include <string>

#include "base/errors.h"
#include "wire/fields.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

v1::StageProgress ToProto(const CloneStageRow& row) {
  v1::StageProgress proto;
  proto.set_stage(std::string(CloneStageName(row.stage)));
  proto.set_state(std::string(CloneStateName(row.state)));
  proto.set_estimate_bytes(row.estimate_bytes);
  proto.set_data_bytes(row.data_bytes);
  proto.set_network_bytes(row.network_bytes);
  proto.set_begin_time(row.begin_time);
  proto.set_end_time(row.end_time);
  return proto;
}

absl::StatusOr<CloneStageRow> FromProto(const v1::StageProgress& proto) {
  CloneStageRow row;
  GRAFT_ASSIGN_OR_RETURN(row.stage, StageFromWord(proto.stage()));
  const std::optional<CloneState> state = ParseCloneState(proto.state());
  if (!state.has_value()) return UnknownWord("clone state", proto.state());
  row.state = *state;
  row.estimate_bytes = proto.estimate_bytes();
  row.data_bytes = proto.data_bytes();
  row.network_bytes = proto.network_bytes();
  row.begin_time = proto.begin_time();
  row.end_time = proto.end_time();
  return row;
}

v1::PhaseProgress ToProto(const PhaseProgress& phase) {
  v1::PhaseProgress proto;
  proto.set_phase(std::string(PhaseName(phase.phase)));
  proto.set_share(phase.share);
  proto.set_done(phase.done);
  proto.set_measured(phase.measured);
  *proto.mutable_took() = ToDuration(phase.took);
  return proto;
}

absl::StatusOr<PhaseProgress> FromProto(const v1::PhaseProgress& proto) {
  PhaseProgress phase;
  const std::optional<Phase> name = ParsePhase(proto.phase());
  if (!name.has_value()) return UnknownWord("phase", proto.phase());
  phase.phase = *name;
  phase.share = proto.share();
  phase.done = proto.done();
  phase.measured = proto.measured();
  phase.took = FromDuration(proto.took());
  return phase;
}

void EstimateToProto(const Operation& operation, v1::Progress& proto) {
  const Progress& progress = operation.progress;
  proto.set_percent(progress.percent);
  if (progress.eta.has_value() && operation.outcome == Outcome::kRunning) {
    *proto.mutable_eta() = ToDuration(progress.eta->likely);
    *proto.mutable_eta_low() = ToDuration(progress.eta->low);
    *proto.mutable_eta_high() = ToDuration(progress.eta->high);
  }
  for (const PhaseProgress& phase : progress.phases) *proto.add_phases() = ToProto(phase);
  proto.set_learnt_from(progress.learnt_from);
  if (progress.recovery_percent.has_value()) {
    proto.set_recovery_percent(*progress.recovery_percent);
  }
  if (IsSet(progress.phase_began)) {
    *proto.mutable_phase_began() = ToTimestamp(progress.phase_began);
  }
  if (IsSet(progress.sampled)) *proto.mutable_sampled() = ToTimestamp(progress.sampled);
  if (IsSet(progress.waiting_since)) {
    *proto.mutable_waiting_since() = ToTimestamp(progress.waiting_since);
  }
}

absl::Status EstimateFromProto(const v1::Progress& proto, Progress& progress) {
  progress.percent = proto.percent();
  // One without a range is of a graft that had no estimates, and says nothing by now.
  if (proto.has_eta() && proto.has_eta_low()) {
    progress.eta = Eta{FromDuration(proto.eta()), FromDuration(proto.eta_low()),
                       FromDuration(proto.eta_high())};
  }
  for (const v1::PhaseProgress& phase : proto.phases()) {
    GRAFT_ASSIGN_OR_RETURN(progress.phases.emplace_back(), FromProto(phase));
  }
  progress.learnt_from = proto.learnt_from();
  if (proto.has_recovery_percent()) progress.recovery_percent = proto.recovery_percent();
  progress.phase_began = TimeOrUnset(proto.has_phase_began(), proto.phase_began());
  progress.sampled = TimeOrUnset(proto.has_sampled(), proto.sampled());
  progress.waiting_since = TimeOrUnset(proto.has_waiting_since(), proto.waiting_since());
  return absl::OkStatus();
}

}  // namespace

v1::Progress ProgressToProto(const Operation& operation) {
  const Progress& progress = operation.progress;
  v1::Progress proto;
  if (progress.stage.has_value()) proto.set_stage(std::string(CloneStageName(*progress.stage)));
  for (const CloneStageRow& row : progress.stages) *proto.add_stages() = ToProto(row);
  proto.set_bytes_done(progress.bytes_done);
  proto.set_bytes_expected(progress.bytes_expected);
  proto.set_bytes_per_second(progress.bytes_per_second);
  if (IsSet(progress.last_byte)) *proto.mutable_last_byte() = ToTimestamp(progress.last_byte);
  proto.set_note(progress.note);
  proto.set_clone_sent(progress.clone_sent);
  EstimateToProto(operation, proto);
  return proto;
}

absl::StatusOr<Progress> FromProto(const v1::Progress& proto) {
  Progress progress;
  if (!proto.stage().empty()) {
    GRAFT_ASSIGN_OR_RETURN(progress.stage, StageFromWord(proto.stage()));
  }
  for (const v1::StageProgress& row : proto.stages()) {
    GRAFT_ASSIGN_OR_RETURN(progress.stages.emplace_back(), FromProto(row));
  }
  progress.bytes_done = proto.bytes_done();
  progress.bytes_expected = proto.bytes_expected();
  progress.bytes_per_second = proto.bytes_per_second();
  progress.last_byte = TimeOrUnset(proto.has_last_byte(), proto.last_byte());
  progress.note = proto.note();
  progress.clone_sent = proto.clone_sent();
  GRAFT_RETURN_IF_ERROR(EstimateFromProto(proto, progress));
  return progress;
}

}  // namespace graft
