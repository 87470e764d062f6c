// What the steps that supervise a copy see of the recipient: CloneWatch follows this run's clone,
// DownServer watches a server that does not answer. Both on the operation's thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/server_host.h"
#include "provision/operation/step_context.h"
#include "provision/progress/progress_model.h"
#include "provision/steps/clone_verdict.h"

namespace graft {

// RECIPIENT_CRASHED: the server went down in the middle of the copy.
absl::Status CrashedInTheCopy();

// Follows the clone on a connection beside the one that runs the statement.
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

// Says whether mysqld is starting, asks for its start once the process is gone, and reports when
// mysqld has been down for too long. The budget runs anew with each sign of life. Never waits.
class DownServer {
 public:
  explicit DownServer(StepContext& context);

  // The server answers: a later wait begins anew.
  void Answers();

  // The server did not answer; `last` is the error. nullopt: keep waiting; the note says for what.
  // Stop with RESTART_TIMEOUT: nothing has moved for --clone-restart-wait-timeout; with
  // RESTART_FAILED: mysqld ends by itself when it starts.
  std::optional<StepOutcome> Look(const absl::Status& last);

  // How long the server has refused the agent without another answer; nullopt: `look` is no
  // refusal.
  std::optional<absl::Duration> DeniedFor(const absl::Status& look);

 private:
  bool StartHasFailed(absl::Time now) const;
  bool Copied() const;
  std::string HowItEnded() const;
  absl::Status FailedToStart() const;
  void ReadErrorLog();
  void LookAtFiles();
  std::string HowItStarts() const;
  void AskForStart(absl::Time now);
  std::string HowItStands(absl::Duration silent) const;
  std::string WhoStartsIt() const;
  absl::Status TimedOut(const absl::Status& last) const;

  StepContext& context_;
  const absl::Duration budget_;
  absl::Time began_;
  absl::Time last_sign_;
  absl::Time looked_at_files_;
  absl::Time read_error_log_ = absl::InfinitePast();
  StartupSigns startup_;
  absl::Time failed_since_ = absl::InfiniteFuture();
  std::string activity_;
  std::string note_;
  bool gone_ = false;  // nobody listens where it did; not merely that a look failed
  absl::Time asked_for_start_ = absl::InfinitePast();
  absl::Status refused_;  // why it could not even be asked for
  absl::Time denied_since_ = absl::InfiniteFuture();
};

}  // namespace graft
