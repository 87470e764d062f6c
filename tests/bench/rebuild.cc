#include "bench/rebuild.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "cli/agent_client.h"
#include "graft/cancellation.h"
#include "mysql/session.h"
#include "mysql/statements.h"

namespace graft {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kPatience = absl::Minutes(5);

absl::StatusOr<std::unique_ptr<Session>> Connect(Clock& clock, MysqlSandbox& mysql,
                                                 absl::Duration read_timeout = absl::Seconds(10)) {
  ConnectionOptions options;
  options.socket = mysql.socket();
  options.user = "vt_dba";
  return Session::Open(clock, options, read_timeout, absl::Seconds(10));
}

absl::StatusOr<std::string> Value(Session& session, const std::string& sql) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows, session.Query(sql, sql));
  if (rows.rows.empty()) return std::string();
  return rows.rows.front().front().value_or("");
}

absl::StatusOr<GtidSet> Executed(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, Value(session, "SELECT @@GLOBAL.gtid_executed"));
  return GtidSet::Parse(text);
}

class ByHand {
 public:
  ByHand(Clock& clock, BenchShard& shard) : clock_(clock), shard_(shard) {}

  absl::StatusOr<Rebuild> Run() {
    GRAFT_ASSIGN_OR_RETURN(donor_, Connect(clock_, shard_.donor()));
    GRAFT_ASSIGN_OR_RETURN(recipient_,
                           Connect(clock_, shard_.recipient(), absl::InfiniteDuration()));
    const absl::Time begin = part_begin_ = clock_.Now();
    GRAFT_RETURN_IF_ERROR(Clone());
    EndPart("clone");
    GRAFT_RETURN_IF_ERROR(AwaitServer());
    EndPart("await_restart");
    GRAFT_RETURN_IF_ERROR(Follow());
    EndPart("replicate");
    GRAFT_RETURN_IF_ERROR(AwaitCaughtUp());
    EndPart("catch_up");
    rebuild_.total = clock_.Now() - begin;
    return rebuild_;
  }

 private:
  absl::Status Clone() {
    CloneRequest request;
    request.donor = shard_.donor().address();
    request.user = "vt_clone";
    request.password = shard_.clone_password();
    GRAFT_ASSIGN_OR_RETURN(const std::string clone, CloneStatement(request, Secrets::kReveal));
    GRAFT_ASSIGN_OR_RETURN(const std::string list, DonorListStatement(request.donor));
    GRAFT_RETURN_IF_ERROR(Do(StopReplicaStatement(recipient_->version())));
    GRAFT_RETURN_IF_ERROR(Do("SET GLOBAL super_read_only = OFF"));
    GRAFT_RETURN_IF_ERROR(Do(list));
    const absl::Status said = recipient_->ExecuteSecret(clone, "CLONE", request.password);
    recipient_.reset();
    return said.ok() || ReasonOf(said) == kReasonMysqlGone ? absl::OkStatus() : said;
  }

  // CLONE has forgotten the last run, so that Completed can only be this one's, after its restart.
  absl::Status AwaitServer() {
    return Poll("the restart", [this]() -> absl::StatusOr<bool> {
      auto session = Connect(clock_, shard_.recipient());
      if (!session.ok()) return false;
      const auto state = Value(**session, "SELECT state FROM performance_schema.clone_status");
      if (state.ok() && *state == "Failed") return absl::AbortedError("CLONE failed");
      if (!state.ok() || *state != "Completed") return false;
      recipient_ = *std::move(session);
      return true;
    });
  }

  absl::Status Follow() {
    ReplicationSource source;
    source.address = shard_.donor().address();
    source.user = "vt_repl";
    source.password = shard_.repl_password();
    const ServerVersion& version = recipient_->version();
    GRAFT_ASSIGN_OR_RETURN(const std::string change,
                           ChangeSourceStatement(version, source, Secrets::kReveal));
    GRAFT_RETURN_IF_ERROR(Do(StopReplicaStatement(version)));
    GRAFT_RETURN_IF_ERROR(Do(ForgetReplicaStatement(version)));
    GRAFT_RETURN_IF_ERROR(recipient_->ExecuteSecret(change, "CHANGE", source.password));
    return Do(StartReplicaStatement(version));
  }

