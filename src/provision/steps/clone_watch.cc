#include "provision/steps/clone_watch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr absl::Duration kLookAtFilesEvery = absl::Seconds(1);
constexpr absl::Duration kReadErrorLogEvery = absl::Milliseconds(250);
// Asked for its start so many times in a budget without a sign of one.
constexpr int kAsksInABudget = 4;
// Down for so long without a sign of a start: it was not supervised, or its supervisor is gone.
constexpr absl::Duration kAskForStartAfter = absl::Seconds(5);
// A start that failed was the last one if no other has followed for this part of the budget; so
// were three within it.
constexpr int kNextStartPart = 10;
constexpr int kMostFailedStarts = 3;
// A server that starts, dies and starts again shows activity for ever: an end all the same.
constexpr int kMostBudgets = 12;

}  // namespace

absl::Status CrashedInTheCopy() {
  return Failure(Reason::kRecipientCrashed,
                 "the recipient's mysqld went down in the middle of the clone and rolled it back; "
                 "see its error log, then ask again");
}

absl::StatusOr<CloneVerdict> CloneWatch::Look() {
  Operation& operation = context_.operation;
  SentClone& clone = *context_.state.clone;
  GRAFT_ASSIGN_OR_RETURN(report_, context_.recipient().ReadClone());
  const CloneVerdict verdict = JudgeClone(report_, clone);
  if (verdict == CloneVerdict::kNoTrace || verdict == CloneVerdict::kContradicts) return verdict;
  // A run whose end is not seen yet has dropped something, as far as anybody knows; and until
  // verify has looked, one that completed counts as nothing usable.
  operation.data_state = OnceDropped(Left());
  // An agent that could not journal its session leaves it to the report to name it.
  const int64_t session = report_.status->connection_id;
  const bool new_session = session != 0 && session != clone.connection_id;
  if (clone.begin_time.empty() || new_session) {
    clone.begin_time = report_.status->begin_time;
    if (new_session) clone.connection_id = session;
    // The marks that were saved before are enough to know it.
    context_.Save().IgnoreError();
  }
  if (meter_.Update(report_, context_.clock().Now(), operation.progress)) {
    context_.ReportProgress();
  }
  return verdict;
}

void CloneWatch::Conclude(DataState left) {
  context_.state.clone.reset();
  context_.operation.data_state = left;
}

absl::Status CloneWatch::Failure() const {
  if (report_.status.has_value() && !report_.status->failure.ok()) return report_.status->failure;
  return graft::Failure(Reason::kCloneFailed, "CLONE failed, and clone_status does not say why");
}

DownServer::DownServer(StepContext& context)
    : context_(context),
      budget_(context.options.restart_wait_timeout),
      began_(context.clock().Now()),
      last_sign_(began_),
      looked_at_files_(began_) {}

void DownServer::Answers() {
  began_ = last_sign_ = context_.clock().Now();
  gone_ = false;
  if (!note_.empty() && context_.operation.progress.note == note_) context_.Note("");
  note_.clear();
}

std::optional<StepOutcome> DownServer::Look(const absl::Status& last) {
  const absl::Time now = context_.clock().Now();
  const bool was_gone = std::exchange(gone_, HasReason(last, Reason::kMysqlGone));
  if (gone_ && !was_gone) last_sign_ = now;
  ReadErrorLog();
  LookAtFiles();
  if (StartHasFailed(now)) return StepOutcome::Stop(FailedToStart());
  if (now - last_sign_ < budget_ && now - began_ < kMostBudgets * budget_) return std::nullopt;
  return StepOutcome::Stop(TimedOut(last));
}

bool DownServer::StartHasFailed(absl::Time now) const {
  if (!gone_ || startup_.starting || startup_.failed_starts == 0) return false;
  ServerStarter* const starter = context_.deps.start_server;
  const bool is_asked = starter != nullptr && !starter->End().has_value();
  const absl::Duration patience = budget_ / kNextStartPart;
  if (is_asked || now - asked_for_start_ < patience || now - failed_since_ < patience) return false;
  return startup_.failed_starts >= kMostFailedStarts || now - last_sign_ >= patience;
}

absl::Status DownServer::FailedToStart() const {
  return Failure(
      Reason::kRestartFailed,
      absl::StrCat(
          "mysqld ended by itself while it started on the copy (",
          startup_.failed_starts == 1 ? "once" : absl::StrCat(startup_.failed_starts, " times"),
          startup_.end.empty() ? "" : "; ", startup_.end,
          "), and its error log says: ", absl::StrJoin(startup_.errors, " | "),
          "; mend that, start mysqld, and ask again", Copied() ? ": the copy is then used" : ""));
}

bool DownServer::Copied() const {
  return context_.state.clone.has_value() && context_.state.clone->copied;
}

std::optional<absl::Duration> DownServer::DeniedFor(const absl::Status& look) {
  const bool denied = absl::IsUnauthenticated(look) || absl::IsPermissionDenied(look);
  const absl::Time now = context_.clock().Now();
  denied_since_ = denied ? std::min(denied_since_, now) : absl::InfiniteFuture();
  return denied ? std::make_optional(now - denied_since_) : std::nullopt;
}

