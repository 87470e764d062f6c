// clone: the one step that drops data. Sends CLONE INSTANCE once, or adopts the run that an earlier
// process of the agent sent, and stays with it until the statement has ended.

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/clone_watch.h"
#include "provision/steps/clone_watchdog.h"
#include "provision/steps/fence.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(20);
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);
constexpr absl::Duration kPreparePatience = absl::Seconds(15);
constexpr absl::Duration kKillBeforeStagesAfter = absl::Seconds(10);
// A killed statement answers within 100 ms in the copy stages; rolling back takes longer.
constexpr absl::Duration kKillPatience = absl::Minutes(1);

// Carries the statement's end from its own thread to the operation's. Outlives both.
class StatementEnd {
 public:
  void Set(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  std::optional<absl::Status> Get() const {
    absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);
};

CloneRequest MakeRequest(const StepContext& context) {
  CloneRequest request;
  request.donor = context.operation.donor_mysql;
  request.user = context.options.clone_user;
  request.password = context.options.clone_password;
  request.require_ssl = context.options.clone_use_ssl;
  request.lock_wait_timeout = context.options.lock_wait_timeout;
  return request;
}

// Only an answer of the server's counts; the loss of the connection decides nothing.
bool DecidesNothing(const absl::Status& ended) {
  return ended.ok() || (absl::IsUnavailable(ended) && HasReason(ended, Reason::kMysqlGone));
}

// One run of CLONE, from its sending or adoption to the statement's end.
class CloneStepRun {
 public:
  explicit CloneStepRun(StepContext& context)
      : context_(context), operation_(context.operation), watch_(context), watchdog_(context) {}

  absl::Status Run() {
    absl::Status adopted = Adopt();
    if (absl::IsNotFound(adopted)) {
      GRAFT_RETURN_IF_ERROR(Send());
    } else if (!adopted.ok()) {
      return adopted;
    }
    return StayWithIt();
  }

 private:
  // Is the run of an earlier process of the agent there? NOT_FOUND: it left no trace.
  absl::Status Adopt() {
    if (operation_.run.not_before.empty()) return absl::NotFoundError("never sent");
    const auto verdict = watch_.Look();
    if (!verdict.ok()) {
      return HasReason(verdict.status(), Reason::kMysqlGone) ? absl::OkStatus() : verdict.status();
    }
    if (*verdict != CloneVerdict::kNoTrace) return absl::OkStatus();
    // It may still be in the checks that come before clone_status speaks of it.
    const auto sessions = context_.recipient().ReadSessions();
    if (absl::IsUnavailable(sessions.status())) return sessions.status();
    const bool lives =
        sessions.ok() &&
        std::any_of(sessions->begin(), sessions->end(), [this](const ServerSession& session) {
          return session.connection_id == operation_.run.connection_id;
        });
    return lives ? absl::OkStatus() : absl::NotFoundError("no trace of it");
  }

  // Nothing is sent yet, so all of it may be done again while a server or the store is away.
  absl::Status PrepareWithRetries() {
    const absl::Time deadline = context_.clock().Now() + kPreparePatience;
    absl::Status status = Prepare();
    while (absl::IsUnavailable(status) && context_.clock().Now() < deadline) {
      GRAFT_RETURN_IF_ERROR(context_.Wait(kLookEvery));
      status = Prepare();
    }
    return status;
  }

  absl::Status Prepare() {
    GRAFT_RETURN_IF_ERROR(LastChecks(context_));
    GRAFT_RETURN_IF_ERROR(EndUserSessions(context_));
    return ApplyCloneSettings(context_, operation_.request.settings);
  }

  // Looks at everything once more, journals the marks of the run, and sends the statement.
  absl::Status Send() {
    earlier_run_ = operation_.run;
    GRAFT_RETURN_IF_ERROR(PrepareWithRetries());
    GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context_.recipient().Describe());
    operation_.run = CloneRun();
    operation_.run.not_before = facts.now;
    GRAFT_RETURN_IF_ERROR(context_.Save());
    if (!context_.control->BeginCopy()) {
      return absl::CancelledError("cancelled before CLONE was sent");
    }
    GRAFT_RETURN_IF_ERROR(OpenForClone(context_));
    const auto id = context_.recipient().StartClone(
        MakeRequest(context_), [end = end_, control = context_.control](absl::Status status) {
          end->Set(std::move(status));
          control->wait().Wake();
        });
    if (!id.ok()) return id.status();
    operation_.run.connection_id = *id;
    // Until the server has been asked, the worst is assumed.
    if (operation_.data_state == DataState::kIntact) operation_.data_state = DataState::kPartial;
    // It runs: a journal that fails now must not end it. The marks saved above are enough to know
    // it.
    context_.Save().IgnoreError();
    return absl::OkStatus();
  }

