// What takes time in an operation, as a person sees it: its phases, each with the bytes of the
// CLONE stage of the same name. Pure functions.
#ifndef GRAFT_VIEW_PHASES_H_
#define GRAFT_VIEW_PHASES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft::view {

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

}  // namespace graft::view

#endif  // GRAFT_VIEW_PHASES_H_
