// CloneWatch: follows this run's clone on a connection beside the one that runs the statement.
//
// Used by the steps that supervise a copy, on the operation's thread.
#ifndef GRAFT_PROVISION_STEPS_CLONE_WATCH_H_
#define GRAFT_PROVISION_STEPS_CLONE_WATCH_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "provision/operation/step_context.h"
#include "provision/progress/progress_meter.h"
#include "provision/steps/clone_verdict.h"

namespace graft {

class CloneWatch {
 public:
  explicit CloneWatch(StepContext& context) : context_(context) {}

  // One look: reads the report, notes begin time and progress, and while the run is under way what
  // is left of the data; tells the observers if something moved. Codes are ReadClone()'s.
  absl::StatusOr<CloneVerdict> Look();

  // The server has shown the end of the run; `left` is the remaining data.
  void Conclude(DataState left);

  // What is left of the data, by the last report.
  DataState Left() const { return WhatIsLeft(report_, context_.state.data_before); }
  // The error of a failed run, by the last report.
  absl::Status Failure() const;
  const CloneReport& report() const { return report_; }

 private:
  StepContext& context_;
  ProgressMeter meter_;
  CloneReport report_;  // the last one read
};

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_CLONE_WATCH_H_
