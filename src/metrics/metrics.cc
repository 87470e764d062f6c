#include "metrics/metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "metrics/metrics_page.h"
#include "metrics/operation_gauges.h"
#include "metrics/operation_tally.h"
#include "metrics/process_facts.h"
#include "metrics/tablet_gauges.h"

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

template <typename Number>
void SetIfKnown(MetricsPage::Family family, const std::optional<Number>& value) {
  if (value.has_value()) family.Set(static_cast<double>(*value));
}

// Under the names that every Prometheus client gives them.
void WriteProcess(MetricsPage& page) {
  const ProcessFacts facts = ReadProcessFacts();
  SetIfKnown(page.Counter("process_cpu_seconds_total", "User and system CPU time spent."),
             facts.cpu_seconds);
  SetIfKnown(page.Gauge("process_start_time_seconds", "When the process began, in Unix time."),
             facts.start_unix_seconds);
  SetIfKnown(page.Gauge("process_resident_memory_bytes", "Resident memory."), facts.resident_bytes);
  SetIfKnown(page.Gauge("process_virtual_memory_bytes", "Virtual memory."), facts.virtual_bytes);
  SetIfKnown(page.Gauge("process_open_fds", "Open file descriptors."), facts.open_fds);
  SetIfKnown(page.Gauge("process_max_fds", "Most file descriptors that may be open."),
             facts.max_fds);
}

class AgentMetrics : public Metrics {
 public:
  explicit AgentMetrics(MetricsSources sources) : sources_(std::move(sources)) {}

  void OnStep(const Operation& operation) override { tally_.OnStep(operation); }
  void OnProgress(const Operation& operation) override { tally_.OnProgress(operation); }
  void OnEnd(const Operation& operation) override { tally_.OnEnd(operation); }

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
    tally_.Write(page);
    WriteMeters(sources_.calls, page);
    WriteProcess(page);
    return page.Text();
  }

 private:
  const MetricsSources sources_;
  OperationTally tally_;
};

}  // namespace

std::unique_ptr<Metrics> MakeMetrics(MetricsSources sources) {
  return std::make_unique<AgentMetrics>(std::move(sources));
}

}  // namespace graft
