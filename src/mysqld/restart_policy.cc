#include "mysqld/restart_policy.h"

#include <string.h>
#include <sys/wait.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr int kMysqldFailureExit = 2;   // MYSQLD_FAILURE_EXIT in MySQL's sql/sql_const.h
constexpr int kMysqldRestartExit = 16;  // MYSQLD_RESTART_EXIT

}  // namespace

ExitStatus ExitStatus::FromWait(int wait_status) {
  ExitStatus status;
  if (WIFSIGNALED(wait_status)) {
    status.signal = WTERMSIG(wait_status);
  } else {
    status.code = WEXITSTATUS(wait_status);
  }
  return status;
}

std::string ExitStatus::ToString() const {
  if (signal == 0) return absl::StrCat("exit code ", code);
  const char* name = sigdescr_np(signal);
  return absl::StrCat("signal ", signal, " (", name == nullptr ? "unknown" : name, ")");
}

RestartDecision RestartPolicy::OnExit(const ExitStatus& status, absl::Time now) {
  RestartDecision decision;
  if (status.signal == 0 && status.code == kMysqldRestartExit) {
    decision.kind = RestartDecision::Kind::kRestart;
    return decision;
  }
  if (status.signal == 0 && status.code != kMysqldFailureExit) {
    decision.exit_code = status.code;
    return decision;
  }
  while (!crashes_.empty() && crashes_.front() <= now - limits_.window) crashes_.pop_front();
  crashes_.push_back(now);
  const int crashes = static_cast<int>(crashes_.size());
  if (crashes >= limits_.max_crashes) {
    decision.kind = RestartDecision::Kind::kGiveUp;
    decision.exit_code = 1;
    return decision;
  }
  decision.kind = RestartDecision::Kind::kRestart;
  if (crashes > 1) {
    decision.delay = limits_.backoff;
    for (int i = 2; i < crashes && decision.delay < limits_.max_backoff; ++i) decision.delay *= 2;
    decision.delay = std::min(decision.delay, limits_.max_backoff);
  }
  return decision;
}

}  // namespace graft
