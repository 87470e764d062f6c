#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "mysql/error_map.h"
#include "mysql/tables.h"

namespace graft {
namespace {

// clone_status shows milliseconds, rounded; clone_progress microseconds. Rounded alike they compare
// as text.
std::string Milliseconds(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, absl::UTCTimeZone(), &time, &error)) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", time + absl::Microseconds(500),
                          absl::UTCTimeZone());
}

absl::StatusOr<CloneState> StateOf(const Row& row) {
  const std::string text = row.Text({"state"});
  if (const auto state = ParseCloneState(text)) return *state;
  return absl::InternalError(absl::StrCat("MySQL shows a clone state unknown to graft: \"", text,
                                          "\"; this graft is too old for this server"));
}

absl::StatusOr<CloneStatus> StatusOf(const Row& row) {
  CloneStatus status;
  GRAFT_ASSIGN_OR_RETURN(status.connection_id, row.Number({"pid"}));
  GRAFT_ASSIGN_OR_RETURN(status.state, StateOf(row));
  GRAFT_ASSIGN_OR_RETURN(const int64_t error_no, row.Number({"error_no"}));
  status.error_no = static_cast<int>(error_no);
  status.error_message = row.Text({"error_message"});
  if (status.error_no != 0) {
    status.failure = FromMysqlError(status.error_no, status.error_message, "clone_status");
  }
  status.begin_time = row.Text({"begin_time"});
  status.end_time = row.Text({"end_time"});
  status.source = row.Text({"source"});
  status.destination = row.Text({"destination"});
  status.gtid_executed = absl::StrReplaceAll(row.Text({"gtid_executed"}), {{"\n", ""}});
  return status;
}

absl::StatusOr<CloneStageRow> StageOf(const Row& row) {
  const std::string name = row.Text({"stage"});
  const auto stage = ParseCloneStage(name);
  if (!stage.has_value()) {
    return absl::InternalError(absl::StrCat("MySQL shows a clone stage unknown to graft: \"", name,
                                            "\"; this graft is too old for this server"));
  }
  CloneStageRow result;
  result.stage = *stage;
  GRAFT_ASSIGN_OR_RETURN(result.state, StateOf(row));
  GRAFT_ASSIGN_OR_RETURN(result.estimate_bytes, row.Number({"estimate"}));
  GRAFT_ASSIGN_OR_RETURN(result.data_bytes, row.Number({"data"}));
  GRAFT_ASSIGN_OR_RETURN(result.network_bytes, row.Number({"network"}));
  result.begin_time = Milliseconds(row.Text({"begin_time"}));
  result.end_time = Milliseconds(row.Text({"end_time"}));
  return result;
}

}  // namespace

absl::StatusOr<CloneReport> ReadCloneTables(const RowSet& status, const RowSet& progress) {
  CloneReport report;
  if (!status.rows.empty()) {
    GRAFT_ASSIGN_OR_RETURN(report.status, StatusOf(Row(status, 0)));
  }
  for (const Row& row : Rows(progress)) {
    GRAFT_ASSIGN_OR_RETURN(report.stages.emplace_back(), StageOf(row));
  }
  std::sort(report.stages.begin(), report.stages.end(),
            [](const CloneStageRow& a, const CloneStageRow& b) { return a.stage < b.stage; });
  return report;
}

}  // namespace graft
