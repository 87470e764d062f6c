// DownServer: watches a recipient that does not answer. Says whether mysqld is starting, asks for
// its start once the process is gone, and reports when mysqld has been down for too long.
//
// The budget runs anew with each sign of life. Never waits. Used on the operation's thread.
#ifndef GRAFT_PROVISION_STEPS_DOWN_SERVER_H_
#define GRAFT_PROVISION_STEPS_DOWN_SERVER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/server_host.h"
#include "provision/operation/step_context.h"

namespace graft {

class DownServer {
 public:
  explicit DownServer(StepContext& context);

  // The server answers: a later wait begins anew.
  void Answers();

  // The server did not answer; `last` is the error. OK: keep waiting; the note says for what.
  // DEADLINE_EXCEEDED with RESTART_TIMEOUT: nothing has moved for --clone-restart-wait-timeout.
  absl::Status Look(const absl::Status& last);

 private:
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
  std::string activity_;
  std::string note_;
  bool gone_ = false;  // no process listens at its address; not merely a failed call
  absl::Time asked_for_start_ = absl::InfinitePast();
  absl::Status refused_;  // why it could not even be asked for
};

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_DOWN_SERVER_H_
