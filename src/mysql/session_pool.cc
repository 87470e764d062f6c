#include "mysql/session_pool.h"

#include "base/errors.h"

namespace graft {
namespace {

// Shorter than the read timeout, so that MySQL's own words (1205) come first.
absl::Duration LockWait(absl::Duration read_timeout) {
  return read_timeout / 2;
}

}  // namespace

absl::Status SessionPool::Run(const std::function<absl::Status(Session&)>& work, bool keep) {
  std::unique_ptr<Session> session;
  {
    absl::MutexLock lock(&mutex_);
    // No deadline of its own: the read timeout bounds every busy session.
    const auto free = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !busy_; };
    mutex_.Await(absl::Condition(&free));
    busy_ = true;
    session = std::move(idle_);
  }
  const bool kept = session != nullptr;
  absl::Status status = RunOn(session, work);
  if (kept && session == nullptr && HasReason(status, Reason::kMysqlGone)) {
    status = RunOn(session, work);
  }
  if (!keep) session.reset();
  absl::MutexLock lock(&mutex_);
  idle_ = std::move(session);
  busy_ = false;
  return status;
}

absl::Status SessionPool::RunSlowly(absl::Duration read_timeout,
                                    const std::function<absl::Status(Session&)>& work) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, Session::Open(clock_, options_, read_timeout,
                                                           LockWait(options_.read_timeout)));
  return work(*session);
}

absl::Status SessionPool::RunOn(std::unique_ptr<Session>& session,
                                const std::function<absl::Status(Session&)>& work) {
  if (session == nullptr) {
    GRAFT_ASSIGN_OR_RETURN(session, Session::Open(clock_, options_, options_.read_timeout,
                                                  LockWait(options_.read_timeout)));
  }
  absl::Status status = work(*session);
  if (session->lost()) session.reset();
  return status;
}

}  // namespace graft
