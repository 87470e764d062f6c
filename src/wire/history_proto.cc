#include "wire/history_proto.h"

#include "base/errors.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft {

v1::RefusedDonor ToProto(const RefusedDonor& refused) {
  v1::RefusedDonor proto;
  proto.set_alias(AliasText(refused.alias));
  proto.set_reason(refused.reason);
  proto.set_text(refused.text);
  return proto;
}

absl::StatusOr<RefusedDonor> FromProto(const v1::RefusedDonor& proto) {
  RefusedDonor refused;
  GRAFT_ASSIGN_OR_RETURN(refused.alias, AliasFromText(proto.alias()));
  refused.reason = proto.reason();
  refused.text = proto.text();
  return refused;
}

v1::FailedAttempt ToProto(const FailedAttempt& attempt) {
  v1::FailedAttempt proto;
  proto.set_attempt(attempt.attempt);
  proto.set_donor(AliasText(attempt.donor));
  proto.set_step(std::string(StepName(attempt.step)));
  proto.set_data_state(ToProto(attempt.data_state));
  if (!attempt.error.ok()) *proto.mutable_error() = ToProto(attempt.error);
  if (IsSet(attempt.ended)) *proto.mutable_ended() = ToTimestamp(attempt.ended);
  return proto;
}

absl::StatusOr<FailedAttempt> FromProto(const v1::FailedAttempt& proto) {
  FailedAttempt attempt;
  attempt.attempt = proto.attempt();
  GRAFT_ASSIGN_OR_RETURN(attempt.donor, AliasFromText(proto.donor()));
  GRAFT_ASSIGN_OR_RETURN(attempt.step, StepFromWord(proto.step()));
  GRAFT_ASSIGN_OR_RETURN(attempt.data_state, FromProto(proto.data_state()));
  if (proto.has_error()) attempt.error = FromProto(proto.error());
  attempt.ended = TimeOrUnset(proto.has_ended(), proto.ended());
  return attempt;
}

v1::EndedSession ToProto(const EndedSession& session) {
  v1::EndedSession proto;
  proto.set_connection_id(session.connection_id);
  proto.set_user(session.user);
  proto.set_host(session.host);
  return proto;
}

EndedSession FromProto(const v1::EndedSession& proto) {
  return {proto.connection_id(), proto.user(), proto.host()};
}

v1::Proof ToProto(const Proof& proof) {
  v1::Proof proto;
  proto.set_gtid_before(proof.gtid_before);
  proto.set_gtid_discarded(proof.gtid_discarded);
  proto.set_transactions_discarded(proof.transactions_discarded);
  for (const std::string& table : proof.emptied_tables) proto.add_emptied_tables(table);
  proto.set_not_checked(proof.not_checked);
  return proto;
}

Proof FromProto(const v1::Proof& proto) {
  Proof proof;
  proof.gtid_before = proto.gtid_before();
  proof.gtid_discarded = proto.gtid_discarded();
  proof.transactions_discarded = proto.transactions_discarded();
  proof.emptied_tables.assign(proto.emptied_tables().begin(), proto.emptied_tables().end());
  proof.not_checked = proto.not_checked();
  return proof;
}

}  // namespace graft
