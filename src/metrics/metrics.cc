#include "metrics/metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/errors.h"
#include "metrics/metrics_page.h"

namespace graft {
namespace {

#if defined(__clang__)
constexpr char kCompiler[] = "clang " __clang_version__;
#else
constexpr char kCompiler[] = "gcc " __VERSION__;
#endif

void WriteCalls(const CallMeter::Calls& calls, const MetricsPage::Labels& labels,
                MetricsPage::Family& seconds, MetricsPage::Family& errors) {
  for (const auto& [name, call] : calls) {
    MetricsPage::Labels of_call = labels;
    of_call.emplace_back("call", name);
    seconds.Set(call.seconds, of_call);
    for (const auto& [code, count] : call.errors) {
      MetricsPage::Labels of_error = of_call;
      of_error.emplace_back("code", absl::StatusCodeToString(code));
      errors.Set(static_cast<double>(count), of_error);
    }
  }
}

void WriteMeters(const CallMeters& meters, MetricsPage& page) {
  auto topology =
      page.HistogramOf("graft_topology_call_duration_seconds", "Calls to the topology's stores.");
  auto topology_errors = page.Counter("graft_topology_call_errors_total",
                                      "Calls to the topology's stores that did not end with OK.");
  WriteCalls(meters.topology.Read(), {}, topology, topology_errors);
  auto mysql = page.HistogramOf("graft_mysql_call_duration_seconds",
                                "Calls to the tablet's own mysqld (local) and others (peer).");
  auto mysql_errors =
      page.Counter("graft_mysql_call_errors_total", "Calls to a mysqld that did not end with OK.");
  WriteCalls(meters.local_mysql.Read(), {{"server", "local"}}, mysql, mysql_errors);
  WriteCalls(meters.peer_mysql.Read(), {{"server", "peer"}}, mysql, mysql_errors);
}

void WriteClaim(const std::optional<ClaimLease>& claim, absl::Time now, MetricsPage& page) {
  auto age = page.Gauge("graft_claim_lease_age_seconds",
                        "Since the lease of the claim on a donor was kept alive last.");
  auto ttl = page.Gauge("graft_claim_lease_ttl_seconds",
                        "The age at which that lease, and the claim with it, ends.");
  if (!claim.has_value()) return;
  age.Set(absl::ToDoubleSeconds(std::max(now - claim->kept_alive, absl::ZeroDuration())));
  ttl.Set(absl::ToDoubleSeconds(claim->ttl));
}

// From a step that only looks to a copy of terabytes.
const std::vector<double>& StepBounds() {
  static const auto* const bounds =
      new std::vector<double>{0.1, 1, 5, 30, 120, 600, 3600, 4 * 3600};
  return *bounds;
}

const std::vector<double>& OperationBounds() {
  static const auto* const bounds =
      new std::vector<double>{10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600};
  return *bounds;
}

size_t EndedSteps(const Operation& operation) {
  return static_cast<size_t>(
      std::count_if(operation.times.begin(), operation.times.end(),
                    [](const StepTime& time) { return time.ended != absl::InfinitePast(); }));
}

void WriteCounts(const std::map<std::string, int64_t>& counts, const std::string& label,
                 MetricsPage::Family family) {
  for (const auto& [name, count] : counts) {
    family.Set(static_cast<double>(count), {{label, name}});
  }
}

// Counts what operations do, from its own creation on. If this agent resumes an earlier agent's
// operation, it does not count again the steps and attempts that had ended by then, nor their
// bytes.
class OperationTally {
 public:
  OperationTally() : step_seconds_(kStepCount, Histogram(StepBounds())) {
    // What an increase is asked of begins at 0.
    for (const Outcome outcome : {Outcome::kDone, Outcome::kFailed, Outcome::kCancelled}) {
      const std::string name(OutcomeName(outcome));
      ended_[name] = 0;
      seconds_.emplace(name, Histogram(OperationBounds()));
    }
  }

  void Count(const Operation& operation) {
    const size_t ended_steps = EndedSteps(operation);
    const size_t failed_attempts = operation.failed_attempts.size();
    const int64_t bytes = operation.progress.bytes_done;
    if (counted_.id != operation.request.id) {
      counted_ = {operation.request.id, ended_steps, failed_attempts, bytes};
      return;
    }
    // Steps end in the order in which they stand.
    for (; counted_.steps < ended_steps; ++counted_.steps) {
      const StepTime& time = operation.times[counted_.steps];
      step_seconds_[static_cast<size_t>(time.step)].Observe(
          absl::ToDoubleSeconds(time.ended - time.started));
    }
    for (; counted_.failed_attempts < failed_attempts; ++counted_.failed_attempts) {
      ++attempt_failures_[ReasonOrCode(operation.failed_attempts[counted_.failed_attempts].error)];
    }
    // Less than before: another attempt has begun.
    bytes_ += bytes >= counted_.bytes ? bytes - counted_.bytes : bytes;
    counted_.bytes = bytes;
  }

