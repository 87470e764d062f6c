// Plan: the steps of an operation, as a list of rows. What a row means stands in the row; nothing
// compares steps by their order.
#ifndef GRAFT_PLAN_H_
#define GRAFT_PLAN_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "graft/operation.h"

namespace graft {

enum class Zone {
  kBeforeDrop,  // nothing is dropped yet by this attempt
  kCopying,     // CLONE is about to be sent, runs, or its server restarts
  kAfterCopy,   // the copy is made
};

// Whose cancel is granted. What is dropped already asks for `even if dropped` in any row.
enum class MayCancel { kYes, kTooLate };

struct PlanRow {
  Step step;
  Zone zone;
  bool serves;  // the tablet serves as before while it stands here, if its data is whole
  MayCancel may_cancel;
  // How long the step is looked at again, with back-off, while it answers "wait". Zero: it waits
  // for itself, or must not be repeated.
  absl::Duration budget;
  DataState worst;  // what the recipient's data may be once the step has begun
};

using Plan = std::vector<PlanRow>;

const Plan& PlanOf(OperationKind kind);

// The row where the operation stands, and its place in its plan.
const PlanRow& RowOf(const Operation& operation);
// nullopt: the plan has no such step.
std::optional<size_t> PlaceIn(const Plan& plan, Step step);

}  // namespace graft

#endif  // GRAFT_PLAN_H_
