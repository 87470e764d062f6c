// Plan: the steps of an operation, as a list of rows. Each row says what its step may do; no code
// compares steps by their order.
#pragma once

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

// Which cancels graft grants in this row. Once data is dropped, a cancel needs `even_if_dropped` in
// every row.
enum class MayCancel { kYes, kTooLate };

struct PlanRow {
  Step step;
  Zone zone;
  bool serves;  // the tablet serves as before while it stands here, if its data is whole
  MayCancel may_cancel;
  // How long graft repeats the step, with back-off, while the step returns "wait". Zero: the step
  // waits by itself, or must not be repeated.
  absl::Duration budget;
  DataState worst;  // what the recipient's data may be once the step has begun
};

using Plan = std::vector<PlanRow>;

const Plan& PlanOf(OperationKind kind);
const Plan& PlanOf(const Operation& operation);
// The row of a rebuild's plan with which its copy begins.
inline Step FirstOfCopy(const Operation& operation) {
  return operation.from_backup ? Step::kRestoreBackup : Step::kResolveDonor;
}

// The row of the operation's present step, and the index of that row in the plan.
const PlanRow& RowOf(const Operation& operation);
// nullopt: the plan has no such step.
std::optional<size_t> PlaceIn(const Plan& plan, Step step);

}  // namespace graft
