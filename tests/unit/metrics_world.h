// Metrics with sources that a test holds in its hand, and a reader of what it says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fakes/simulated_clock.h"
#include "metrics/metrics.h"
#include "unit/full_operation.h"

namespace graft {

// The sample with exactly this name and these labels, as Prometheus's text format has them:
// graft_operation_step{step="clone"}.
inline std::optional<double> SampleOf(const std::string& text, const std::string& series) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    double value = 0;
    if (absl::ConsumePrefix(&line, absl::StrCat(series, " ")) && absl::SimpleAtod(line, &value)) {
      return value;
    }
  }
  return std::nullopt;
}

struct MetricsWorld {
  MetricsWorld() {
    tablet.alias = {"zone1", 101};
    tablet.keyspace = "shop";
    tablet.shard = "-80";
    tablet.type = TabletType::kReplica;
  }

  // Everything that can be set, is.
  void Fill() {
    tablet.mysql_reachable = true;
    tablet.mysql_version = "9.7.4";
    tablet.super_read_only = true;
    tablet.read_at = clock.Now() - absl::Seconds(3);
    tablet.donating = true;
    tablet.donations_seen = 4;
    ReplicationChannel channel;
    channel.receiver_running = true;
    channel.applier_errno = 1062;
    channel.lag = absl::Seconds(7);
    tablet.replication = {channel};
    operation = FullOperation();
    operation->requested = clock.Now() - absl::Minutes(10);
    operation->times = {{Step::kPreflight, clock.Now() - absl::Minutes(5), operation->requested},
                        {Step::kClone, clock.Now() - absl::Minutes(4), absl::InfinitePast()}};
    operation->progress.waiting_since = absl::InfinitePast();
    operation->progress.sampled = clock.Now() - absl::Seconds(1);
    operation->progress.phase_began = clock.Now() - absl::Minutes(3);
    operation->progress.last_byte = clock.Now() - absl::Seconds(12);
    claim = ClaimLease{absl::Seconds(30), clock.Now() - absl::Seconds(9)};
    for (CallMeter* meter : {&calls.topology, &calls.local_mysql, &calls.peer_mysql}) {
      meter->Run("Get", [] { return absl::DeadlineExceededError("slow"); }).IgnoreError();
    }
    Operation failed = *operation;
    failed.failed_attempts.clear();
    metrics->OnStep(failed);
    metrics->OnProgress(*operation);
    failed = *operation;
    failed.outcome = Outcome::kFailed;
    failed.error = absl::UnavailableError("gone");
    metrics->OnEnd(failed);
  }

  std::optional<double> operator[](const std::string& series) const {
    return SampleOf(metrics->Text(), series);
  }

  SimulatedClock clock;
  CallMeters calls{clock};
  std::optional<Operation> operation;
  TabletSnapshot tablet;
  std::optional<ClaimLease> claim;
  std::optional<PreflightReport> preflight;
  const std::unique_ptr<Metrics> metrics = MakeMetrics(
      {clock, calls,
       [this]() -> absl::StatusOr<Operation> {
         if (operation.has_value()) return *operation;
         return absl::NotFoundError("none yet");
       },
       [this] { return tablet; }, [this] { return claim; }, [this] { return preflight; }, "0.1.0"});
};

}  // namespace graft
