#include "provision/steps/clone_supervisor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/clone_watch.h"
#include "provision/steps/clone_watchdog.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(20);
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);
// clone_status speaks of a run as soon as the checks on the recipient itself are passed.
constexpr absl::Duration kTraceTakes = absl::Seconds(3);
constexpr absl::Duration kTraceComes = absl::Minutes(1);
constexpr absl::Duration kKillBeforeStagesAfter = absl::Seconds(10);
// A killed statement answers within 100 ms in the copy stages; rolling back takes longer.
constexpr absl::Duration kKillPatience = absl::Minutes(1);
// A server that was told to stop has ended the statement first, and then goes away.
constexpr absl::Duration kStopShowsWithin = absl::Seconds(3);

absl::Status Stopped() {
  return Failure(Reason::kRecipientStopped,
                 "the recipient's mysqld was stopped in the middle of the clone");
}

class CloneSupervisor {
 public:
  CloneSupervisor(StepContext& context, std::shared_ptr<StatementEnd> end, bool runs_here)
      : context_(context),
        state_(context.state),
        operation_(context.operation),
        end_(std::move(end)),
        watch_(context),
        watchdog_(context),
        down_(context),
        since_(context.clock().Now()),
        trace_takes_(runs_here ? kTraceComes : kTraceTakes) {}

  std::optional<StepOutcome> Run() {
    absl::Duration pause = kFirstLook;
    while (true) {
      if (Verdict over = Turn()) return over;
      if (never_sent_) return std::nullopt;
      if (!context_.Wait(pause).ok()) return StepOutcome::LeaveRunning();
      pause = std::min(pause * 3 / 2, kLookEvery);
    }
  }

 private:
  using Verdict = std::optional<StepOutcome>;  // nullopt: stay with it

  Verdict Turn() {
    if (end_ != nullptr) {
      const std::optional<absl::Status> said = end_->Get();
      const bool copied =
          said.has_value() && (said->ok() || HasReason(*said, Reason::kRestartNeeded));
      if (copied) return Copied();
    }
    const absl::StatusOr<CloneVerdict> verdict = watch_.Look();
    if (!verdict.ok()) return ServerAway(verdict.status());
    down_.Answers();
    down_.DeniedFor(absl::OkStatus());
    switch (*verdict) {
      case CloneVerdict::kRunning:
        return LookAfterIt();
      case CloneVerdict::kStopping:
      case CloneVerdict::kCompleted:
        return Copied();
      case CloneVerdict::kCrashed:
        return Over(watch_.Left(), CrashedInTheCopy());
      case CloneVerdict::kFailed:
        return Failed();
      case CloneVerdict::kNoTrace:
      case CloneVerdict::kContradicts:
        return WithoutTrace();
    }
    return std::nullopt;
  }

  // await_restart's row is saved with this mark, or the next process finds it out again.
  Verdict Copied() {
    state_.clone->copied = true;
    return StepOutcome::Advance();
  }

  // This process has sent the statement, which runs on.
  bool Pending() const { return end_ != nullptr && !end_->Get().has_value(); }

  // What the statement has said, if that is an answer of the server's about this run.
  std::optional<absl::Status> Answer() const {
    if (end_ == nullptr) return std::nullopt;
    std::optional<absl::Status> said = end_->Get();
    if (said.has_value() && HasReason(*said, Reason::kMysqlGone)) return std::nullopt;
    return said;
  }

  // The statement's own words come in a moment; without them the report's have to do.
  Verdict Failed() {
    if (Pending() && !context_.Wait(kLookEvery).ok()) return StepOutcome::LeaveRunning();
    absl::Status said = Answer().value_or(watch_.Failure());
    if (said.ok()) said = watch_.Failure();
    if (HasReason(said, Reason::kCloneKilled) && !context_.cancel_wanted()) {
      said = NameTheKill(said);
      if (context_.control->stopped()) return StepOutcome::LeaveRunning();
    }
    // Another process has seen its begin.
    if (end_ != nullptr && HasReason(said, Reason::kDonorLost)) said = NameTheLoss(said);
    return Over(watch_.Left(), said);
  }

  // A donor that went down, or that somebody's session killer works on.
  absl::Status NameTheLoss(const absl::Status& said) {
    const auto donor = context_.peers->Open(operation_.donor_mysql)->Describe();
    if (!donor.ok()) return said;
    if (donor->uptime <= context_.clock().Now() - since_) {
      return Annotate(said, "the donor was restarted");
    }
    constexpr char kEnds[] =
        "the donor never went down, and its clone session vanished: something "
        "ends sessions there, such as a query killer; exempt the clone "
        "account from it";
    const auto& before = operation_.failed_attempts;
    const bool again = std::any_of(before.begin(), before.end(), [&](const FailedAttempt& attempt) {
      return attempt.donor == operation_.donor && HasReason(attempt.error, Reason::kDonorLost);
    });
    return Annotate(again ? Failure(Reason::kDonorEndsClones, said.message()) : said,
                    absl::StrCat(again ? "for the second time: " : "", kEnds));
  }

  // A statement that somebody killed, or a server that was told to stop.
  absl::Status NameTheKill(const absl::Status& said) {
    const auto stopped = [](const absl::StatusOr<CloneReport>& look) {
      if (!look.ok()) return HasReason(look.status(), Reason::kMysqlGone);
      return look->status.has_value() && look->status->connection_id == 0;
    };
    if (stopped(watch_.report())) return Stopped();
    const absl::Time deadline = context_.clock().Now() + kStopShowsWithin;
    while (context_.clock().Now() < deadline) {
      if (stopped(context_.recipient().ReadClone())) return Stopped();
      if (!context_.Wait(kLookEvery / 2).ok()) break;
    }
    return Annotate(said, "somebody ended it by hand (KILL)");
  }

