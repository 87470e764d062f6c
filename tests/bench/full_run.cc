#include "bench/full_run.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "bench/bench_data.h"
#include "bench/idle.h"
#include "bench/many_tablets.h"
#include "bench/settings_effect.h"
#include "bench/watch_load.h"

namespace graft {
namespace {

// Settings and watchers are measured on the first data of this size, or on the largest.
constexpr int64_t kUsualSize = 1'000'000'000;

std::vector<Way> WaysOf(const FullRunOptions& options) {
  std::vector<Way> ways = AllWays();
  if (options.only_clones) {
    ways.erase(std::remove_if(ways.begin(), ways.end(),
                              [](const Way& way) { return way.slow || !way.makes_replica; }),
               ways.end());
  } else if (options.compare.slow_runs == 0) {
    ways.erase(std::remove_if(ways.begin(), ways.end(), [](const Way& way) { return way.slow; }),
               ways.end());
  }
  return ways;
}

class FullRun {
 public:
  FullRun(const FullRunOptions& options, std::ostream& out,
          const std::function<absl::Status(const FullReport&)>& on_part)
      : clock_(MakeRealClock()), options_(options), out_(out), on_part_(on_part) {}

  absl::Status Run() {
    report_.buffer_pool = options_.buffer_pool;
    getloadavg(&report_.load_average, 1);
    if (!options_.sizes.empty() || options_.idle > absl::ZeroDuration()) {
      GRAFT_RETURN_IF_ERROR(OnOneShard());
    }
    if (options_.tablets == 0) return absl::OkStatus();
    Begin(absl::StrFormat("%d tablets in etcd", options_.tablets));
    GRAFT_ASSIGN_OR_RETURN(report_.topology, MeasureManyTablets(*clock_, options_.tablets,
                                                                options_.tablets_runs, out_));
    return EndPart();
  }

 private:
  absl::Status OnOneShard() {
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<BenchShard> shard,
                           BenchShard::Start(options_.buffer_pool));
    GRAFT_ASSIGN_OR_RETURN(report_.mysql_version, shard->donor().SqlValue("SELECT @@version"));
    if (options_.idle > absl::ZeroDuration()) {
      Begin("the idle agent");
      GRAFT_ASSIGN_OR_RETURN(report_.idle,
                             MeasureIdle(*clock_, *shard, options_.idle, options_.idle));
      GRAFT_RETURN_IF_ERROR(EndPart());
    }
    bool details_wanted = true;
    for (const int64_t size : options_.sizes) {
      if (options_.compare.runs > 0) GRAFT_RETURN_IF_ERROR(CompareWays(*shard, size));
      if (!details_wanted || (size < kUsualSize && size != options_.sizes.back())) continue;
      details_wanted = false;
      GRAFT_RETURN_IF_ERROR(Details(*shard, size));
    }
    return absl::OkStatus();
  }

  absl::Status CompareWays(BenchShard& shard, int64_t size) {
    Begin(absl::StrFormat("the ways, %d MB", size / 1000000));
    GRAFT_ASSIGN_OR_RETURN(const Comparison comparison,
                           Compare(*clock_, shard, size, WaysOf(options_), options_.compare, out_));
    report_.sizes.push_back(comparison);
    return EndPart();
  }

  absl::Status Details(BenchShard& shard, int64_t size) {
    if (options_.settings_runs == 0 && options_.watchers.empty()) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(const DataSize data, GrowTo(shard.donor(), size));
    report_.settings_bytes = data.bytes;
    if (options_.settings_runs > 0) {
      Begin("CLONE's settings");
      GRAFT_ASSIGN_OR_RETURN(report_.settings,
                             MeasureSettings(*clock_, shard, options_.settings_runs, out_));
      GRAFT_RETURN_IF_ERROR(EndPart());
    }
    if (options_.watchers.empty()) return absl::OkStatus();
    Begin("watchers");
    GRAFT_ASSIGN_OR_RETURN(report_.watchers,
                           MeasureWatchers(*clock_, shard, data.bytes, options_.watchers,
                                           options_.watch_window, out_));
    return EndPart();
  }

  void Begin(const std::string& part) {
    out_ << "== " << part << std::endl;
    part_begin_ = clock_->Now();
  }

  absl::Status EndPart() {
    out_ << absl::StrFormat("== took %.0f s\n", absl::ToDoubleSeconds(clock_->Now() - part_begin_))
         << std::endl;
    return on_part_(report_);
  }

  const std::unique_ptr<Clock> clock_;
  const FullRunOptions& options_;
  std::ostream& out_;
  const std::function<absl::Status(const FullReport&)>& on_part_;
  FullReport report_;
  absl::Time part_begin_;
};

}  // namespace

absl::Status RunBench(const FullRunOptions& options, std::ostream& out,
                      const std::function<absl::Status(const FullReport&)>& on_part) {
  return FullRun(options, out, on_part).Run();
}

}  // namespace graft
