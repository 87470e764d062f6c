// The live view of a shard's rebuild.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "cli/rebuild.h"
#include "cli/screen.h"
#include "cli/text.h"
#include "graft/clock.h"
#include "view/operation.h"
#include "view/text.h"

namespace graft::cli {
namespace {

using Member = ShardRebuild::Member;

constexpr absl::Duration kInterval = absl::Seconds(1);

int CountOf(const ShardRebuild& rebuild, MemberOutcome outcome) {
  return static_cast<int>(
      std::count_if(rebuild.members.begin(), rebuild.members.end(),
                    [outcome](const Member& member) { return member.outcome == outcome; }));
}

// Members that wait will wait for ever.
bool NoneBegins(const ShardRebuild& rebuild) {
  return !rebuild.stopped.empty() || CountOf(rebuild, MemberOutcome::kFailed) > 0;
}

// Tablet, state, step, percent, time left.
std::vector<std::string> Cells(const ShardRebuild& rebuild, size_t place, const MembersSeen& seen,
                               absl::Time now) {
  const Member& member = rebuild.members[place];
  std::vector<std::string> cells = {member.alias.ToString(),
                                    std::string(MemberOutcomeName(member.outcome))};
  if (member.outcome == MemberOutcome::kWaiting && NoneBegins(rebuild)) {
    cells.back() = "not begun";
  } else if (member.outcome == MemberOutcome::kWaiting) {
    cells.push_back(absl::StrCat("round ", RoundOf(place, rebuild.max_unavailable)));
  }
  const auto found = seen.find(member.alias);
  if (found == seen.end()) return cells;
  if (!found->second.ok()) {
    cells.emplace_back(found->second.status().message());
    return cells;
  }
  const v1::Operation& operation = *found->second;
  view::AgentTime time;
  time.Heard(operation, now);
  const std::string waits = view::WaitsFor(operation, time.At(now));
  cells.push_back(operation.step());
  cells.push_back(operation.progress().phases().empty()
                      ? ""
                      : view::PercentText(operation.progress().percent()) + "%");
  cells.push_back(waits.empty() ? view::EtaOf(operation.progress(), time.At(now)).likely : waits);
  return cells;
}

// How it stands, or how it ended.
std::string Summary(const ShardRebuildCall& call, const ShardRebuild& rebuild) {
  const int failed = CountOf(rebuild, MemberOutcome::kFailed);
  std::string text =
      absl::StrCat("rebuild of ", call.keyspace, "/", call.shard, " by ", rebuild.by, ": ",
                   CountOf(rebuild, MemberOutcome::kDone), " of ", rebuild.members.size(), " done");
  if (failed > 0) absl::StrAppend(&text, ", ", failed, " failed: no further one begins");
  if (!rebuild.stopped.empty()) absl::StrAppend(&text, ", stopped by ", rebuild.stopped);
  if (!IsOver(rebuild) && !NoneBegins(rebuild)) {
    absl::StrAppend(&text, ", ", rebuild.max_unavailable, " at a time");
  }
  return text;
}

// Run() is called once.
class RebuildWatching {
 public:
  RebuildWatching(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call)
      : session_(session), deps_(deps), call_(call), contact_(session.clock.Now()) {
    const bool draws = session.output == OutputFormat::kTable && session.screen.terminal;
    if (draws) drawing_.emplace(session.screen);
    interrupts_.emplace([this](Interrupts& interrupts, int signal) {
      if (signal == SIGWINCH) return pause_.Wake();
      left_by_ = signal;
      interrupts.Release();  // should something hang, the next one ends the program
      pause_.Cancel();
    });
  }

  Result Run() {
    while (true) {
      const absl::StatusOr<ShardRebuild> rebuild = deps_.rebuilds.Get();
      if (rebuild.ok()) {
        contact_ = session_.clock.Now();
        Show(*rebuild);
        if (IsOver(*rebuild)) return End(*rebuild);
      } else if (!IsAway(rebuild.status()) || session_.clock.Now() - contact_ >= session_.timeout) {
        return rebuild.status();
      }
      if (left_by_ != 0) return Leave();
      pause_.WaitFor(session_.clock, kInterval);
    }
  }

