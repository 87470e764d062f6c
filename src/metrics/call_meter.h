// CallMeter: how long calls to a server or a store take, and how they end.
//
// Safe for use from several threads; nothing is called under its lock. `clock` must outlive it.
#ifndef GRAFT_METRICS_CALL_METER_H_
#define GRAFT_METRICS_CALL_METER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "metrics/histogram.h"

namespace graft {

class CallMeter {
 public:
  struct Call {
    Histogram seconds;
    std::map<absl::StatusCode, int64_t> errors;
  };
  using Calls = std::map<std::string, Call, std::less<>>;  // by the method's name

  explicit CallMeter(Clock& clock) : clock_(clock) {}

  // Returns the result of `call`, a Status or a StatusOr, and counts it under `name`.
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

// One meter for each kind of server that an agent calls. Made before the servers and stores that it
// wraps (metered_mysql_server.h, metered_store.h), which it outlives.
struct CallMeters {
  explicit CallMeters(Clock& clock) : topology(clock), local_mysql(clock), peer_mysql(clock) {}
  CallMeter topology;
  CallMeter local_mysql;  // the tablet's own
  CallMeter peer_mysql;   // donors, sources, the primary
};

}  // namespace graft

#endif  // GRAFT_METRICS_CALL_METER_H_
