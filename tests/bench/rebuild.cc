#include "bench/rebuild.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "bench/sql.h"
#include "graft/clock.h"
#include "mysql/statements.h"

namespace graft {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kCatchUpPatience = absl::Minutes(5);

}  // namespace

void PartTimer::End(const std::string& part) {
  const absl::Time now = clock_.Now();
  parts_.emplace_back(part, now - part_begin_);
  part_begin_ = now;
}

Rebuild PartTimer::Take() {
  return {part_begin_ - begin_, parts_};
}

absl::Status Poll(Clock& clock, absl::string_view what, absl::Duration patience,
                  const std::function<absl::StatusOr<bool>()>& condition) {
  Cancellation never;
  const absl::Time deadline = clock.Now() + patience;
  while (clock.Now() < deadline) {
    GRAFT_ASSIGN_OR_RETURN(const bool done, condition());
    if (done) return absl::OkStatus();
    never.WaitFor(clock, kPoll);
  }
  return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
}

absl::Status FollowDonor(BenchShard& shard, Session& recipient) {
  ReplicationSource source;
  source.address = shard.donor().address();
  source.user = "vt_repl";
  source.password = shard.repl_password();
  const ServerVersion& version = recipient.version();
  const auto run = [&recipient](const std::string& sql) { return recipient.Execute(sql, sql); };
  GRAFT_ASSIGN_OR_RETURN(const std::string change,
                         ChangeSourceStatement(version, source, Secrets::kReveal));
  GRAFT_RETURN_IF_ERROR(run(ReplicaStatement(version, "STOP REPLICA")));
  GRAFT_RETURN_IF_ERROR(run(ReplicaStatement(version, "RESET REPLICA ALL")));
  GRAFT_RETURN_IF_ERROR(recipient.ExecuteSecret(change, "CHANGE", source.password));
  return run(ReplicaStatement(version, "START REPLICA"));
}

absl::Status AwaitCaughtUp(Clock& clock, Session& donor, Session& recipient) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet goal, Executed(donor));
  return Poll(clock, "replication", kCatchUpPatience, [&]() -> absl::StatusOr<bool> {
    GRAFT_ASSIGN_OR_RETURN(
        const RowSet rows,
        recipient.Query(ReplicaStatement(recipient.version(), "SHOW REPLICA STATUS"),
                        "show replica"));
    if (rows.rows.empty()) return absl::AbortedError("no replication channel");
    const Row row(rows, 0);
    const bool running = row.Text({"Replica_IO_Running", "Slave_IO_Running"}) == "Yes" &&
                         row.Text({"Replica_SQL_Running", "Slave_SQL_Running"}) == "Yes";
    if (!running) return false;
    GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed(recipient));
    return executed.Contains(goal);
  });
}

absl::StatusOr<Parts> ReadStages(Clock& clock, BenchShard& shard) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, Connect(clock, shard.recipient()));
  const std::string sql =
      "SELECT stage, TIMESTAMPDIFF(MICROSECOND, begin_time, end_time) AS microseconds "
      "FROM performance_schema.clone_progress ORDER BY begin_time";
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows, session->Query(sql, "read clone_progress"));
  Parts parts;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const Row row(rows, i);
    GRAFT_ASSIGN_OR_RETURN(const int64_t microseconds, row.Number({"microseconds"}));
    parts.emplace_back(row.Text({"stage"}), absl::Microseconds(microseconds));
  }
  return parts;
}

absl::Status CheckRebuilt(Clock& clock, BenchShard& shard) {
  GRAFT_ASSIGN_OR_RETURN(const auto donor, Connect(clock, shard.donor(), absl::Minutes(2)));
  GRAFT_ASSIGN_OR_RETURN(const auto recipient, Connect(clock, shard.recipient(), absl::Minutes(2)));
  const std::string threads =
      "SELECT CONCAT((SELECT service_state FROM performance_schema.replication_connection_status), "
      "'/', (SELECT service_state FROM performance_schema.replication_applier_status))";
  GRAFT_ASSIGN_OR_RETURN(const std::string running, Value(*recipient, threads));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet wanted, Executed(*donor));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed(*recipient));
  // Counted by the smallest index that there is, which must be there, too.
  const std::string count =
      "SELECT CONCAT(COUNT(*), ' ', (SELECT MAX(id) FROM bench.orders), ' ', MAX(placed)) "
      "FROM bench.orders FORCE INDEX (by_time)";
  GRAFT_ASSIGN_OR_RETURN(const std::string rows_wanted, Value(*donor, count));
  GRAFT_ASSIGN_OR_RETURN(const std::string rows, Value(*recipient, count));
  if (running == "ON/ON" && executed.Contains(wanted) && rows == rows_wanted) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "not a replica that has caught up: threads ", running, ", executed ", executed.ToString(),
      " of ", wanted.ToString(), ", rows, last id and last time ", rows, " of ", rows_wanted));
}

}  // namespace graft
