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
  GRAFT_MAP(fields, clone.not_before, clone.begin_time, clone.connection_id, clone.process);
  fields.IfSet("choice", clone.choice);
  GRAFT_MAP(fields, clone.donor, clone.donor_mysql, clone.donor_gtid, clone.gtid_before,
            clone.schemas_before, clone.copied);
}

void Map(Fields& fields, FenceRecord::Persisted& variable) {
  GRAFT_MAP(fields, variable.name, variable.value, variable.persisted);
}

void Map(Fields& fields, FenceRecord& fence) {
  GRAFT_MAP(fields, fence.up, fence.replication_was_running, fence.variables, fence.clone_settings,
            fence.acknowledged);
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
  GRAFT_MAP(fields, state.data_before, state.server_uuid, state.donor_uuid, state.source_uuid,
            state.donor_gtid, state.data_directory, state.error_log);
  fields("run", state.clone);
  GRAFT_MAP(fields, state.cancel, state.throttle, state.fence, state.replication,
            state.earlier_failures);
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
