#include "mysql/own_sessions.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "mysql/statements.h"
#include "mysql/survey_statements.h"

namespace graft {
namespace {

// The connection of an agent that was just killed may need a moment to end.
constexpr absl::Duration kPatience = absl::Seconds(1);

std::string HostName() {
  std::array<char, 256> name = {};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Processes are known by their ids in here.
std::string PidNamespace() {
  std::array<char, 64> name = {};
  return readlink("/proc/self/ns/pid", name.data(), name.size() - 1) > 0 ? name.data() : "";
}

// The attributes of an agent's connection; no row if the server does not show them.
absl::StatusOr<RowSet> Attributes(Session& session, int64_t connection_id) {
  return session.Query(HoldingAttributesStatement(connection_id), "read who holds the server");
}

// ", graftd, process 4711 on host db1, since 2026-11-20T13:00:00Z"
std::string Introduction(Session& session, int64_t connection_id) {
  const auto rows = Attributes(session, connection_id);
  if (!rows.ok() || rows->rows.empty()) return "";
  const Row row(*rows, 0);
  return absl::StrCat(", ", row.Text({"program"}), ", process ", row.Text({"pid"}), " on host ",
                      row.Text({"host"}), ", since ", row.Text({"since"}));
}

// A CLONE goes on without the agent that sent it. Such a CLONE does not block another agent.
bool IsOfDeadAgent(Session& session, int64_t connection_id) {
  const auto rows = Attributes(session, connection_id);
  if (!rows.ok() || rows->rows.empty()) return false;
  const Row row(*rows, 0);
  const bool of_this_machine = row.Text({"host"}) == HostName() && !PidNamespace().empty() &&
                               row.Text({"pid_namespace"}) == PidNamespace();
  const auto pid = row.Number({"pid"});
  if (!of_this_machine || !pid.ok() || *pid <= 0) return false;
  return kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

absl::Status Held(Session& session, int64_t holder) {
  std::string who = absl::StrCat("connection ", holder);
  const auto sessions = session.Query(kProcesslistStatement, "read the sessions");
  for (size_t i = 0; sessions.ok() && i < sessions->rows.size(); ++i) {
    const Row row(*sessions, i);
    if (row.Text({"Id"}) != absl::StrCat(holder)) continue;
    absl::StrAppend(&who, " of '", row.Text({"User"}), "'@'", row.Text({"Host"}), "'");
  }
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("another agent works on this mysqld: ", who,
                                     Introduction(session, holder), "; stop one of the two")),
                    Reason::kServerHeld);
}

// The connection that has the lock; 0: none.
absl::StatusOr<int64_t> Holder(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kServerLockHolderStatement, "look who holds the server"));
  if (rows.rows.empty()) return absl::InternalError("the server did not say who holds its lock");
  return Row(rows, 0).Number({"holder"});
}

absl::StatusOr<bool> TryLock(Session& session, absl::Duration wait) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(TakeServerLockStatement(wait), "take hold of the server"));
  return !rows.rows.empty() && Row(rows, 0).Text({"taken"}) == "1";
}

absl::StatusOr<bool> StillMine(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kServerLockHolderStatement, "look who holds the server"));
  return !rows.rows.empty() && Row(rows, 0).Text({"holder"}) == Row(rows, 0).Text({"id"});
}

// Until the server has seen that the agent's own connection gave the lock up.
constexpr absl::Duration kHoldWait = absl::Seconds(5);

// The caller's clock may end before an abandoned statement does.
Clock& ProcessClock() {
  static Clock* const clock = MakeRealClock().release();
  return *clock;
}

}  // namespace

ConnectionOptions HoldingOptions(const Clock& clock, ConnectionOptions options) {
  options.attributes = {
      {"program_name", program_invocation_short_name},
      {"graft_host", HostName()},
      {"graft_pid", absl::StrCat(getpid())},
      {"graft_pid_namespace", PidNamespace()},
      {"graft_since", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", clock.Now(), absl::UTCTimeZone())}};
  return options;
}

absl::Status TakeServerLock(Session& session, absl::Duration wait,
                            const std::function<bool(int64_t holder)>& is_own, bool* taken) {
  for (const absl::Duration patience : {absl::ZeroDuration(), wait}) {
    GRAFT_ASSIGN_OR_RETURN(*taken, TryLock(session, patience));
    if (*taken) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(const int64_t holder, Holder(session));
    if (is_own(holder) || IsOfDeadAgent(session, holder)) return absl::OkStatus();
    if (patience == wait) return Held(session, holder);
  }
  return absl::OkStatus();
}

absl::Status ServerHold::Take(const std::function<bool(int64_t holder)>& is_own) {
  absl::MutexLock lock(&mutex_);
  if (session_ != nullptr) {
    const auto mine = StillMine(*session_);
    if (mine.ok() && *mine) return absl::OkStatus();
    session_.reset();
  }
  GRAFT_ASSIGN_OR_RETURN(
      std::unique_ptr<Session> session,
      Session::Open(clock_, HoldingOptions(clock_, options_), options_.read_timeout, kPatience));
  bool taken = false;
  GRAFT_RETURN_IF_ERROR(TakeServerLock(*session, kPatience, is_own, &taken));
  if (!taken) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(session->Execute(kKeepSessionStatement, "keep the connection"));
  session_ = std::move(session);
  return absl::OkStatus();
}

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
