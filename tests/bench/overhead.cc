#include "bench/overhead.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "bench/bench_shard.h"
#include "bench/rebuild.h"

namespace graft {
namespace {

struct Pair {
  double graft_seconds = 0;
  double by_hand_seconds = 0;
};

class OverheadBench {
 public:
  OverheadBench(BenchShard& shard, std::ostream& out)
      : clock_(MakeRealClock()), shard_(shard), out_(out) {}

  absl::StatusOr<Pair> MeasurePair(const std::string& name, bool graft_first) {
    Pair pair;
    for (const bool graft : {graft_first, !graft_first}) {
      // One transaction that the recipient does not get before.
      GRAFT_RETURN_IF_ERROR(
          shard_.donor()
              .Sql("INSERT INTO bench.rows_of_bytes (bytes) VALUES (RANDOM_BYTES(960))")
              .status());
      const absl::StatusOr<Rebuild> rebuild =
          graft ? RebuildThroughGraft(*clock_, shard_) : RebuildByHand(*clock_, shard_);
      GRAFT_RETURN_IF_ERROR(Annotate(rebuild.status(), graft ? "graft" : "by hand"));
      GRAFT_ASSIGN_OR_RETURN(const Parts stages, ReadStages(*clock_, shard_));
      Tell(name, graft ? "graft" : "by hand", *rebuild, stages);
      GRAFT_RETURN_IF_ERROR(CheckRebuilt(*clock_, shard_));
      (graft ? pair.graft_seconds : pair.by_hand_seconds) = absl::ToDoubleSeconds(rebuild->total);
    }
    return pair;
  }

 private:
  void Tell(const std::string& pair, const char* way, const Rebuild& rebuild, const Parts& stages) {
    out_ << absl::StrFormat("%-8s %-8s %7.3f s  %s\n%29s %s", pair, way,
                            absl::ToDoubleSeconds(rebuild.total), Text(rebuild.parts),
                            "clone:", Text(stages))
         << std::endl;
  }

  static std::string Text(const Parts& parts) {
    return absl::StrJoin(parts, ", ", [](std::string* out, const auto& part) {
      absl::StrAppendFormat(out, "%s %.3f", part.first, absl::ToDoubleSeconds(part.second));
    });
  }

  const std::unique_ptr<Clock> clock_;
  BenchShard& shard_;
  std::ostream& out_;
};

}  // namespace

absl::StatusOr<OverheadReport> MeasureOverhead(const OverheadOptions& options, std::ostream& out) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<BenchShard> shard, BenchShard::Start());
  OverheadReport report;
  GRAFT_ASSIGN_OR_RETURN(report.size_bytes, shard->Load(options.size_bytes));
  out << report.size_bytes / 1000000 << " MB in the donor's table" << std::endl;
  OverheadBench bench(*shard, out);
  for (int run = 0; run <= options.runs; ++run) {
    const std::string name = run == 0 ? "warm-up" : absl::StrCat("pair ", run);
    const absl::StatusOr<Pair> pair = bench.MeasurePair(name, /*graft_first=*/run % 2 == 0);
    if (!pair.ok()) {
      out << name << " failed: " << pair.status() << "\n" << shard->Logs() << std::endl;
      if (!options.keep_going) return pair.status();
    } else if (run > 0) {
      report.graft_seconds.push_back(pair->graft_seconds);
      report.by_hand_seconds.push_back(pair->by_hand_seconds);
    }
  }
  if (report.graft_seconds.empty()) return absl::AbortedError("every pair failed");
  return report;
}

}  // namespace graft