  Verdict Over(DataState left, const absl::Status& why) {
    watch_.Conclude(left);
    const absl::Status full =
        Annotate(why, absl::StrCat("clone from ", operation_.donor.ToString()));
    return context_.cancel_wanted() ? StepOutcome::Stop(full) : StepOutcome(full);
  }

  // Nothing in the report is about this run, or what there is cannot be true.
  Verdict WithoutTrace() {
    if (Answer().has_value()) return NothingThere();
    if (Pending() || SessionMayLive()) return std::nullopt;
    return NothingThere();
  }

  // May the run still be in the checks that come before clone_status speaks of it?
  bool SessionMayLive() {
    if (context_.clock().Now() - since_ < trace_takes_) return true;
    const auto sessions = context_.recipient().ReadSessions();
    if (!sessions.ok()) return true;  // nobody can say
    const int64_t id = state_.clone->connection_id;
    return std::any_of(sessions->begin(), sessions->end(), [id](const ServerSession& session) {
      return id != 0 && session.connection_id == id;
    });
  }

  Verdict NothingThere() {
    const auto server = context_.recipient().Describe();
    if (!server.ok()) return ServerAway(server.status());
    DataState left = JudgeByServer(*server, *state_.clone, state_.data_before);
    // A report that contradicts itself may still say that dropping had begun.
    const DataState shown = watch_.Left();
    if (shown != state_.data_before) left = shown;
    if (const std::optional<absl::Status> said = Answer()) return Over(left, *said);
    if (end_ == nullptr && left == state_.data_before) {
      watch_.Conclude(left);
      never_sent_ = true;
      return std::nullopt;
    }
    return Over(left,
                Failure(Reason::kCloneNotStarted,
                        left == state_.data_before
                            ? "the connection was lost before CLONE began; the server shows no "
                              "trace of it"
                            : "the server shows no trace of the clone, and its data is not "
                              "what it was before"));
  }

  // Nobody can be asked. A server that refuses connections though its CLONE is under way is there.
  Verdict ServerAway(const absl::Status& look) {
    if (HasReason(look, Reason::kMysqlGone) && !Pending()) return down_.Look(look);
    const auto denied = down_.DeniedFor(look);
    if (denied.has_value() && !Pending() && *denied >= context_.options.restart_wait_timeout) {
      return StepOutcome::Stop(LockedOut(look));
    }
    context_.Note(absl::StrCat("the copy cannot be looked at: ", look.message()));
    return std::nullopt;
  }

  // While it runs: the operator's wishes, and what the watchdog sees.
  Verdict LookAfterIt() {
    if (context_.cancel_wanted() && MayBeKilled()) {
      return End(absl::CancelledError("the copy was ended as asked for"));
    }
    FenceAgain();
    Throttle();
    const absl::Status stalled = watchdog_.Check();
    return stalled.ok() ? std::nullopt : End(stalled);
  }

  void Throttle() {
    const CloneSettings wanted = context_.deps.owner.throttle();
    if (wanted == throttle_) return;
    const absl::Status applied = ApplyCloneSettings(context_, wanted);
    if (applied.ok()) {
      throttle_ = wanted;
    } else {
      context_.Note(absl::StrCat("bandwidth not changed: ", applied.message()));
    }
  }

  // CLONE wants super_read_only off for as long as it drops, and no longer. From then on not even a
  // privileged account writes, also when the copy ends without us.
  void FenceAgain() {
    const auto stage = operation_.progress.stage;
    if (fenced_ || !stage.has_value() || *stage == CloneStage::kDropData) return;
    fenced_ = CloseAgain(context_).ok();
  }

  // A KILL that comes before the first stage has been seen to hang, and the clone with it (9.7.4).
  bool MayBeKilled() const {
    return operation_.progress.stage.has_value() ||
           context_.clock().Now() - since_ >= kKillBeforeStagesAfter;
  }

  // Kills the statement and stays until it is gone, which is then for `why`. nullopt: it came too
  // late, the copy is made; or it had no effect, and will be tried again: a clone that runs is
  // never left alone.
  Verdict End(const absl::Status& why) {
    context_.recipient().KillQuery(state_.clone->connection_id).IgnoreError();
    const absl::Time deadline = context_.clock().Now() + kKillPatience;
    while (context_.clock().Now() < deadline) {
      const auto verdict = watch_.Look();
      if (verdict.ok() && *verdict == CloneVerdict::kFailed) return Over(watch_.Left(), why);
      if (!verdict.ok() || *verdict != CloneVerdict::kRunning) return std::nullopt;
      if (!context_.Wait(kFirstLook).ok()) return StepOutcome::LeaveRunning();
    }
    context_.Note(absl::StrCat("the clone was to be ended (", why.message(), "), but KILL QUERY ",
                               state_.clone->connection_id,
                               " has no effect; if that lasts, only the end of mysqld ends it"));
    return std::nullopt;
  }

  StepContext& context_;
  TabletState& state_;
  Operation& operation_;
  const std::shared_ptr<StatementEnd> end_;
  CloneWatch watch_;
  CloneWatchdog watchdog_;
  DownServer down_;
  const absl::Time since_;
  const absl::Duration trace_takes_;
  CloneSettings throttle_;  // as it was applied
  bool never_sent_ = false;
  bool fenced_ = false;  // read-only again since the dropping is over
};

}  // namespace

void StatementEnd::Set(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  status_ = std::move(status);
}

std::optional<absl::Status> StatementEnd::Get() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

std::optional<StepOutcome> SuperviseClone(StepContext& context, std::shared_ptr<StatementEnd> end,
                                          bool runs_here) {
  return CloneSupervisor(context, std::move(end), runs_here).Run();
}

}  // namespace graft
