// An operation and a preflight in words, times, phases and events, for the terminal and the status
// page alike. Pure functions of the API's messages and of `now`, the agent's present.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/preflight.pb.h"

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

// What takes time in an operation, as a person sees it: its phases, each with the bytes of the
// CLONE stage of the same name.
enum class PhaseState { kDone, kCurrent, kComing };

struct PhaseView {
  std::string name;  // "FILE COPY"
  PhaseState state = PhaseState::kComing;
  double done = 0;        // 0 to 1
  double share = 0;       // of the operation's time; 0: not known
  bool measured = false;  // `done` is bytes or the server's own word
  int64_t bytes_done = 0;
  int64_t bytes_expected = 0;  // 0: it has none
  absl::Duration took;
  std::optional<double> recovery_percent;
};

// Of an agent that tells no phases: CLONE's stages.
std::vector<PhaseView> PhasesOf(const v1::Operation& operation, absl::Time now);

// The one that runs; nullopt: none does.
std::optional<PhaseView> CurrentPhase(const v1::Operation& operation, absl::Time now);

// The bytes, or what else is known of it: "1.0 MiB of 2.0 MiB", "redo log 40% applied",
// "estimated". Of a phase that is done its bytes alone.
std::string DetailOf(const PhaseView& phase);

// What an operation went through and what it proved.
struct Event {
  std::string what;     // "attempt 1 from zone1-1 failed in clone"
  std::string details;  // may be empty
  Tone tone = Tone::kPlain;

  std::string Line() const { return details.empty() ? what : what + ": " + details; }
};

// Failed attempts first, then refused donors, findings, sessions that graft ended, and what the new
// data cost. An event stays the same as long as what happened stays the same.
// `kAll` cuts no list and no GTID set.
enum class Extent { kCut, kAll };
std::vector<Event> EventsOf(const v1::Operation& operation, Extent extent = Extent::kCut);

// "FATAL", "donor"; for what a newer agent may say: "UNKNOWN", "unknown".
std::string CheckOutcomeWord(v1::CheckOutcome outcome);
std::string CheckSideWord(v1::CheckSide side);
Tone CheckTone(v1::CheckOutcome outcome);

using CheckResults = google::protobuf::RepeatedPtrField<v1::CheckResult>;
int CountOf(const CheckResults& results, v1::CheckOutcome outcome);
// All but what passed, the worst first.
std::vector<v1::CheckResult> Findings(const CheckResults& results);

// What the check found, or what it looks at; on one line.
std::string FoundText(const v1::CheckResult& result);

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
