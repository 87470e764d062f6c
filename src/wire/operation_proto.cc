#include "wire/operation_proto.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

// An estimate beyond it says nothing.
constexpr absl::Duration kLongestEta = absl::Hours(24 * 365);

absl::Status Unknown(absl::string_view field, absl::string_view word) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", word, "\" is no known ", field, "; was this written by a newer graft?"));
}

bool IsSet(absl::Time time) {
  return time != absl::InfinitePast();
}

absl::Time TimeOrUnset(bool has, const google::protobuf::Timestamp& proto) {
  return has ? FromTimestamp(proto) : absl::InfinitePast();
}

std::string AliasText(const TabletAlias& alias) {
  return alias.empty() ? "" : alias.ToString();
}

absl::StatusOr<TabletAlias> ParseAlias(absl::string_view text) {
  if (text.empty()) return TabletAlias{};
  return TabletAlias::Parse(text);
}

std::string HostPortText(const HostPort& address) {
  return address.host.empty() && address.port == 0 ? "" : address.ToString();
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  HostPort address;
  if (text.empty()) return address;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no <host>:<port>"));
  }
  address.host = std::string(text.substr(0, colon));
  return address;
}

v1::Outcome ToProto(Outcome outcome) {
  return static_cast<v1::Outcome>(static_cast<int>(outcome) + 1);
}

absl::StatusOr<Outcome> FromProto(v1::Outcome proto) {
  if (proto == v1::OUTCOME_UNSPECIFIED || !v1::Outcome_IsValid(proto)) {
    return Unknown("outcome", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<Outcome>(static_cast<int>(proto) - 1);
}

// The enums of both sides are in the same order, the wire's one further for its "unspecified".
static_assert(static_cast<int>(DataState::kIntact) + 1 == v1::INTACT);
static_assert(static_cast<int>(DataState::kCloned) + 1 == v1::CLONED);
static_assert(static_cast<int>(Outcome::kRunning) + 1 == v1::RUNNING);
static_assert(static_cast<int>(Outcome::kCancelled) + 1 == v1::CANCELLED);

absl::StatusOr<Step> StepFromWord(absl::string_view word) {
  const std::optional<Step> step = ParseStep(word);
  if (!step.has_value()) return Unknown("step", word);
  return *step;
}

absl::StatusOr<CloneStage> StageFromWord(absl::string_view word) {
  const std::optional<CloneStage> stage = ParseCloneStage(word);
  if (!stage.has_value()) return Unknown("clone stage", word);
  return *stage;
}

v1::StepTime ToProto(const StepTime& time) {
  v1::StepTime proto;
  proto.set_step(std::string(StepName(time.step)));
  if (IsSet(time.started)) *proto.mutable_started() = ToTimestamp(time.started);
  if (IsSet(time.ended)) *proto.mutable_ended() = ToTimestamp(time.ended);
  return proto;
}

absl::StatusOr<StepTime> FromProto(const v1::StepTime& proto) {
  StepTime time;
  GRAFT_ASSIGN_OR_RETURN(time.step, StepFromWord(proto.step()));
  time.started = TimeOrUnset(proto.has_started(), proto.started());
  time.ended = TimeOrUnset(proto.has_ended(), proto.ended());
  return time;
}

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
  if (!state.has_value()) return Unknown("clone state", proto.state());
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
  return progress;
}

absl::StatusOr<OperationRequest> RequestFromProto(const v1::Operation& proto) {
  OperationRequest request;
  request.id = proto.id();
  GRAFT_ASSIGN_OR_RETURN(request.donor, graft::FromProto(proto.donor_choice()));
  GRAFT_ASSIGN_OR_RETURN(const auto from, graft::FromProto(proto.replicate_from()));
  if (!from.has_value()) return absl::InvalidArgumentError("replicate_from is missing");
  request.replicate_from = *from;
  return request;
}

// The tablets and servers it deals with.
absl::Status ReadPeers(const v1::Operation& proto, Operation& operation) {
  GRAFT_ASSIGN_OR_RETURN(operation.recipient, ParseAlias(proto.recipient()));
  GRAFT_ASSIGN_OR_RETURN(operation.donor, ParseAlias(proto.donor()));
  GRAFT_ASSIGN_OR_RETURN(operation.donor_mysql, ParseHostPort(proto.donor_mysql()));
  GRAFT_ASSIGN_OR_RETURN(operation.source, ParseAlias(proto.source()));
  GRAFT_ASSIGN_OR_RETURN(operation.source_mysql, ParseHostPort(proto.source_mysql()));
  return absl::OkStatus();
}

}  // namespace