absl::Status DownServer::TimedOut(const absl::Status& last) const {
  const bool copied = Copied();
  return Failure(
      Reason::kRestartTimeout,
      absl::StrCat("mysqld did not come back",
                   startup_.killed_starts > 0 ? "" : ", and did nothing visible,", " within ",
                   HumanDuration(budget_), " (--clone-restart-wait-timeout); ",
                   copied ? "the copy is on disk and completes when mysqld is started"
                          : "whether the copy was complete shows when mysqld is started",
                   startup_.errors.empty() ? "" : "; its error log says: ",
                   absl::StrJoin(startup_.errors, " | "), HowItEnded(),
                   ". Last: ", last.message()));
}

std::string DownServer::HowItEnded() const {
  if (startup_.killed_starts == 0) return "";
  const std::string last =
      startup_.end.empty() ? "" : absl::StrCat(", the last one with ", startup_.end);
  return absl::StrCat(
      "; of ", startup_.starts, " starts since it was last ready, ", startup_.killed_starts,
      " ended without a word in its error log", last,
      ": something outside mysqld kills it (signal 9), such as a liveness probe, or "
      "the kernel when memory is short");
}

// What the error log says of the start; shown, and no more than that.
void DownServer::ReadErrorLog() {
  const absl::Time now = context_.clock().Now();
  if (now - read_error_log_ < kReadErrorLogEvery || context_.sampler == nullptr) return;
  read_error_log_ = now;
  const auto signs =
      context_.deps.host.ReadStartup(context_.state.data_directory, context_.state.error_log);
  if (!signs.ok() || *signs == startup_) return;
  last_sign_ = now;
  const bool works_on = signs->starting && signs->starts == startup_.starts &&
                        signs->batch_percent == startup_.batch_percent;
  startup_ = *signs;
  if (works_on) return;
  failed_since_ =
      startup_.failed_starts == 0 ? absl::InfiniteFuture() : std::min(failed_since_, now);
  context_.sampler->NoteStartup(startup_);
  context_.ReportProgress();
}

void DownServer::LookAtFiles() {
  const absl::Time now = context_.clock().Now();
  if (now - looked_at_files_ < kLookAtFilesEvery) return;
  looked_at_files_ = now;
  const auto activity =
      context_.deps.host.Activity(context_.state.data_directory, context_.state.error_log);
  if (activity.ok() && *activity != activity_) {
    if (!activity_.empty()) last_sign_ = now;
    activity_ = *activity;
  }
  const absl::Duration silent = now - last_sign_;
  const bool moves = silent < kAskForStartAfter;
  if (!moves && gone_ && startup_.process == 0) AskForStart(now);
  note_ = moves ? HowItStarts() : HowItStands(absl::Trunc(silent, absl::Seconds(1)));
  context_.Say(note_, /*waits=*/!moves);
}

std::string DownServer::HowItStarts() const {
  if (startup_.failed_starts > 0 && !startup_.starting) {
    return absl::StrCat("mysqld ended by itself while it started",
                        startup_.end.empty() ? "" : absl::StrCat(" (", startup_.end, ")"), ": ",
                        absl::StrJoin(startup_.errors, " | "));
  }
  if (!startup_.starting) {
    return absl::StrCat("mysqld is down or recovering; its files are moving", HowItEnded());
  }
  if (!startup_.batch_percent.has_value()) {
    const bool again = startup_.starts > 1 && startup_.killed_starts == 0;
    return absl::StrCat(
        "mysqld is starting", HowItEnded(),
        again ? absl::StrCat("; it is start ", startup_.starts, " since it was last ready") : "");
  }
  return absl::StrCat("mysqld is recovering: ", *startup_.batch_percent, "% of redo batch ",
                      startup_.batch);
}

void DownServer::AskForStart(absl::Time now) {
  ServerStarter* const starter = context_.deps.start_server;
  const bool due = now - asked_for_start_ >= budget_ / kAsksInABudget;
  if (starter == nullptr || !due || !starter->End().has_value()) return;
  asked_for_start_ = now;
  refused_ = starter->Ask();
}

std::string DownServer::HowItStands(absl::Duration silent) const {
  if (startup_.process != 0) {
    return absl::StrCat("mysqld (process ", startup_.process, ") is starting or recovering, and ",
                        "shows nothing for ", HumanDuration(silent));
  }
  if (!gone_) {
    return absl::StrCat("mysqld has not gone down yet, and nothing moves for ",
                        HumanDuration(silent));
  }
  return absl::StrCat("mysqld is down and nothing moves for ", HumanDuration(silent),
                      WhoStartsIt());
}

std::string DownServer::WhoStartsIt() const {
  if (asked_for_start_ == absl::InfinitePast()) return "; is anybody going to start it?";
  const std::optional<absl::Status> end =
      refused_.ok() ? context_.deps.start_server->End() : refused_;
  if (!end.has_value()) return "; its start was asked for, and is under way";
  if (end->ok()) return "; its start was asked for";
  return absl::StrCat("; it could not be started: ", end->message());
}

}  // namespace graft
