#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/shown_text.h"
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

// Event workers and replication's threads show "Connect"; so do connections that have not given a
// password yet, which hold nothing.
bool IsUserSession(const Row& row) {
  const std::string command = row.Text({"Command"});
  if (command == "Daemon" || command == "Connect") return false;
  const std::string user = row.Text({"User"});
  return user != "system user" && user != "event_scheduler" && user != "unauthenticated user";
}

absl::StatusOr<ServerSession> ReadSession(const Row& row) {
  ServerSession session;
  GRAFT_ASSIGN_OR_RETURN(session.connection_id, row.Number({"Id"}));
  session.user = row.Text({"User"});
  session.host = row.Text({"Host"});
  session.command = row.Text({"Command"});
  session.state = row.Text({"State"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t seconds, row.Number({"Time"}));
  session.in_command = absl::Seconds(std::max<int64_t>(0, seconds));  // clocks go back
  session.statement = ShowStatement(row.Text({"Info"}));
  return session;
}

absl::Status AddIds(const RowSet& rows, std::set<int64_t>* ids) {
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t id, row.Number({"id"}));
    ids->insert(id);
  }
  return absl::OkStatus();
}

using Holders = std::map<int64_t, std::set<int64_t>>;  // by waiting session

absl::StatusOr<Holders> ReadLockWaits(const RowSet& rows) {
  Holders holders;
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t waiter, row.Number({"waiter"}));
    GRAFT_ASSIGN_OR_RETURN(const int64_t holder, row.Number({"holder"}));
    if (waiter == 0 || holder == 0) continue;  // threads that nobody can end
    if (!LocksConflict(row.Text({"wanted"}), row.Text({"held"}))) continue;
    holders[waiter].insert(holder);
  }
  return holders;
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

bool LocksConflict(absl::string_view wanted, absl::string_view held) {
  static const auto* const free = new std::map<std::string, std::set<std::string>, std::less<>>{
      {"INTENTION_EXCLUSIVE", {"INTENTION_EXCLUSIVE"}},
      {"SHARED",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE"}},
      {"SHARED_READ",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE"}},
      {"SHARED_WRITE",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE"}},
      {"SHARED_UPGRADABLE",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_READ_ONLY"}},
      {"SHARED_READ_ONLY",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_UPGRADABLE", "SHARED_READ_ONLY",
        "SHARED_NO_WRITE"}},
      {"SHARED_NO_WRITE", {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_READ_ONLY"}},
      {"SHARED_NO_READ_WRITE", {"SHARED", "SHARED_HIGH_PRIO"}},
  };
  if (wanted == "SHARED_HIGH_PRIO") wanted = "SHARED";
  if (wanted == "SHARED_WRITE_LOW_PRIO") wanted = "SHARED_WRITE";
  const auto row = free->find(wanted);
  return row == free->end() || row->second.count(std::string(held)) == 0;
}

absl::StatusOr<std::vector<ServerSession>> ReadSessionRows(const SessionRows& rows) {
  std::set<int64_t> in_transaction;
  GRAFT_RETURN_IF_ERROR(AddIds(rows.transactions, &in_transaction));
  GRAFT_RETURN_IF_ERROR(AddIds(rows.held_locks, &in_transaction));
  GRAFT_ASSIGN_OR_RETURN(Holders holders, ReadLockWaits(rows.lock_waits));
  std::vector<ServerSession> sessions;
  for (const Row& row : Rows(rows.processlist)) {
    if (!IsUserSession(row)) continue;
    GRAFT_ASSIGN_OR_RETURN(ServerSession session, ReadSession(row));
    if (session.connection_id == rows.own_id) continue;
    session.in_transaction = in_transaction.count(session.connection_id) > 0;
    const std::set<int64_t>& waits = holders[session.connection_id];
    session.waits_for.assign(waits.begin(), waits.end());
    sessions.push_back(std::move(session));
  }
  std::sort(sessions.begin(), sessions.end(), [](const ServerSession& a, const ServerSession& b) {
    return a.connection_id < b.connection_id;
  });
  return sessions;
}

}  // namespace graft
