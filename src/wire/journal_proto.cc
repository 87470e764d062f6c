#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

void MapType(Fields& fields, const char* name, TabletType& type) {
  int number = static_cast<int>(type);
  fields(name, number);
  if (number < 0 || number > static_cast<int>(TabletType::kDrained)) {
    return fields.Fail(
        absl::InvalidArgumentError(absl::StrCat(number, " is no known tablet type")));
  }
  type = static_cast<TabletType>(number);
}

// Up to version 3 the marks of the last run stayed in the record for ever, and the data counted as
// intact until the server had been asked.
void ReadOldRun(const v1::CloneRun& run, TabletState& state) {
  Operation& operation = state.operation;
  state.clone.reset();
  operation.progress.clone_sent = run.not_before();
  const bool unfinished = operation.outcome == Outcome::kRunning;
  const bool left_behind =
      operation.step == Step::kAwaitRestart && HasReason(operation.error, Reason::kRestartTimeout);
  const bool supervised =
      RowOf(operation).zone == Zone::kCopying || operation.step == Step::kVerify;
  if (run.not_before().empty() || !(left_behind || (unfinished && supervised))) return;
  SentClone clone;
  clone.not_before = run.not_before();
  clone.begin_time = run.begin_time();
  clone.connection_id = run.connection_id();
  clone.choice = operation.request.donor;
  clone.donor = operation.donor;
  clone.donor_mysql = operation.donor_mysql;
  clone.gtid_before = operation.proof.gtid_before;
  state.clone = clone;
  if (operation.data_state == DataState::kIntact) operation.data_state = DataState::kPartial;
}

}  // namespace

void Map(Fields& fields, SentClone& clone) {
  fields("not_before", clone.not_before);
  fields("begin_time", clone.begin_time);
  fields("connection_id", clone.connection_id);
  fields("process", clone.process);
  fields.IfSet("choice", clone.choice);
  fields("donor", clone.donor);
  fields("donor_mysql", clone.donor_mysql);
  fields("donor_gtid", clone.donor_gtid);
  fields("gtid_before", clone.gtid_before);
  fields("schemas_before", clone.schemas_before);
  fields("copied", clone.copied);
}

void Map(Fields& fields, FenceRecord::Persisted& variable) {
  fields("name", variable.name);
  fields("value", variable.value);
  fields("persisted", variable.persisted);
}

void Map(Fields& fields, FenceRecord& fence) {
  fields("up", fence.up);
  fields("replication_was_running", fence.replication_was_running);
  fields("variables", fence.variables);
  fields("clone_settings", fence.clone_settings);
  fields("acknowledged", fence.acknowledged);
}

void Map(Fields& fields, ReplicationFilter& filter) {
  fields("name", filter.name);
  fields("rule", filter.rule);
  filter.plain = filter.by_statement = true;  // no others are noted
}

void Map(Fields& fields, ReplicationSettings& settings) {
  int64_t seconds = absl::ToInt64Seconds(settings.delay);
  fields("delay_seconds", seconds);
  settings.delay = absl::Seconds(seconds);
  fields("filters", settings.filters);
}

void Map(Fields& fields, GrantedCancel& cancel) {
  bool even_if_dropped = cancel.wish == CancelWish::kEvenIfDropped;
  fields("even_if_dropped", even_if_dropped);
  cancel.wish = even_if_dropped ? CancelWish::kEvenIfDropped : CancelWish::kIfNothingDropped;
  fields("granted", cancel.granted);
}

void Map(Fields& fields, TabletState& state) {
  fields("sequence", state.sequence);
  fields("operation", state.operation);
  MapType(fields, "type_before", state.type_before);
  MapType(fields, "type_after", state.type_after);
  fields("data_before", state.data_before);
  fields("server_uuid", state.server_uuid);
  fields("donor_uuid", state.donor_uuid);
  fields("source_uuid", state.source_uuid);
  fields("donor_gtid", state.donor_gtid);
  fields("data_directory", state.data_directory);
  fields("error_log", state.error_log);
  fields("run", state.clone);
  fields("cancel", state.cancel);
  fields("throttle", state.throttle);
  fields("fence", state.fence);
  fields("replication", state.replication);
  fields("earlier_failures", state.earlier_failures);
}

v1::JournalRecord ToJournalRecord(const TabletState& state) {
  auto record = ToMessage<v1::JournalRecord>(state);
  record.set_schema_version(kJournalSchemaVersion);
  return record;
}

absl::StatusOr<TabletState> FromJournalRecord(const v1::JournalRecord& record) {
  if (record.schema_version() < 1 || record.schema_version() > kJournalSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the record has schema version ", record.schema_version(),
                     ", and this graft reads versions 1 to ", kJournalSchemaVersion));
  }
  auto state = FromMessage<TabletState>(record);
  if (state.ok() && record.schema_version() < 4) ReadOldRun(record.run(), *state);
  return state;
}

}  // namespace graft
