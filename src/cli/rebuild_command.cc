#include "cli/rebuild.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"

namespace graft::cli {
namespace {

std::string NameOf(const ShardRebuildCall& call) {
  return absl::StrCat(call.keyspace, "/", call.shard);
}

// Noted by several threads.
class NotedTimes {
 public:
  void Note(const TabletAlias& tablet, std::vector<absl::Duration> times) {
    absl::MutexLock lock(&mutex_);
    times_[tablet] = std::move(times);
  }
  std::vector<absl::Duration> Of(const Tablet& tablet) {
    absl::MutexLock lock(&mutex_);
    return times_[tablet.alias];
  }

 private:
  absl::Mutex mutex_;
  std::map<TabletAlias, std::vector<absl::Duration>> times_ ABSL_GUARDED_BY(mutex_);
};

std::vector<SeenTablet> SeeTablets(const Session& session, const RebuildDeps& deps,
                                   const std::vector<Tablet>& tablets) {
  NotedTimes noted;
  const AskAgent ask = [&](const AgentPlace& place, absl::Duration timeout) {
    absl::StatusOr<AgentAnswer> answer = deps.ask(place, timeout);
    if (!answer.ok() || !answer->operation.has_value()) return answer;
    auto times = deps.times(place, timeout);
    if (times.ok()) noted.Note(place.tablet, *std::move(times));
    return answer;
  };
  auto answers = AskAgents(session.clock, ask, tablets, session.clock.Now() + session.timeout);
  std::vector<SeenTablet> seen;
  for (size_t i = 0; i < tablets.size(); ++i) {
    seen.push_back({tablets[i], std::move(answers[i]), noted.Of(tablets[i])});
  }
  return seen;
}

ShardRebuild MakeRebuild(const Session& session, const ShardRebuildCall& call,
                         const RebuildPlan& plan) {
  ShardRebuild rebuild;
  rebuild.call = call.request;
  rebuild.requested = session.clock.Now();
  rebuild.call.id = absl::StrCat(
      "rebuild-", absl::FormatTime("%Y%m%dT%H%M%E3S", rebuild.requested, absl::UTCTimeZone()));
  rebuild.by = call.by;
  rebuild.max_unavailable = plan.at_once;
  for (const RebuildPlan::Row& row : plan.rows) {
    rebuild.members.push_back({row.alias, row.why, MemberOutcome::kWaiting, "", false});
  }
  return rebuild;
}

// Before a person is asked.
absl::Status CheckNoneRuns(const RebuildDeps& deps, const ShardRebuildCall& call) {
  const auto present = deps.rebuilds.Get();
  if (absl::IsNotFound(present.status())) return absl::OkStatus();
  if (!present.ok()) return present.status();
  if (IsOver(*present)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("rebuild ", present->call.id, " of ", NameOf(call), ", begun by ", present->by,
                   ", is not over; look at it with: graftctl reprovision --shard ", NameOf(call)));
}

// OK: go on.
absl::Status Confirm(const Session& session, const ShardRebuildCall& call) {
  if (call.yes) return absl::OkStatus();
  if (call.confirm == nullptr) {
    return absl::InvalidArgumentError(
        "there is no terminal to ask at: nothing has begun; --yes "
        "begins without asking, --plan only shows the plan");
  }
  session.out.flush();
  if (call.confirm("go on? [y/N] ")) return absl::OkStatus();
  return absl::FailedPreconditionError("nothing has begun");
}

absl::StatusOr<PlanRequest> RequestOf(const RebuildDeps& deps, const ShardRebuildCall& call) {
  PlanRequest request;
  GRAFT_ASSIGN_OR_RETURN(request.shard, deps.topology.GetShard(call.keyspace, call.shard));
  request.choice = call.choice;
  request.named = call.named;
  if (call.request.donor.has_value()) request.donor = call.request.donor->tablet;
  request.max_unavailable = call.max_unavailable;
  return request;
}

Result BeginRebuild(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call) {
  if (!call.plan_only) GRAFT_RETURN_IF_ERROR(CheckNoneRuns(deps, call));
  GRAFT_ASSIGN_OR_RETURN(const PlanRequest request, RequestOf(deps, call));
  GRAFT_ASSIGN_OR_RETURN(const TabletList list,
                         deps.topology.ListShardTablets(call.keyspace, call.shard));
  if (!list.missing_cells.empty()) session.err << list.MissingText() << '\n';
  GRAFT_ASSIGN_OR_RETURN(const RebuildPlan plan,
                         MakePlan(request, SeeTablets(session, deps, list.tablets)));
  const ShardRebuild rebuild = MakeRebuild(session, call, plan);
  if (session.output == OutputFormat::kTable) {
    WriteLines(RenderPlan(request, plan), session.out);
  } else if (call.plan_only) {
    WriteObject(session.output, ShardRebuildJson(rebuild), session.out);
  }
  if (call.plan_only || plan.rows.empty()) return ExitCode::kDone;
  GRAFT_RETURN_IF_ERROR(Confirm(session, call));
  GRAFT_RETURN_IF_ERROR(deps.rebuilds.Begin(rebuild));
  if (call.watch) return WatchRebuild(session, deps, call);
  if (session.output != OutputFormat::kTable) {
    WriteObject(session.output, ShardRebuildJson(rebuild), session.out);
    return ExitCode::kDone;
  }
  session.out << "rebuild " << rebuild.call.id
              << " has begun; look at it with: graftctl reprovision --shard " << NameOf(call)
              << '\n';
  return ExitCode::kDone;
}

// An agent that is gone for good would keep the rebuild from ever being over; a second stop gives
// up those members whose agents do not answer.
Result StopRebuild(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call) {
  GRAFT_ASSIGN_OR_RETURN(const ShardRebuild present, deps.rebuilds.Get());
  std::map<TabletAlias, std::string> gone;
  if (!present.stopped.empty()) {
    GRAFT_ASSIGN_OR_RETURN(const TabletList list,
                           deps.topology.ListShardTablets(call.keyspace, call.shard));
    if (list.missing_cells.empty()) {
      for (const ShardRebuild::Member& member : present.members) {
        gone[member.alias] = absl::StrCat("given up by ", call.by, ": its record is gone");
      }
    }
    for (const SeenTablet& tablet : SeeTablets(session, deps, list.tablets)) {
      gone.erase(tablet.record.alias);
      if (tablet.answer.ok()) continue;
      gone[tablet.record.alias] =
          absl::StrCat("given up by ", call.by, ": its agent does not answer");
    }
  }
  GRAFT_RETURN_IF_ERROR(
      deps.rebuilds.Change(present.call.id, [&](ShardRebuild& rebuild) -> absl::Status {
        if (IsOver(rebuild)) {
          return absl::FailedPreconditionError(
              absl::StrCat("rebuild ", rebuild.call.id, " of ", NameOf(call), " is over"));
        }
        if (rebuild.stopped.empty()) rebuild.stopped = call.by;
        for (ShardRebuild::Member& member : rebuild.members) {
          const auto lost = gone.find(member.alias);
          if (lost == gone.end() || member.outcome != MemberOutcome::kRunning) continue;
          member.outcome = MemberOutcome::kFailed;
          member.reason = lost->second;
        }
        return absl::OkStatus();
      }));
  session.out << "rebuild " << present.call.id << " is stopped: no further tablet begins\n";
  return ExitCode::kDone;
}

}  // namespace

Result RebuildShard(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call) {
  if (call.stop) return StopRebuild(session, deps, call);
  if (call.choice != RebuildChoice::kNone) return BeginRebuild(session, deps, call);
  if (call.watch) return WatchRebuild(session, deps, call);
  GRAFT_ASSIGN_OR_RETURN(const ShardRebuild rebuild, deps.rebuilds.Get());
  if (session.output == OutputFormat::kTable) {
    const MembersSeen seen = IsOver(rebuild) ? MembersSeen() : SeeMembers(session, deps, rebuild);
    WriteLines(RenderRebuild(call, rebuild, seen, session.clock.Now()), session.out);
  } else {
    WriteObject(session.output, ShardRebuildJson(rebuild), session.out);
  }
  return IsOver(rebuild) ? ExitCodeOf(rebuild) : ExitCode::kDone;
}

}  // namespace graft::cli
