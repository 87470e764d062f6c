#include "wire/progress_proto.h"

#include <optional>
#include <string>

#include "base/errors.h"
#include "wire/fields.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

// An estimate beyond it says nothing.
constexpr absl::Duration kLongestEta = absl::Hours(24 * 365);

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

std::optional<absl::Duration> Eta(const Operation& operation) {
  const Progress& progress = operation.progress;
  const int64_t left = progress.bytes_expected - progress.bytes_done;
  if (operation.outcome != Outcome::kRunning || !progress.stage.has_value() || left <= 0 ||
      !(progress.bytes_per_second > 0)) {
    return std::nullopt;
  }
  const absl::Duration eta = absl::Seconds(static_cast<double>(left) / progress.bytes_per_second);
  return eta <= kLongestEta ? std::make_optional(eta) : std::nullopt;
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
  if (const auto eta = Eta(operation)) *proto.mutable_eta() = ToDuration(*eta);
  proto.set_note(progress.note);
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
  return progress;
}

}  // namespace graft