v1::DataState ToProto(DataState state) {
  return static_cast<v1::DataState>(static_cast<int>(state) + 1);
}

absl::StatusOr<DataState> FromProto(v1::DataState proto) {
  if (proto == v1::DATA_STATE_UNSPECIFIED || !v1::DataState_IsValid(proto)) {
    return Unknown("data state", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<DataState>(static_cast<int>(proto) - 1);
}

v1::DonorChoice ToProto(const DonorChoice& choice) {
  v1::DonorChoice proto;
  if (choice.kind == DonorChoice::Kind::kPrimary) {
    proto.set_primary(true);
  } else {
    proto.set_tablet(choice.tablet.ToString());
  }
  return proto;
}

absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto) {
  DonorChoice choice;
  if (proto.has_tablet()) {
    choice.kind = DonorChoice::Kind::kTablet;
    GRAFT_ASSIGN_OR_RETURN(choice.tablet, TabletAlias::Parse(proto.tablet()));
    return choice;
  }
  if (proto.primary()) return choice;
  return absl::InvalidArgumentError(
      "the donor is neither the primary (primary: true) nor a tablet (tablet: <alias>)");
}

v1::ReplicateFrom ToProto(ReplicateFrom from) {
  return from == ReplicateFrom::kDonor ? v1::REPLICATE_FROM_DONOR : v1::REPLICATE_FROM_PRIMARY;
}

absl::StatusOr<std::optional<ReplicateFrom>> FromProto(v1::ReplicateFrom proto) {
  switch (proto) {
    case v1::REPLICATE_FROM_UNSPECIFIED:
      return std::optional<ReplicateFrom>();
    case v1::REPLICATE_FROM_DONOR:
      return std::make_optional(ReplicateFrom::kDonor);
    case v1::REPLICATE_FROM_PRIMARY:
      return std::make_optional(ReplicateFrom::kPrimary);
    default:
      return Unknown("replicate_from", absl::StrCat(static_cast<int>(proto)));
  }
}

v1::Operation ToProto(const Operation& operation) {
  v1::Operation proto;
  proto.set_id(operation.request.id);
  proto.set_recipient(AliasText(operation.recipient));
  *proto.mutable_donor_choice() = ToProto(operation.request.donor);
  proto.set_replicate_from(ToProto(operation.request.replicate_from));
  proto.set_step(std::string(StepName(operation.step)));
  proto.set_outcome(ToProto(operation.outcome));
  proto.set_data_state(ToProto(operation.data_state));
  proto.set_attempt(operation.attempt);
  proto.set_donor(AliasText(operation.donor));
  proto.set_donor_mysql(HostPortText(operation.donor_mysql));
  proto.set_source(AliasText(operation.source));
  proto.set_source_mysql(HostPortText(operation.source_mysql));
  if (IsSet(operation.requested)) *proto.mutable_requested() = ToTimestamp(operation.requested);
  if (IsSet(operation.ended)) *proto.mutable_ended() = ToTimestamp(operation.ended);
  for (const StepTime& time : operation.times) *proto.add_times() = ToProto(time);
  if (!operation.error.ok()) *proto.mutable_error() = ToProto(operation.error);
  *proto.mutable_progress() = ProgressToProto(operation);
  return proto;
}

absl::StatusOr<Operation> FromProto(const v1::Operation& proto) {
  Operation operation;
  GRAFT_ASSIGN_OR_RETURN(operation.request, RequestFromProto(proto));
  GRAFT_RETURN_IF_ERROR(ReadPeers(proto, operation));
  GRAFT_ASSIGN_OR_RETURN(operation.step, StepFromWord(proto.step()));
  GRAFT_ASSIGN_OR_RETURN(operation.outcome, FromProto(proto.outcome()));
  GRAFT_ASSIGN_OR_RETURN(operation.data_state, FromProto(proto.data_state()));
  operation.attempt = proto.attempt();
  operation.requested = TimeOrUnset(proto.has_requested(), proto.requested());
  operation.ended = TimeOrUnset(proto.has_ended(), proto.ended());
  for (const v1::StepTime& time : proto.times()) {
    GRAFT_ASSIGN_OR_RETURN(operation.times.emplace_back(), FromProto(time));
  }
  if (proto.has_error()) operation.error = FromProto(proto.error());
  GRAFT_ASSIGN_OR_RETURN(operation.progress, FromProto(proto.progress()));
  return operation;
}

}  // namespace graft
