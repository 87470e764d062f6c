#include "bench/clone_ways.h"

#include <memory>

#include "base/errors.h"
#include "bench/agent_calls.h"
#include "bench/sql.h"
#include "mysql/statements.h"

namespace graft {
namespace {

constexpr absl::Duration kRestartPatience = absl::Minutes(30);

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

// CLONE ends this connection. The server shows the result when it is back.
absl::Status CloneByHand(BenchShard& shard, Session& recipient) {
  CloneRequest request;
  request.donor = shard.donor().address();
  request.user = "vt_clone";
  request.password = shard.clone_password();
  GRAFT_ASSIGN_OR_RETURN(const std::string clone, CloneStatement(request, Secrets::kReveal));
  GRAFT_ASSIGN_OR_RETURN(const std::string list, DonorListStatement(request.donor));
  for (const std::string& sql : {ReplicaStatement(recipient.version(), "STOP REPLICA"),
                                 std::string("SET GLOBAL super_read_only = OFF"), list}) {
    GRAFT_RETURN_IF_ERROR(recipient.Execute(sql, sql));
  }
  absl::Status said = recipient.ExecuteSecret(clone, "CLONE", request.password);
  return said.ok() || ReasonOf(said) == "MYSQL_GONE" ? absl::OkStatus() : said;
}

// CLONE has forgotten the last run, so that Completed can only be this one's, after its restart.
absl::StatusOr<std::unique_ptr<Session>> AwaitServer(Clock& clock, BenchShard& shard) {
  std::unique_ptr<Session> recipient;
  GRAFT_RETURN_IF_ERROR(Poll(clock, "the restart", kRestartPatience, [&]() -> absl::StatusOr<bool> {
    auto session = Connect(clock, shard.recipient());
    if (!session.ok()) return false;
    const auto state = Value(**session, "SELECT state FROM performance_schema.clone_status");
    if (state.ok() && *state == "Failed") return absl::AbortedError("CLONE failed");
    if (!state.ok() || *state != "Completed") return false;
    recipient = *std::move(session);
    return true;
  }));
  return recipient;
}

}  // namespace

absl::StatusOr<Rebuild> RebuildByHand(Clock& clock, BenchShard& shard) {
  GRAFT_ASSIGN_OR_RETURN(const auto donor, Connect(clock, shard.donor()));
  GRAFT_ASSIGN_OR_RETURN(auto recipient,
                         Connect(clock, shard.recipient(), absl::InfiniteDuration()));
  PartTimer timer(clock);
  GRAFT_RETURN_IF_ERROR(CloneByHand(shard, *recipient));
  recipient.reset();
  timer.End("clone");
  GRAFT_ASSIGN_OR_RETURN(recipient, AwaitServer(clock, shard));
  timer.End("await_restart");
  GRAFT_RETURN_IF_ERROR(FollowDonor(shard, *recipient));
  timer.End("replicate");
  GRAFT_RETURN_IF_ERROR(AwaitCaughtUp(clock, *donor, *recipient));
  timer.End("catch_up");
  return timer.Take();
}

absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard,
                                            const v1::DonorChoice& donor,
                                            const v1::CloneSettings& settings) {
  AgentCalls agent(shard.agent_address());
  // Connects: the other ways have their sessions at the start, too.
  GRAFT_RETURN_IF_ERROR(agent.Ping());
  v1::ReprovisionRequest request;
  *request.mutable_donor() = donor;
  *request.mutable_settings() = settings;
  Rebuild rebuild;
  const absl::Time begin = clock.Now();
  GRAFT_ASSIGN_OR_RETURN(v1::Operation operation, agent.Reprovision(request));
  const std::string id = operation.id();
  GRAFT_RETURN_IF_ERROR(agent.Watch(id, [&](const v1::Operation& now) {
    operation = now;
    rebuild.total = clock.Now() - begin;
  }));
  if (operation.outcome() != v1::DONE) {
    return absl::AbortedError("the operation did not end well: " + operation.ShortDebugString());
  }
  rebuild.parts.reserve(static_cast<size_t>(operation.times_size()));
  for (const v1::StepTime& time : operation.times()) {
    rebuild.parts.emplace_back(time.step(), FromProto(time.ended()) - FromProto(time.started()));
  }
  return rebuild;
}

absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard) {
  v1::DonorChoice primary;
  primary.set_primary(true);
  return RebuildThroughGraft(clock, shard, primary, {});
}

}  // namespace graft
