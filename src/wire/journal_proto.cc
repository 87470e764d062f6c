#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "wire/fields.h"
#include "wire/history_proto.h"
#include "wire/operation_proto.h"
#include "wire/request_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

absl::StatusOr<TabletType> TypeFromNumber(int number) {
  if (number < 0 || number > static_cast<int>(TabletType::kDrained)) {
    return absl::InvalidArgumentError(absl::StrCat(number, " is no known tablet type"));
  }
  return static_cast<TabletType>(number);
}

v1::CloneRun ToProto(const SentClone& clone) {
  v1::CloneRun proto;
  proto.set_not_before(clone.not_before);
  proto.set_begin_time(clone.begin_time);
  proto.set_connection_id(clone.connection_id);
  proto.set_process(clone.process);
  *proto.mutable_choice() = graft::ToProto(clone.choice);
  proto.set_donor(AliasText(clone.donor));
  proto.set_donor_mysql(HostPortText(clone.donor_mysql));
  proto.set_donor_gtid(clone.donor_gtid);
  proto.set_gtid_before(clone.gtid_before);
  for (const std::string& schema : clone.schemas_before) proto.add_schemas_before(schema);
  proto.set_copied(clone.copied);
  return proto;
}

absl::StatusOr<SentClone> FromProto(const v1::CloneRun& proto) {
  SentClone clone;
  clone.not_before = proto.not_before();
  clone.begin_time = proto.begin_time();
  clone.connection_id = proto.connection_id();
  clone.process = proto.process();
  if (proto.has_choice()) {
    GRAFT_ASSIGN_OR_RETURN(clone.choice, graft::FromProto(proto.choice()));
  }
  GRAFT_ASSIGN_OR_RETURN(clone.donor, AliasFromText(proto.donor()));
  GRAFT_ASSIGN_OR_RETURN(clone.donor_mysql, HostPortFromText(proto.donor_mysql()));
  clone.donor_gtid = proto.donor_gtid();
  clone.gtid_before = proto.gtid_before();
  clone.schemas_before.assign(proto.schemas_before().begin(), proto.schemas_before().end());
  clone.copied = proto.copied();
  return clone;
}

v1::FenceVariable ToProto(const FenceRecord::Persisted& variable) {
  v1::FenceVariable proto;
  proto.set_name(variable.name);
  proto.set_value(variable.value);
  if (variable.persisted.has_value()) proto.set_persisted(*variable.persisted);
  return proto;
}

FenceRecord::Persisted FromProto(const v1::FenceVariable& proto) {
  return {proto.name(), proto.value(),
          proto.has_persisted() ? std::make_optional(proto.persisted()) : std::nullopt};
}

v1::Fence ToProto(const FenceRecord& fence) {
  v1::Fence proto;
  proto.set_up(fence.up);
  proto.set_replication_was_running(fence.replication_was_running);
  for (const auto& variable : fence.variables) *proto.add_variables() = ToProto(variable);
  for (const auto& setting : fence.clone_settings) *proto.add_clone_settings() = ToProto(setting);
  return proto;
}

FenceRecord FromProto(const v1::Fence& proto) {
  FenceRecord fence;
  fence.up = proto.up();
  fence.replication_was_running = proto.replication_was_running();
  for (const auto& variable : proto.variables()) fence.variables.push_back(FromProto(variable));
  for (const auto& setting : proto.clone_settings()) {
    fence.clone_settings.push_back(FromProto(setting));
  }
  return fence;
}

// Up to version 3 the marks of the last run stayed in the record for ever, and the data counted as
// intact until the server had been asked.
void ReadOldRun(const v1::JournalRecord& record, TabletState& state) {
  Operation& operation = state.operation;
  operation.progress.clone_sent = record.run().not_before();
  const bool unfinished = operation.outcome == Outcome::kRunning;
  const bool left_behind =
      operation.step == Step::kAwaitRestart && HasReason(operation.error, Reason::kRestartTimeout);
  const bool supervised =
      RowOf(operation).zone == Zone::kCopying || operation.step == Step::kVerify;
  if (record.run().not_before().empty() || !(left_behind || (unfinished && supervised))) return;
  SentClone clone;
  clone.not_before = record.run().not_before();
  clone.begin_time = record.run().begin_time();
  clone.connection_id = record.run().connection_id();
  clone.choice = operation.request.donor;
  clone.donor = operation.donor;
  clone.donor_mysql = operation.donor_mysql;
  clone.gtid_before = operation.proof.gtid_before;
  state.clone = clone;
  if (operation.data_state == DataState::kIntact) operation.data_state = DataState::kPartial;
}

