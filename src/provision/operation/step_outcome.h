// StepOutcome: the result of a step.
#ifndef GRAFT_PROVISION_OPERATION_STEP_OUTCOME_H_
#define GRAFT_PROVISION_OPERATION_STEP_OUTCOME_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/errors.h"
#include "graft/step.h"

namespace graft {

class StepOutcome {
 public:
  enum class Kind {
    kAdvance,       // to the plan's next row, or to the one named
    kWait,          // not now: look again, while the row's budget lasts
    kNextAttempt,   // this attempt is over; another may do, with another donor if there is a choice
    kStop,          // the operation is over; trying again changes nothing
    kLeaveRunning,  // the agent stops; the next process goes on from here
  };

  static StepOutcome Advance(std::optional<Step> to = std::nullopt) {
    StepOutcome outcome(Kind::kAdvance, absl::OkStatus());
    outcome.to_ = to;
    return outcome;
  }
  static StepOutcome Wait(absl::Status why) { return {Kind::kWait, std::move(why)}; }
  static StepOutcome Stop(absl::Status why) { return {Kind::kStop, std::move(why)}; }
  static StepOutcome LeaveRunning() { return {Kind::kLeaveRunning, absl::OkStatus()}; }

  // UNAVAILABLE and DEADLINE_EXCEEDED mean wait; for other errors the table of reasons decides.
  // NOLINTNEXTLINE(google-explicit-constructor): so that a step may return a plain error.
  StepOutcome(absl::Status status) : kind_(KindOf(status)), why_(std::move(status)) {}

  Kind kind() const { return kind_; }
  const absl::Status& why() const { return why_; }  // OK for kAdvance and kLeaveRunning
  std::optional<Step> to() const { return to_; }

 private:
  StepOutcome(Kind kind, absl::Status why) : kind_(kind), why_(std::move(why)) {}

  static Kind KindOf(const absl::Status& status) {
    if (status.ok()) return Kind::kAdvance;
    if (IsAway(status)) return Kind::kWait;
    return FollowUpOf(status) == FollowUp::kStop ? Kind::kStop : Kind::kNextAttempt;
  }

  Kind kind_;
  absl::Status why_;
  std::optional<Step> to_;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_STEP_OUTCOME_H_
