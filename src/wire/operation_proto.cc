#include "wire/operation_proto.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/fields.h"
#include "wire/history_proto.h"
#include "wire/preflight_proto.h"
#include "wire/progress_proto.h"
#include "wire/request_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

constexpr int kMostRefusals = 10;  // as an operation keeps them

v1::Outcome ToProto(Outcome outcome) {
  return static_cast<v1::Outcome>(static_cast<int>(outcome) + 1);
}

absl::StatusOr<Outcome> FromProto(v1::Outcome proto) {
  if (proto == v1::OUTCOME_UNSPECIFIED || !v1::Outcome_IsValid(proto)) {
    return UnknownWord("outcome", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<Outcome>(static_cast<int>(proto) - 1);
}

// The enums of both sides are in the same order, the wire's one further for its "unspecified".
static_assert(static_cast<int>(DataState::kIntact) + 1 == v1::INTACT);
static_assert(static_cast<int>(DataState::kCloned) + 1 == v1::CLONED);
static_assert(static_cast<int>(Outcome::kRunning) + 1 == v1::RUNNING);
static_assert(static_cast<int>(Outcome::kCancelled) + 1 == v1::CANCELLED);

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

void RequestToProto(const OperationRequest& request, v1::Operation& proto) {
  proto.set_id(request.id);
  *proto.mutable_donor_choice() = graft::ToProto(request.donor);
  proto.set_replicate_from(graft::ToProto(request.replicate_from));
  *proto.mutable_settings() = graft::ToProto(request.settings);
  *proto.mutable_allow() = graft::ToProto(request.allow);
  proto.set_kind(graft::ToProto(request.kind));
  if (request.kind == OperationKind::kRelease) {
    *proto.mutable_release() = graft::ToProto(request.release);
  }
}

absl::StatusOr<OperationRequest> RequestFromProto(const v1::Operation& proto) {
  OperationRequest request;
  request.id = proto.id();
  GRAFT_ASSIGN_OR_RETURN(request.donor, graft::FromProto(proto.donor_choice()));
  GRAFT_ASSIGN_OR_RETURN(const auto from, graft::FromProto(proto.replicate_from()));
  if (!from.has_value()) return absl::InvalidArgumentError("replicate_from is missing");
  request.replicate_from = *from;
  request.settings = graft::FromProto(proto.settings());
  request.allow = graft::FromProto(proto.allow());
  GRAFT_ASSIGN_OR_RETURN(request.kind, graft::FromProto(proto.kind()));
  request.release = graft::FromProto(proto.release());
  return request;
}

// The tablets and servers it deals with.
absl::Status ReadPeers(const v1::Operation& proto, Operation& operation) {
  GRAFT_ASSIGN_OR_RETURN(operation.recipient, AliasFromText(proto.recipient()));
  GRAFT_ASSIGN_OR_RETURN(operation.donor, AliasFromText(proto.donor()));
  GRAFT_ASSIGN_OR_RETURN(operation.donor_mysql, HostPortFromText(proto.donor_mysql()));
  GRAFT_ASSIGN_OR_RETURN(operation.source, AliasFromText(proto.source()));
  GRAFT_ASSIGN_OR_RETURN(operation.source_mysql, HostPortFromText(proto.source_mysql()));
  return absl::OkStatus();
}

// The history of the operation, and its proofs.
void AddHistory(const Operation& operation, v1::Operation& proto) {
  for (const FailedAttempt& attempt : operation.failed_attempts) {
    *proto.add_failed_attempts() = graft::ToProto(attempt);
  }
  for (const RefusedDonor& refused : operation.refused_donors) {
    *proto.add_refused_donors() = graft::ToProto(refused);
  }
  proto.set_refused_more(operation.refused_more);
  for (const CheckResult& finding : operation.findings) {
    *proto.add_findings() = graft::ToProto(finding);
  }
  proto.set_queue_place(operation.queue_place);
  proto.set_claim_lost(operation.claim_lost);
  proto.set_resumptions(operation.resumptions);
  for (const EndedSession& session : operation.ended_sessions) {
    *proto.add_ended_sessions() = graft::ToProto(session);
  }
  proto.set_ended_sessions_more(operation.ended_sessions_more);
  *proto.mutable_proof() = graft::ToProto(operation.proof);
  *proto.mutable_donor_patience() = ToDuration(operation.donor_patience);
}

absl::Status ReadHistory(const v1::Operation& proto, Operation& operation) {
  for (const v1::FailedAttempt& attempt : proto.failed_attempts()) {
    GRAFT_ASSIGN_OR_RETURN(operation.failed_attempts.emplace_back(), graft::FromProto(attempt));
  }
  // Records of old have thousands of them, more than a client takes.
  const int kept = std::min(proto.refused_donors_size(), kMostRefusals);
  operation.refused_more = proto.refused_more() + proto.refused_donors_size() - kept;
  for (int i = 0; i < kept; ++i) {
    GRAFT_ASSIGN_OR_RETURN(operation.refused_donors.emplace_back(),
                           graft::FromProto(proto.refused_donors(i)));
  }
  for (const v1::CheckResult& finding : proto.findings()) {
    GRAFT_ASSIGN_OR_RETURN(operation.findings.emplace_back(), graft::FromProto(finding));
  }
  operation.queue_place = proto.queue_place();
  operation.claim_lost = proto.claim_lost();
  operation.resumptions = proto.resumptions();
  for (const v1::EndedSession& session : proto.ended_sessions()) {
    operation.ended_sessions.push_back(graft::FromProto(session));
  }
  operation.ended_sessions_more = proto.ended_sessions_more();
  operation.proof = graft::FromProto(proto.proof());
  // A record of version 1 has none; the default is the server's.
  if (proto.has_donor_patience()) operation.donor_patience = FromDuration(proto.donor_patience());
  return absl::OkStatus();
}

}  // namespace

v1::DataState ToProto(DataState state) {
  return static_cast<v1::DataState>(static_cast<int>(state) + 1);
}

absl::StatusOr<DataState> FromProto(v1::DataState proto) {
  if (proto == v1::DATA_STATE_UNSPECIFIED || !v1::DataState_IsValid(proto)) {
    return UnknownWord("data state", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<DataState>(static_cast<int>(proto) - 1);
}

v1::Operation ToProto(const Operation& operation) {
  v1::Operation proto;
  RequestToProto(operation.request, proto);
  proto.set_recipient(AliasText(operation.recipient));
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
  AddHistory(operation, proto);
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
  GRAFT_RETURN_IF_ERROR(ReadHistory(proto, operation));
  return operation;
}

}  // namespace graft