absl::Status ReadRun(const v1::JournalRecord& record, TabletState& state) {
  if (record.schema_version() < 4) {
    ReadOldRun(record, state);
  } else if (record.has_run()) {
    GRAFT_ASSIGN_OR_RETURN(state.clone, FromProto(record.run()));
  }
  state.throttle = graft::FromProto(record.throttle());
  if (!record.has_cancel()) return absl::OkStatus();
  const v1::GrantedCancel& cancel = record.cancel();
  state.cancel = GrantedCancel{
      cancel.even_if_dropped() ? CancelWish::kEvenIfDropped : CancelWish::kIfNothingDropped,
      TimeOrUnset(cancel.has_granted(), cancel.granted())};
  return absl::OkStatus();
}

}  // namespace

v1::JournalRecord ToJournalRecord(const TabletState& state) {
  v1::JournalRecord record;
  record.set_schema_version(kJournalSchemaVersion);
  record.set_sequence(state.sequence);
  *record.mutable_operation() = ToProto(state.operation);
  record.set_type_before(static_cast<int>(state.type_before));
  record.set_type_after(static_cast<int>(state.type_after));
  record.set_data_before(ToProto(state.data_before));
  record.set_server_uuid(state.server_uuid);
  record.set_donor_uuid(state.donor_uuid);
  record.set_source_uuid(state.source_uuid);
  record.set_donor_gtid(state.donor_gtid);
  record.set_data_directory(state.data_directory);
  record.set_error_log(state.error_log);
  if (state.clone.has_value()) *record.mutable_run() = ToProto(*state.clone);
  if (state.cancel.has_value()) {
    v1::GrantedCancel& cancel = *record.mutable_cancel();
    cancel.set_even_if_dropped(state.cancel->wish == CancelWish::kEvenIfDropped);
    if (IsSet(state.cancel->granted)) {
      *cancel.mutable_granted() = ToTimestamp(state.cancel->granted);
    }
  }
  *record.mutable_throttle() = graft::ToProto(state.throttle);
  *record.mutable_fence() = ToProto(state.fence);
  for (const FailedAttempt& attempt : state.earlier_failures) {
    *record.add_earlier_failures() = ToProto(attempt);
  }
  return record;
}

absl::StatusOr<TabletState> FromJournalRecord(const v1::JournalRecord& record) {
  if (record.schema_version() < 1 || record.schema_version() > kJournalSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the record has schema version ", record.schema_version(),
                     ", and this graft reads versions 1 to ", kJournalSchemaVersion));
  }
  TabletState state;
  state.sequence = record.sequence();
  GRAFT_ASSIGN_OR_RETURN(state.operation, FromProto(record.operation()));
  GRAFT_ASSIGN_OR_RETURN(state.type_before, TypeFromNumber(record.type_before()));
  GRAFT_ASSIGN_OR_RETURN(state.type_after, TypeFromNumber(record.type_after()));
  GRAFT_ASSIGN_OR_RETURN(state.data_before, FromProto(record.data_before()));
  state.server_uuid = record.server_uuid();
  state.donor_uuid = record.donor_uuid();
  state.source_uuid = record.source_uuid();
  state.donor_gtid = record.donor_gtid();
  state.data_directory = record.data_directory();
  state.error_log = record.error_log();
  GRAFT_RETURN_IF_ERROR(ReadRun(record, state));
  state.fence = FromProto(record.fence());
  for (const v1::FailedAttempt& attempt : record.earlier_failures()) {
    GRAFT_ASSIGN_OR_RETURN(state.earlier_failures.emplace_back(), FromProto(attempt));
  }
  return state;
}

}  // namespace graft