  absl::Status StayWithIt() {
    absl::Duration pause = kFirstLook;
    while (true) {
      if (const std::optional<absl::Status> ended = end_->Get()) {
        if (DecidesNothing(*ended)) return absl::OkStatus();
        if (!IsTheEarlierOnes(*ended)) return StatementFailed(*ended);
      }
      const auto verdict = watch_.Look();
      if (!verdict.ok() && HasReason(verdict.status(), Reason::kMysqlGone)) return absl::OkStatus();
      if (verdict.ok() && IsOver(*verdict)) return AfterIt(*verdict);
      if (verdict.ok()) {
        GRAFT_RETURN_IF_ERROR(LookAfterIt(*verdict));
      }
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      pause = std::min(pause * 3 / 2, kLookEvery);
    }
  }

  static bool IsOver(CloneVerdict verdict) {
    return verdict != CloneVerdict::kRunning && verdict != CloneVerdict::kNoTrace;
  }

  // "A clone runs here already" (3634): the one that an earlier process sent before it could note
  // more than that it would.
  bool IsTheEarlierOnes(const absl::Status& ended) {
    if (!HasReason(ended, Reason::kCloneRunningHere) || earlier_run_.not_before.empty())
      return false;
    operation_.run = std::exchange(earlier_run_, CloneRun());
    end_ = std::make_shared<StatementEnd>();
    context_.Save().IgnoreError();
    return true;
  }

  // The run is over; await_restart judges all but a failure.
  absl::Status AfterIt(CloneVerdict verdict) {
    if (verdict != CloneVerdict::kFailed) return absl::OkStatus();
    // The statement's own words come in a moment; without them the report's have to do.
    if (!end_->Get().has_value()) GRAFT_RETURN_IF_ERROR(context_.Wait(kLookEvery));
    const std::optional<absl::Status> said = end_->Get();
    return said.has_value() && !DecidesNothing(*said) ? StatementFailed(*said)
                                                      : watch_.Failure(verdict);
  }

  // While it runs: the operator's wishes, and what the watchdog sees.
  absl::Status LookAfterIt(CloneVerdict verdict) {
    if (context_.control->cancel_wanted() && MayBeKilled()) {
      return End(absl::CancelledError("the copy was ended as asked for"));
    }
    if (const auto settings = context_.control->TakeThrottle()) {
      const absl::Status applied = ApplyCloneSettings(context_, *settings);
      if (!applied.ok()) {
        operation_.progress.note = absl::StrCat("bandwidth not changed: ", applied.message());
        context_.ReportProgress();
      }
    }
    if (verdict != CloneVerdict::kRunning) return absl::OkStatus();
    const absl::Status stalled = watchdog_.Check();
    return stalled.ok() ? absl::OkStatus() : End(stalled);
  }

  // A KILL that comes before the first stage has been seen to hang, and the clone with it (9.7.4).
  bool MayBeKilled() const {
    return operation_.progress.stage.has_value() ||
           context_.clock().Now() - stayed_since_ >= kKillBeforeStagesAfter;
  }

  // Kills the statement and stays until it is gone: `why`. OK: it came too late, the copy is made
  // and the server restarts on it; or it had no effect, and will be tried again: a clone that runs
  // is never left alone.
  absl::Status End(const absl::Status& why) {
    context_.recipient().KillQuery(operation_.run.connection_id).IgnoreError();
    const absl::Time deadline = context_.clock().Now() + kKillPatience;
    while (context_.clock().Now() < deadline) {
      const auto verdict = watch_.Look();
      const bool gone = !verdict.ok() && HasReason(verdict.status(), Reason::kMysqlGone);
      if (verdict.ok() && *verdict == CloneVerdict::kFailed) {
        if (absl::IsCancelled(why)) context_.control->ConfirmCancel();
        return why;
      }
      if (gone || (verdict.ok() && IsOver(*verdict))) return absl::OkStatus();
      GRAFT_RETURN_IF_ERROR(context_.Wait(kFirstLook));
    }
    operation_.progress.note =
        absl::StrCat("the clone was to be ended (", why.message(), "), but KILL QUERY ",
                     operation_.run.connection_id,
                     " has no effect; if that lasts, only the end of mysqld ends it");
    context_.ReportProgress();
    return absl::OkStatus();
  }

  // The statement failed: what it said, and what it left behind.
  absl::Status StatementFailed(const absl::Status& said) {
    absl::Duration pause = kFirstLook;
    auto verdict = watch_.Look();
    for (int tries = 0; !verdict.ok() && tries < 8; ++tries) {
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      pause *= 2;
      verdict = watch_.Look();
    }
    if (context_.control->cancel_wanted()) context_.control->ConfirmCancel();
    return Annotate(said, absl::StrCat("clone from ", operation_.donor.ToString()));
  }

  StepContext& context_;
  Operation& operation_;
  CloneWatch watch_;
  CloneWatchdog watchdog_;
  std::shared_ptr<StatementEnd> end_ = std::make_shared<StatementEnd>();
  const absl::Time stayed_since_ = context_.clock().Now();
  CloneRun earlier_run_;  // an earlier process's marks, of which the server showed no trace
};

}  // namespace

// OK: the statement has ended, or its server went away; clone_status has the truth.
// Any other: CLONE was refused or failed; operation.data_state says what is left.
absl::Status CloneStep(StepContext& context) {
  return CloneStepRun(context).Run();
}

}  // namespace graft
