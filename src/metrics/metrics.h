// The agent's metrics; and servers and stores whose calls are timed and counted, and otherwise are
// as they were.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"
#include "graft/provisioning.h"

namespace graft {

// How often a value fell between which bounds, as Prometheus counts it. A plain value.
struct Histogram {
  // `upper_bounds` ascend; what is above the last one is counted, too.
  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < bounds.size() && value > bounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += value;
  }

  std::vector<double> bounds;
  std::vector<uint64_t> counts;  // one more than bounds
  double sum = 0;
};

// How long calls to a server or a store take, and how they end. Safe for use from several threads;
// nothing is called under its lock. `clock` must outlive it.
class CallMeter {
 public:
  struct Call {
    Histogram seconds;
    std::map<absl::StatusCode, int64_t> errors;
  };
  using Calls = std::map<std::string, Call, std::less<>>;  // by the method's name

  explicit CallMeter(Clock& clock) : clock_(clock) {}

  // What `call` returns, a Status or a StatusOr; counted under `name`.
  template <typename Work>
  auto Run(absl::string_view name, const Work& work) {
    const absl::Time begin = clock_.Now();
    auto result = work();
    Count(name, clock_.Now() - begin, CodeOf(result));
    return result;
  }

  Calls Read() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  static absl::StatusCode CodeOf(const absl::Status& status) { return status.code(); }
  template <typename T>
  static absl::StatusCode CodeOf(const absl::StatusOr<T>& result) {
    return result.status().code();
  }
  void Count(absl::string_view name, absl::Duration took, absl::StatusCode code);

  Clock& clock_;
  mutable absl::Mutex mutex_;
  Calls calls_ ABSL_GUARDED_BY(mutex_);
};

// One for each of those whom an agent calls. Outlives the servers and stores that are wrapped with
// them.
struct CallMeters {
  explicit CallMeters(Clock& clock) : topology(clock), local_mysql(clock), peer_mysql(clock) {}
  CallMeter topology;
  CallMeter local_mysql;  // the tablet's own
  CallMeter peer_mysql;   // donors, sources, the primary
};

// StartClone counts until the statement is on its way; how long CLONE takes is its step's to say.
// `meter` must outlive the result.
std::unique_ptr<MysqlServer> MakeMeteredMysqlServer(std::unique_ptr<MysqlServer> server,
                                                    CallMeter& meter);
// A watch counts as the call that begins it. `meter` must outlive the result.
std::unique_ptr<KeyValueStore> MakeMeteredStore(std::unique_ptr<KeyValueStore> store,
                                                CallMeter& meter);

// Metrics: the agent's metrics for a monitoring system, in Prometheus's text format.
// docs/reference/metrics.md lists them all.
//
// Metrics observes the operations, and counts them from its own creation on. At each scrape it
// reads its sources for all else. Safe for use from several threads.

// The claim on a donor, or a place in its queue.
struct ClaimLease {
  absl::Duration ttl;
  absl::Time kept_alive;  // the last time that the store agreed
};

// References must outlive the Metrics. The functions are called by each scrape, on its thread, and
// answer from memory.
struct MetricsSources {
  Clock& clock;
  const CallMeters& calls;
  std::function<absl::StatusOr<Operation>()> newest_operation;  // an error: there is none yet
  std::function<TabletSnapshot()> tablet;
  std::function<std::optional<ClaimLease>()> claim;                // nullopt: there is none now
  std::function<std::optional<PreflightReport>()> last_preflight;  // by itself, without operation
  std::string version;                                             // graft's own
};

class Metrics : public Observer {
 public:
  // The page of one scrape, "text/plain; version=0.0.4". Waits neither for MySQL nor for the
  // topology.
  virtual std::string Text() = 0;
};

std::unique_ptr<Metrics> MakeMetrics(MetricsSources sources);

}  // namespace graft
