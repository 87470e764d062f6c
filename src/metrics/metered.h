// Servers and stores whose calls are timed and counted, and otherwise are as they were.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "graft/mysql_server.h"

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

  Calls Read() const;

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

}  // namespace graft
