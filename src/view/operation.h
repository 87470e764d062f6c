// An operation in words and times, for the terminal and the status page alike. Pure functions of
// the API's message and of `now`, the agent's present.
#ifndef GRAFT_VIEW_OPERATION_H_
#define GRAFT_VIEW_OPERATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft::view {

// How good or bad a word is.
enum class Tone { kPlain, kGood, kWarning, kBad, kBusy };

std::string OutcomeWord(v1::Outcome outcome);  // "failed"; "unknown"
Tone OutcomeTone(v1::Outcome outcome);
std::string DataStateMeans(v1::DataState state);  // "INTACT: the old data is whole"
Tone DataTone(v1::DataState state);

// The reason, or the code if there is no reason; empty: no error.
std::string ErrorWord(const v1::Error& error);

// "release by alice@ops-1: restored by hand"; empty if the operation is a rebuild.
std::string WhoReleases(const v1::Operation& operation);
// "zone1-1", "release by alice@ops-1", "-".
std::string FromWhom(const v1::Operation& operation);
std::string HostOf(const std::string& alias, const std::string& mysql);  // "zone1-1 (h:3306)"

// A running operation waits for its place in the donor's queue, and for what its note says.
// Empty: for nothing.
std::string WaitsFor(const v1::Operation& operation);
// The same with how long it has waited: "waits since 12s: …".
std::string WaitsFor(const v1::Operation& operation, absl::Time now);
// "12s"; empty while it does not wait.
std::string WaitedText(const v1::Operation& operation, absl::Time now);

// From the request to the end, or until `now`; never below zero.
absl::Duration TotalTime(const v1::Operation& operation, absl::Time now);

struct StepView {
  std::string name;
  std::string started;  // UTC; empty: not known
  std::string ended;    // "runs"; empty: not known
  absl::Duration took;
  double share = 0;  // of the whole time so far
};
std::vector<StepView> StepsOf(const v1::Operation& operation, absl::Time now);

// By the server's own clock; nullopt unless the stage has ended.
std::optional<absl::Duration> TimeOf(const v1::StageProgress& stage);
// Bytes a second of the whole copy, over the time that the copying stages took; 0: not known.
double AverageRate(const v1::Operation& operation);

// The time left as of `now`: "about 4m left", "3m to 7m". The range is empty if both ends are the
// same, and both are empty if nothing is known.
struct EtaText {
  std::string likely;
  std::string range;
};
EtaText EtaOf(const v1::Progress& progress, absl::Time now);
// "estimated from 4 earlier operations", "estimated from typical figures".
std::string EtaBasis(const v1::Progress& progress);

// The agent's present. A watcher's clock may be far from the agent's, so the time of the agent's
// last state counts, and from then on the watcher's clock.
class AgentTime {
 public:
  // `operation` came at `now`.
  void Heard(const v1::Operation& operation, absl::Time now);
  absl::Time At(absl::Time now) const { return now - ahead_; }

 private:
  absl::Duration ahead_;  // of the watcher's clock, before the agent's
};

}  // namespace graft::view

#endif  // GRAFT_VIEW_OPERATION_H_