  absl::Status AwaitCaughtUp() {
    GRAFT_ASSIGN_OR_RETURN(const GtidSet goal, Executed(*donor_));
    return Poll("replication", [this, &goal]() -> absl::StatusOr<bool> {
      GRAFT_ASSIGN_OR_RETURN(
          const RowSet rows,
          recipient_->Query(ShowReplicaStatement(recipient_->version()), "show replica"));
      if (rows.rows.empty()) return absl::AbortedError("no replication channel");
      const Row row(rows, 0);
      const bool running = row.Text({"Replica_IO_Running", "Slave_IO_Running"}) == "Yes" &&
                           row.Text({"Replica_SQL_Running", "Slave_SQL_Running"}) == "Yes";
      if (!running) return false;
      GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed(*recipient_));
      return executed.Contains(goal);
    });
  }

  void EndPart(const char* name) {
    const absl::Time now = clock_.Now();
    rebuild_.parts.emplace_back(name, now - part_begin_);
    part_begin_ = now;
  }

  absl::Status Do(const std::string& sql) { return recipient_->Execute(sql, sql); }

  template <typename Condition>
  absl::Status Poll(absl::string_view what, const Condition& condition) {
    Cancellation never;
    const absl::Time deadline = clock_.Now() + kPatience;
    while (clock_.Now() < deadline) {
      GRAFT_ASSIGN_OR_RETURN(const bool done, condition());
      if (done) return absl::OkStatus();
      never.WaitFor(clock_, kPoll);
    }
    return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
  }

  Clock& clock_;
  BenchShard& shard_;
  std::unique_ptr<Session> donor_;
  std::unique_ptr<Session> recipient_;
  absl::Time part_begin_;
  Rebuild rebuild_;
};

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

absl::StatusOr<Rebuild> RebuildByHand(Clock& clock, BenchShard& shard) {
  return ByHand(clock, shard).Run();
}

absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard) {
  const auto agent = cli::MakeAgentClient(shard.agent_address(), kPatience);
  // Connects: the other way has its sessions at the start, too.
  GRAFT_RETURN_IF_ERROR(agent->GetTablet().status());
  v1::ReprovisionRequest request;
  request.mutable_donor()->set_primary(true);
  Rebuild rebuild;
  const absl::Time begin = clock.Now();
  GRAFT_ASSIGN_OR_RETURN(v1::Operation operation, agent->Reprovision(request));
  const std::string id = operation.id();
  GRAFT_RETURN_IF_ERROR(agent->WatchOperation(id, [&](const v1::Operation& now) {
    operation = now;
    rebuild.total = clock.Now() - begin;
  }));
  if (operation.outcome() != v1::DONE) {
    return absl::AbortedError("the operation did not end well: " + operation.ShortDebugString());
  }
  for (const v1::StepTime& time : operation.times()) {
    rebuild.parts.emplace_back(time.step(), FromProto(time.ended()) - FromProto(time.started()));
  }
  return rebuild;
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
  GRAFT_ASSIGN_OR_RETURN(const auto donor, Connect(clock, shard.donor()));
  GRAFT_ASSIGN_OR_RETURN(const auto recipient, Connect(clock, shard.recipient()));
  const std::string threads =
      "SELECT CONCAT((SELECT service_state FROM performance_schema.replication_connection_status), "
      "'/', (SELECT service_state FROM performance_schema.replication_applier_status))";
  GRAFT_ASSIGN_OR_RETURN(const std::string running, Value(*recipient, threads));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet wanted, Executed(*donor));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, Executed(*recipient));
  const std::string count = "SELECT CONCAT(COUNT(*), ' ', MAX(id)) FROM bench.rows_of_bytes";
  GRAFT_ASSIGN_OR_RETURN(const std::string rows_wanted, Value(*donor, count));
  GRAFT_ASSIGN_OR_RETURN(const std::string rows, Value(*recipient, count));
  if (running == "ON/ON" && executed.Contains(wanted) && rows == rows_wanted) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "not a replica that has caught up: threads ", running, ", executed ", executed.ToString(),
      " of ", wanted.ToString(), ", rows and last id ", rows, " of ", rows_wanted));
}

}  // namespace graft
