#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/history_proto.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

absl::StatusOr<TabletType> TypeFromNumber(int number) {
  if (number < 0 || number > static_cast<int>(TabletType::kDrained)) {
    return absl::InvalidArgumentError(absl::StrCat(number, " is no known tablet type"));
  }
  return static_cast<TabletType>(number);
}

v1::CloneRun ToProto(const CloneRun& run) {
  v1::CloneRun proto;
  proto.set_not_before(run.not_before);
  proto.set_begin_time(run.begin_time);
  proto.set_connection_id(run.connection_id);
  return proto;
}

CloneRun FromProto(const v1::CloneRun& proto) {
  CloneRun run;
  run.not_before = proto.not_before();
  run.begin_time = proto.begin_time();
  run.connection_id = proto.connection_id();
  return run;
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

}  // namespace

v1::JournalRecord ToJournalRecord(const Operation& operation) {
  v1::JournalRecord record;
  record.set_schema_version(kJournalSchemaVersion);
  *record.mutable_operation() = ToProto(operation);
  record.set_type_before(static_cast<int>(operation.type_before));
  record.set_type_after(static_cast<int>(operation.type_after));
  record.set_data_before(ToProto(operation.data_before));
  record.set_server_uuid(operation.server_uuid);
  record.set_donor_uuid(operation.donor_uuid);
  record.set_data_directory(operation.data_directory);
  record.set_error_log(operation.error_log);
  *record.mutable_run() = ToProto(operation.run);
  *record.mutable_fence() = ToProto(operation.fence);
  for (const FailedAttempt& attempt : operation.earlier_failures) {
    *record.add_earlier_failures() = ToProto(attempt);
  }
  return record;
}

absl::StatusOr<Operation> FromJournalRecord(const v1::JournalRecord& record) {
  if (record.schema_version() < 1 || record.schema_version() > kJournalSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the record has schema version ", record.schema_version(),
                     ", and this graft reads versions 1 to ", kJournalSchemaVersion));
  }
  GRAFT_ASSIGN_OR_RETURN(Operation operation, FromProto(record.operation()));
  GRAFT_ASSIGN_OR_RETURN(operation.type_before, TypeFromNumber(record.type_before()));
  GRAFT_ASSIGN_OR_RETURN(operation.type_after, TypeFromNumber(record.type_after()));
  GRAFT_ASSIGN_OR_RETURN(operation.data_before, FromProto(record.data_before()));
  operation.server_uuid = record.server_uuid();
  operation.donor_uuid = record.donor_uuid();
  operation.data_directory = record.data_directory();
  operation.error_log = record.error_log();
  operation.run = FromProto(record.run());
  operation.fence = FromProto(record.fence());
  for (const v1::FailedAttempt& attempt : record.earlier_failures()) {
    GRAFT_ASSIGN_OR_RETURN(operation.earlier_failures.emplace_back(), FromProto(attempt));
  }
  return operation;
}

}  // namespace graft