  void CountEnd(const Operation& operation) {
    Count(operation);
    const std::string outcome(OutcomeName(operation.outcome));
    ++ended_[outcome];
    const bool saved = operation.old_data.verdict == OldDataVerdict::kCopySaved;
    copies_saved_ += saved && operation.outcome == Outcome::kDone ? 1 : 0;
    const absl::Duration took = operation.ended - operation.requested;
    const auto seconds = seconds_.find(outcome);
    if (seconds != seconds_.end()) seconds->second.Observe(absl::ToDoubleSeconds(took));
    if (operation.outcome != Outcome::kFailed) return;
    ++failures_[ReasonOrCode(operation.error)];
    ++attempt_failures_[ReasonOrCode(operation.error)];  // of its last attempt, which is in no list
  }

  void Write(MetricsPage& page) const {
    WriteCounts(ended_, "outcome",
                page.Counter("graft_operations_total", "Operations that ended, by outcome."));
    WriteCounts(
        failures_, "reason",
        page.Counter("graft_operation_failures_total", "Operations that failed, by reason."));
    WriteCounts(attempt_failures_, "reason",
                page.Counter("graft_operation_attempt_failures_total",
                             "Attempts of operations that failed, by reason."));
    auto seconds = page.HistogramOf("graft_operation_duration_seconds",
                                    "From the request of an operation to its end.");
    for (const auto& [outcome, histogram] : seconds_) {
      seconds.Set(histogram, {{"outcome", outcome}});
    }
    auto steps = page.HistogramOf("graft_operation_step_duration_seconds",
                                  "From the begin of a step of an operation to its end.");
    for (int i = 0; i < kStepCount; ++i) {
      steps.Set(step_seconds_[static_cast<size_t>(i)],
                {{"step", std::string(StepName(static_cast<Step>(i)))}});
    }
    page.Counter("graft_copies_saved_total",
                 "Operations with --if-needed whose old data has caught up without a copy.")
        .Set(static_cast<double>(copies_saved_));
    page.Counter("graft_clone_bytes_total", "Bytes that CLONE has copied to this tablet.")
        .Set(static_cast<double>(bytes_));
  }

 private:
  // How much of the operation seen last is counted.
  struct Counted {
    std::string id;
    size_t steps = 0;
    size_t failed_attempts = 0;
    int64_t bytes = 0;  // of its present attempt
  };

  Counted counted_;
  std::map<std::string, int64_t> ended_;             // by outcome
  std::map<std::string, int64_t> failures_;          // by reason
  std::map<std::string, int64_t> attempt_failures_;  // by reason
  std::map<std::string, Histogram> seconds_;         // by outcome
  std::vector<Histogram> step_seconds_;              // by Step
  int64_t copies_saved_ = 0;
  int64_t bytes_ = 0;
};

class AgentMetrics : public Metrics {
 public:
  explicit AgentMetrics(MetricsSources sources) : sources_(std::move(sources)) {}

  void OnStep(const Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    tally_.Count(operation);
  }
  void OnProgress(const Operation& operation) override { OnStep(operation); }
  void OnEnd(const Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    tally_.CountEnd(operation);
  }

  std::string Text() override {
    const absl::StatusOr<Operation> answer = sources_.newest_operation();
    const auto newest = answer.ok() ? std::optional<Operation>(*answer) : std::nullopt;
    const TabletSnapshot tablet = sources_.tablet();
    const absl::Time now = sources_.clock.Now();
    MetricsPage page;
    page.Gauge("graft_build_info", "1; the labels tell how this agent was built.")
        .Set(1, {{"version", sources_.version},
                 {"compiler", std::string(absl::StripAsciiWhitespace(kCompiler))}});
    WriteTablet(tablet, now, page);
    WriteOperation(newest, now, page);
    WriteFindings(newest, sources_.last_preflight(), page);
    WriteClaim(sources_.claim(), now, page);
    {
      absl::MutexLock lock(&mutex_);
      tally_.Write(page);
    }
    WriteMeters(sources_.calls, page);
    WriteProcess(page);
    return page.Text();
  }

 private:
  const MetricsSources sources_;
  absl::Mutex mutex_;
  OperationTally tally_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Metrics> MakeMetrics(MetricsSources sources) {
  return std::make_unique<AgentMetrics>(std::move(sources));
}

}  // namespace graft
