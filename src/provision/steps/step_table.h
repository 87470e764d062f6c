// The operation as one table: a row a step, in order. The provisioner is its only interpreter.
#ifndef GRAFT_PROVISION_STEPS_STEP_TABLE_H_
#define GRAFT_PROVISION_STEPS_STEP_TABLE_H_

#include <array>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/operation.h"

namespace graft {

struct StepContext;

struct StepRow {
  Step step;
  std::optional<Step> next;  // nullopt: the operation is done
  // How long the step is tried again, with back-off, while it returns UNAVAILABLE or
  // DEADLINE_EXCEEDED. Zero: it waits for itself, or must not be repeated.
  absl::Duration budget;
  // What the recipient's data may be once this step has begun, worst first.
  DataState worst_data_state;
  // Looks, acts, looks again, so that it can run twice. OK: on to `next`.
  absl::Status (*run)(StepContext&);
};

const std::array<StepRow, kStepCount>& StepTable();

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_STEP_TABLE_H_
