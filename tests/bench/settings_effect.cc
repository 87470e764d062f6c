#include "bench/settings_effect.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "bench/bench_data.h"
#include "bench/clone_ways.h"

namespace graft {
namespace {

struct Setting {
  const char* name;
  int concurrency;  // 0: as the server has it, 16
  bool autotune;
  bool compression;
};

constexpr Setting kSettings[] = {
    {"as MySQL has them: 16 threads, autotune", 0, true, false},
    {"1 thread", 1, false, false},
    {"2 threads, no autotune", 2, false, false},
    {"4 threads, no autotune", 4, false, false},
    {"16 threads, no autotune", 16, false, false},
    {"compression", 0, true, true},
};

absl::StatusOr<SettingTimes::Run> RunSetting(Clock& clock, BenchShard& shard,
                                             const Setting& setting) {
  GRAFT_RETURN_IF_ERROR(AddTransaction(shard.donor()));
  // No part of a request. The restart at the end of each clone takes it back.
  GRAFT_RETURN_IF_ERROR(shard.recipient()
                            .Sql(absl::StrCat("SET GLOBAL clone_autotune_concurrency = ",
                                              setting.autotune ? "ON" : "OFF"))
                            .status());
  v1::CloneSettings settings;
  if (setting.concurrency > 0) settings.set_max_concurrency(setting.concurrency);
  settings.set_compression(setting.compression);
  v1::DonorChoice primary;
  primary.set_primary(true);
  GRAFT_ASSIGN_OR_RETURN(const Rebuild rebuild,
                         RebuildThroughGraft(clock, shard, primary, settings));
  SettingTimes::Run run;
  run.seconds = absl::ToDoubleSeconds(rebuild.total);
  GRAFT_ASSIGN_OR_RETURN(const Parts stages, ReadStages(clock, shard));
  for (const auto& [stage, time] : stages) {
    if (stage == "FILE COPY") run.file_copy_seconds = absl::ToDoubleSeconds(time);
  }
  return run;
}

}  // namespace

absl::StatusOr<std::vector<SettingTimes>> MeasureSettings(Clock& clock, BenchShard& shard, int runs,
                                                          std::ostream& out) {
  std::vector<SettingTimes> times;
  times.reserve(std::size(kSettings));
  for (const Setting& setting : kSettings) times.push_back({setting.name, {}});
  for (size_t round = 0; round < static_cast<size_t>(runs); ++round) {
    for (size_t i = 0; i < times.size(); ++i) {
      const size_t next = (i + round) % times.size();
      GRAFT_ASSIGN_OR_RETURN(const SettingTimes::Run run,
                             RunSetting(clock, shard, kSettings[next]));
      times[next].runs.push_back(run);
      out << absl::StrFormat("%-45s %7.3f s, FILE COPY %.3f s", kSettings[next].name, run.seconds,
                             run.file_copy_seconds)
          << std::endl;
    }
  }
  return times;
}

}  // namespace graft
