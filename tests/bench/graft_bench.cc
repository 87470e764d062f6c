// The measuring half of scripts/bench; see there.

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "bench/idle.h"
#include "bench/overhead.h"

namespace {

constexpr double kHighestRatio = 1.10;
constexpr double kMostResidentMb = 30;
constexpr double kMostCpuPercent = 0.2;

constexpr int kExitFailed = 1;
constexpr int kExitOverLimit = 3;

template <typename Report>
int Finish(const absl::StatusOr<Report>& report, const std::string& json_file, bool within_limits) {
  if (!report.ok()) {
    std::cerr << "bench: " << report.status() << "\n";
    return kExitFailed;
  }
  std::cout << graft::ToText(*report);
  if (!json_file.empty()) {
    std::ofstream file(json_file);
    file << graft::ToJson(*report);
    if (!file.flush()) {
      std::cerr << "bench: cannot write " << json_file << "\n";
      return kExitFailed;
    }
  }
  return within_limits ? 0 : kExitOverLimit;
}

int Overhead(const graft::OverheadOptions& options, const std::string& json_file) {
  const auto report = graft::MeasureOverhead(options, std::cout);
  const double ratio = report.ok() ? graft::SpreadOf(report->Ratios()).median : 0;
  const int code = Finish(report, json_file, ratio <= kHighestRatio);
  if (code == kExitOverLimit) std::cerr << "bench: the limit is " << kHighestRatio << "\n";
  return code;
}

int Idle(int seconds, const std::string& json_file) {
  const absl::Duration time = absl::Seconds(seconds);
  const auto report = graft::MeasureIdle(time, time);
  const bool within = report.ok() && report->resident_mb <= kMostResidentMb &&
                      report->cpu_percent <= kMostCpuPercent;
  const int code = Finish(report, json_file, within);
  if (code == kExitOverLimit) {
    std::cerr << "bench: the limits are " << kMostResidentMb << " MB and " << kMostCpuPercent
              << " %\n";
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  // The folders of tests/testing ask GoogleTest at their end whether to keep themselves.
  testing::InitGoogleTest();
  CLI::App app("Measures graft on servers of its own; scripts/bench starts it.");
  graft::OverheadOptions options;
  std::string json_file;
  int idle_seconds = 0;
  app.add_option("--size-bytes", options.size_bytes)->check(CLI::PositiveNumber);
  app.add_option("--runs", options.runs)->check(CLI::Range(1, 1000));
  app.add_flag("--keep-going", options.keep_going);
  app.add_option("--json", json_file);
  app.add_option("--idle", idle_seconds)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  return idle_seconds > 0 ? Idle(idle_seconds, json_file) : Overhead(options, json_file);
}
