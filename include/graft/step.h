// The state of an operation: its step, its outcome, and the recipient's data state.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace graft {

// The steps of operations. The plan (graft/plan.h) says which steps an operation has, and in which
// order; the order here means nothing.
enum class Step {
  kResolveDonor,
  kPreflight,
  kClaimDonor,
  kFence,
  kClone,
  kAwaitRestart,
  kVerify,
  kReplicate,
  kCatchUp,
  kPublish,
  kRelease,
};
inline constexpr int kStepCount = 11;
absl::string_view StepName(Step step);  // "await_restart"
std::optional<Step> ParseStep(absl::string_view name);

enum class Outcome { kRunning, kDone, kFailed, kCancelled };
absl::string_view OutcomeName(Outcome outcome);  // "running"

// The state of the recipient's data, derived from the facts that its server shows.
enum class DataState {
  kIntact,   // the old data is whole
  kPartial,  // some of it is dropped
  kEmpty,    // dropped, nothing usable
  kCloned,   // the donor's, verified
};
absl::string_view DataStateName(DataState state);  // "INTACT"
// The old data is gone, and nothing that is known to be good has taken its place.
inline bool IsDropped(DataState data) {
  return data == DataState::kPartial || data == DataState::kEmpty;
}
// What is left of `data` as far as anybody knows, once some of it may be dropped.
inline DataState OnceDropped(DataState data) {
  return IsDropped(data) ? data : DataState::kPartial;
}

}  // namespace graft