 private:
  void Show(const ShardRebuild& rebuild) {
    if (session_.output != OutputFormat::kTable) {
      std::string json = ShardRebuildJson(rebuild);
      if (told_.insert(json).second) WriteObject(session_.output, json, session_.out);
      return;
    }
    const MembersSeen seen = SeeMembers(session_, deps_, rebuild);
    const absl::Time now = session_.clock.Now();
    if (!drawing_.has_value()) return TellNews(rebuild, seen, now);
    drawing_->Draw([&](const Layout& layout) {
      std::vector<Line> lines;
      for (const std::string& line : RenderRebuild(call_, rebuild, seen, now)) {
        lines.push_back({{{Printable(line, layout.utf8)}}});
      }
      return Fit(std::move(lines), layout.rows);
    });
  }

  // A line for each member whose state or step is new.
  void TellNews(const ShardRebuild& rebuild, const MembersSeen& seen, absl::Time now) {
    for (size_t i = 0; i < rebuild.members.size(); ++i) {
      std::vector<std::string> cells = Cells(rebuild, i, seen, now);
      const auto found = seen.find(rebuild.members[i].alias);
      const bool fault = found != seen.end() && !found->second.ok();
      if (!fault && cells.size() > 3) cells.resize(3);
      const std::string line = absl::StrJoin(cells, " ");
      if (told_.insert(line).second) WriteLines({line}, session_.out);
    }
  }

  // Stays on the screen.
  Result End(const ShardRebuild& rebuild) {
    if (session_.output == OutputFormat::kTable) {
      if (drawing_.has_value()) drawing_->Clear();
      WriteLines(RenderRebuild(call_, rebuild, {}, session_.clock.Now()), session_.out);
    }
    return ExitCodeOf(rebuild);
  }

  Result Leave() {
    session_.err << "graftctl: interrupted: the rebuild goes on without this watch\n"
                 << "look again with: graftctl reprovision --shard " << call_.keyspace << "/"
                 << call_.shard << "\nstop it with: graftctl reprovision --shard " << call_.keyspace
                 << "/" << call_.shard << " --stop\n";
    return left_by_ == SIGTERM ? ExitCode::kTerminated : ExitCode::kInterrupted;
  }

  const Session& session_;
  const RebuildDeps& deps_;
  const ShardRebuildCall& call_;
  absl::Time contact_;
  std::optional<Drawing> drawing_;
  std::set<std::string> told_;
  Cancellation pause_;
  std::atomic<int> left_by_ = 0;          // the signal
  std::optional<Interrupts> interrupts_;  // last: it uses all of the above
};

}  // namespace

Result WatchRebuild(const Session& session, const RebuildDeps& deps, const ShardRebuildCall& call) {
  return RebuildWatching(session, deps, call).Run();
}

MembersSeen SeeMembers(const Session& session, const RebuildDeps& deps,
                       const ShardRebuild& rebuild) {
  std::vector<Tablet> tablets;
  std::set<TabletAlias> waiting;
  for (const Member& member : rebuild.members) {
    const bool next = member.outcome == MemberOutcome::kWaiting && !NoneBegins(rebuild) &&
                      static_cast<int>(waiting.size()) < rebuild.max_unavailable;
    if (next) waiting.insert(member.alias);
    if (!next && member.outcome != MemberOutcome::kRunning) continue;
    auto record = deps.topology.GetTablet(member.alias);
    if (record.ok()) tablets.push_back(*std::move(record));
  }
  const auto answers =
      AskAgents(session.clock, deps.ask, tablets, session.clock.Now() + kAskTimeout);
  MembersSeen seen;
  for (size_t i = 0; i < tablets.size(); ++i) {
    const TabletAlias& alias = tablets[i].alias;
    const auto& answer = answers[i];
    if (!answer.ok()) {
      seen.emplace(alias, absl::UnavailableError("its agent does not answer"));
    } else if (waiting.count(alias) == 0) {
      const bool ours = answer->operation.has_value() && answer->operation->id() == rebuild.call.id;
      if (ours) seen.emplace(alias, *answer->operation);
    } else if (!answer->tablet.takes_turns()) {
      seen.emplace(alias, absl::FailedPreconditionError(
                              "its agent is of an older graft, which does not take turns"));
    }
  }
  return seen;
}

std::vector<std::string> RenderRebuild(const ShardRebuildCall& call, const ShardRebuild& rebuild,
                                       const MembersSeen& seen, absl::Time now) {
  std::vector<std::string> lines = {Summary(call, rebuild)};
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < rebuild.members.size(); ++i) {
    rows.push_back(Cells(rebuild, i, seen, now));
  }
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  for (const Member& member : rebuild.members) {
    if (member.outcome != MemberOutcome::kFailed) continue;
    lines.push_back(absl::StrCat(member.alias.ToString(), ": ", Printable(member.reason, true)));
  }
  return lines;
}

}  // namespace graft::cli
