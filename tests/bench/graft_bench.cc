// The measuring half of scripts/bench; see there.

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "bench/full_run.h"
#include "bench/report_json.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitMissed = 3;

absl::Status Save(const std::string& path, const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  std::ofstream file(path, std::ios::trunc);
  file << text;
  if (file.flush()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write ", path));
}

struct Files {
  std::string json;
  std::string text;
};

int Run(const graft::FullRunOptions& options, const Files& files) {
  graft::FullReport report;
  const absl::Status run =
      graft::RunBench(options, std::cout, [&](const graft::FullReport& so_far) {
        report = so_far;
        absl::Status saved = Save(files.json, graft::ToJson(so_far));
        saved.Update(Save(files.text, graft::ToText(so_far)));
        return saved;
      });
  std::cout << graft::ToText(report);
  if (!run.ok()) {
    std::cerr << "bench: " << run << "\n";
    return kExitFailed;
  }
  const std::vector<graft::Target> targets = graft::TargetsOf(report);
  const bool all_met = std::all_of(targets.begin(), targets.end(),
                                   [](const graft::Target& target) { return target.met(); });
  return all_met ? 0 : kExitMissed;
}

void AddOptions(CLI::App& app, graft::FullRunOptions& options, double& idle_seconds) {
  app.add_option("--size-bytes", options.sizes)->check(CLI::PositiveNumber)->delimiter(',');
  app.add_option("--runs", options.compare.runs)->check(CLI::Range(0, 1000));
  app.add_option("--dump-runs", options.compare.slow_runs)->check(CLI::Range(0, 1000));
  app.add_option("--dump-limit", options.compare.slow_limit)->check(CLI::Range(1, 10000));
  app.add_flag("--keep-going", options.compare.keep_going);
  app.add_flag("--only-clones", options.only_clones);
  app.add_option("--settings-runs", options.settings_runs)->check(CLI::Range(0, 1000));
  app.add_option("--watchers", options.watchers)->check(CLI::Range(1, 5000))->delimiter(',');
  app.add_option("--idle", idle_seconds)->check(CLI::PositiveNumber);
  app.add_option("--tablets", options.tablets)->check(CLI::Range(0, 1000000));
  app.add_option("--buffer-pool", options.buffer_pool)->required();
}

}  // namespace

int main(int argc, char** argv) {
  // The folders of tests/testing ask GoogleTest at their end whether to keep themselves.
  testing::InitGoogleTest();
  CLI::App app("Measures graft on servers of its own; scripts/bench starts it.");
  graft::FullRunOptions options;
  Files files;
  double idle_seconds = 0;
  AddOptions(app, options, idle_seconds);
  app.add_option("--json", files.json);
  app.add_option("--text", files.text);
  CLI11_PARSE(app, argc, argv);
  options.idle = absl::Seconds(idle_seconds);
  std::sort(options.sizes.begin(), options.sizes.end());
  return Run(options, files);
}
