#include "mysql/clone_session.h"

#include <string>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "mysql/server_hold.h"
#include "mysql/statements.h"

namespace graft {
namespace {

// Until the server has seen that the agent's own connection gave the lock up.
constexpr absl::Duration kHoldWait = absl::Seconds(5);

// The caller's clock may end before an abandoned statement does.
Clock& ProcessClock() {
  static Clock* const clock = MakeRealClock().release();
  return *clock;
}

}  // namespace

absl::StatusOr<std::shared_ptr<CloneSession>> CloneSession::Start(
    const ConnectionOptions& options, const CloneRequest& request,
    const std::function<bool(int64_t holder)>& is_own, std::function<void(absl::Status)> on_end) {
  GRAFT_ASSIGN_OR_RETURN(std::string sql, CloneStatement(request, Secrets::kReveal));
  GRAFT_ASSIGN_OR_RETURN(const std::string shown, CloneStatement(request, Secrets::kMask));
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<Session> session,
                         Session::Open(ProcessClock(), HoldingOptions(ProcessClock(), options),
                                       absl::InfiniteDuration(), request.lock_wait_timeout));
  bool taken = false;
  if (request.hold) GRAFT_RETURN_IF_ERROR(TakeServerLock(*session, kHoldWait, is_own, &taken));
  const std::shared_ptr<CloneSession> clone(new CloneSession(session->id(), std::move(on_end)));
  try {
    std::thread([clone, shown, sql = std::move(sql), secret = request.password,
                 session = std::move(session)]() mutable {
      const absl::Status status = session->ExecuteSecret(sql, shown, secret);
      session.reset();
      clone->End(status);
    }).detach();
  } catch (const std::system_error& e) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no thread for the CLONE statement: ", e.what()));
  }
  return clone;
}

bool CloneSession::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

void CloneSession::Abandon() {
  absl::MutexLock lock(&mutex_);
  abandoned_ = true;
  const auto idle = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !calling_; };
  mutex_.Await(absl::Condition(&idle));
}

void CloneSession::End(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (abandoned_) return;
    calling_ = true;
  }
  on_end_(status);
  absl::MutexLock lock(&mutex_);
  calling_ = false;
  ended_ = true;
}

}  // namespace graft
