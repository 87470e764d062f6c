#include "bench/compare.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "bench/bench_data.h"
#include "bench/process_cost.h"
#include "bench/rebuild.h"

namespace graft {
namespace {

std::string Text(const Parts& parts) {
  return absl::StrJoin(parts, ", ", [](std::string* out, const auto& part) {
    absl::StrAppendFormat(out, "%s %.3f", part.first, absl::ToDoubleSeconds(part.second));
  });
}

class Rounds {
 public:
  Rounds(Clock& clock, BenchShard& shard, std::vector<Way> ways, double slow_limit,
         std::ostream& out)
      : clock_(clock), shard_(shard), ways_(std::move(ways)), slow_limit_(slow_limit), out_(out) {
    result_.ways.reserve(ways_.size());
    slow_.reserve(ways_.size());
    for (const Way& way : ways_) {
      result_.ways.push_back({way.name, {}, "", false});
      slow_.push_back(way.slow);
    }
  }

  // Round 0 warms up.
  absl::Status Run(int round, bool with_slow, bool keep_going) {
    for (WayTimes& times : result_.ways) {
      if (round > 0) times.seconds.emplace_back();
    }
    for (const size_t next : RoundOrder(slow_, round, with_slow)) {
      const absl::Status run = RunWay(round, ways_[next], result_.ways[next]);
      if (run.ok()) continue;
      out_ << ways_[next].name << " failed: " << run << "\n" << shard_.Logs() << std::endl;
      if (!keep_going) return Annotate(run, ways_[next].name);
    }
    return absl::OkStatus();
  }

  Comparison Take() { return std::move(result_); }

 private:
  // graft has run in this round: the slow ones come last.
  absl::Duration Limit(const Way& way) const {
    const WayTimes* graft = result_.Find(kGraft);
    const bool known = way.slow && graft != nullptr && !graft->Measured().empty();
    return known ? absl::Seconds(slow_limit_ * graft->Measured().back()) : absl::Hours(2);
  }

  absl::Status RunWay(int round, const Way& way, WayTimes& times) {
    if (!times.not_measured.empty()) return absl::OkStatus();
    GRAFT_RETURN_IF_ERROR(AddTransaction(shard_.donor()));
    sync();  // what was written before is no part of this one
    const pid_t agent = shard_.agent().pid();
    GRAFT_RETURN_IF_ERROR(ForgetPeak(agent));
    GRAFT_ASSIGN_OR_RETURN(const ProcessCost before, ReadCost(agent));
    const absl::StatusOr<Rebuild> rebuild = way.run(clock_, shard_, Limit(way));
    if (absl::IsNotFound(rebuild.status())) {
      times.not_measured = std::string(rebuild.status().message());
      out_ << way.name << " is left out: " << times.not_measured << std::endl;
      return absl::OkStatus();
    }
    GRAFT_RETURN_IF_ERROR(rebuild.status());
    // Only after graft's own way is the agent the same process as before, and its cost counts.
    GRAFT_ASSIGN_OR_RETURN(const ProcessCost after, ReadCost(shard_.agent().pid()));
    GRAFT_RETURN_IF_ERROR(Tell(round, way, *rebuild));
    times.given_up = times.given_up || rebuild->given_up;
    if (way.makes_replica && !rebuild->given_up)
      GRAFT_RETURN_IF_ERROR(CheckRebuilt(clock_, shard_));
    // Many loaded rows are in memory alone, and the next way would have to wait for their writes.
    if (way.slow) GRAFT_RETURN_IF_ERROR(AwaitRest(shard_.recipient()));
    if (round == 0) return absl::OkStatus();
    const double seconds = absl::ToDoubleSeconds(rebuild->total);
    times.seconds.back() = seconds;
    if (times.way != kGraft) return absl::OkStatus();
    result_.agent.push_back(
        {seconds, absl::ToDoubleSeconds(after.processor - before.processor), after.peak_mb});
    return NoteParts(*rebuild);
  }

  absl::Status NoteParts(const Rebuild& rebuild) {
    GRAFT_ASSIGN_OR_RETURN(const Parts stages, ReadStages(clock_, shard_));
    for (const auto& [step, time] : rebuild.parts) {
      result_.AddPart(step, absl::ToDoubleSeconds(time));
      if (step != "clone") continue;
      for (const auto& [stage, stage_time] : stages) {
        if (stage == "FILE COPY") {
          result_.AddPart("of that FILE COPY", absl::ToDoubleSeconds(stage_time));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Tell(int round, const Way& way, const Rebuild& rebuild) {
    out_ << absl::StrFormat("%-8s %-20s %8.3f s  %s",
                            round == 0 ? "warm-up" : absl::StrCat("round ", round), way.name,
                            absl::ToDoubleSeconds(rebuild.total), Text(rebuild.parts))
         << std::endl;
    if (way.slow || !way.makes_replica) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(const Parts stages, ReadStages(clock_, shard_));
    out_ << absl::StrFormat("%41s %s", "clone:", Text(stages)) << std::endl;
    return absl::OkStatus();
  }

  Clock& clock_;
  BenchShard& shard_;
  const std::vector<Way> ways_;
  std::vector<bool> slow_;  // of each way
  const double slow_limit_;
  std::ostream& out_;
  Comparison result_;
};

}  // namespace

absl::StatusOr<Comparison> Compare(Clock& clock, BenchShard& shard, int64_t size_bytes,
                                   const std::vector<Way>& ways, const CompareOptions& options,
                                   std::ostream& out) {
  const absl::Time begin = clock.Now();
  GRAFT_ASSIGN_OR_RETURN(const DataSize size, GrowTo(shard.donor(), size_bytes));
  out << absl::StrFormat("loaded: %d MB, %d rows, in %.0f s", size.bytes / 1000000, size.rows,
                         absl::ToDoubleSeconds(clock.Now() - begin))
      << std::endl;
  Rounds rounds(clock, shard, ways, options.slow_limit, out);
  for (int round = 0; round <= options.runs; ++round) {
    const bool with_slow = round > 0 && round <= options.slow_runs;
    GRAFT_RETURN_IF_ERROR(rounds.Run(round, with_slow, options.keep_going));
  }
  Comparison result = rounds.Take();
  result.size_bytes = size.bytes;
  result.rows = size.rows;
  if (result.Find(kGraft)->Measured().empty()) return absl::AbortedError("every round failed");
  return result;
}

}  // namespace graft
