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
  using Kind = RestartDecision::Kind;
  const bool exited = status.signal == 0;
  if (exited && status.code == kMysqldRestartExit) return {Kind::kRestart, {}, 0};
  if (exited && status.code != kMysqldFailureExit) return {Kind::kExit, {}, status.code};
  while (!crashes_.empty() && crashes_.front() <= now - limits_.window) crashes_.pop_front();
  crashes_.push_back(now);
  const int crashes = static_cast<int>(crashes_.size());
  if (crashes >= limits_.max_crashes) return {Kind::kGiveUp, {}, 1};
  if (crashes == 1) return {Kind::kRestart, {}, 0};
  absl::Duration delay = limits_.backoff;
  for (int i = 2; i < crashes && delay < limits_.max_backoff; ++i) delay *= 2;
  return {Kind::kRestart, std::min(delay, limits_.max_backoff), 0};
}

}  // namespace graft
