// How long the parts of an operation took, and how fast its copy was. Pure functions.
#ifndef GRAFT_CLI_OPERATION_TIMES_H_
#define GRAFT_CLI_OPERATION_TIMES_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

// Until `now` for what has not ended; never below zero.
absl::Duration TimeOf(const v1::StepTime& step, absl::Time now);
absl::Duration TotalTime(const v1::Operation& operation, absl::Time now);

// When it ended, or `now`: a step that an agent could not end took no longer than its operation.
absl::Time EndOf(const v1::Operation& operation, absl::Time now);

// By the server's own clock; nullopt unless it has ended.
std::optional<absl::Duration> TimeOf(const v1::StageProgress& stage);

// Of all that was copied, over the time that the copying stages took; 0: not known.
double AverageRate(const v1::Operation& operation);

// The agent's present, which a watcher's clock may be far from. An agent's state says when it was
// so; from then on the watcher's clock counts.
class AgentTime {
 public:
  // `operation` came at `now`.
  void Heard(const v1::Operation& operation, absl::Time now);
  absl::Time At(absl::Time now) const { return now - ahead_; }

 private:
  absl::Duration ahead_;  // the watcher's clock, of the agent's
};

// What is left, as of `now`: "about 4m left, 3m to 7m" in two parts; the second is empty if both
// ends are the same. Both are empty if nothing is known.
struct EtaText {
  std::string likely;  // "about 4m left"
  std::string range;   // "3m to 7m"
};
EtaText EtaOf(const v1::Progress& progress, absl::Time now);

// 0 to 1; 0 where nothing is expected.
double Fraction(int64_t done, int64_t expected);
// Rounded down: only what is done is 100.
int PercentOf(double fraction);

}  // namespace graft::cli

#endif  // GRAFT_CLI_OPERATION_TIMES_H_
