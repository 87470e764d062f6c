#include "provision/steps/down_server.h"

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr absl::Duration kLookAtFilesEvery = absl::Seconds(1);
constexpr absl::Duration kReadErrorLogEvery = absl::Milliseconds(250);
// Down for so long without a sign of a start: it was not supervised, or its supervisor is gone.
constexpr absl::Duration kAskForStartAfter = absl::Seconds(5);
// A server that starts, dies and starts again shows activity for ever: an end all the same.
constexpr int kMostBudgets = 12;

}  // namespace

DownServer::DownServer(StepContext& context)
    : context_(context),
      budget_(context.options.restart_wait_timeout),
      began_(context.clock().Now()),
      last_sign_(began_),
      looked_at_files_(began_) {}

void DownServer::Answers() {
  began_ = last_sign_ = context_.clock().Now();
  if (!note_.empty() && context_.operation.progress.note == note_) context_.Note("");
  note_.clear();
}

absl::Status DownServer::Look(const absl::Status& last) {
  ReadErrorLog();
  LookAtFiles();
  const absl::Time now = context_.clock().Now();
  if (now - last_sign_ >= budget_ || now - began_ >= kMostBudgets * budget_) {
    return TimedOut(last);
  }
  return absl::OkStatus();
}

absl::Status DownServer::TimedOut(const absl::Status& last) const {
  const bool copied = context_.state.clone.has_value() && context_.state.clone->copied;
  return Failure(Reason::kRestartTimeout,
                 absl::StrCat("mysqld did not come back, and did nothing visible, within ",
                              HumanDuration(budget_), " (--clone-restart-wait-timeout); ",
                              copied ? "the copy is on disk and completes when mysqld is started"
                                     : "whether the copy was complete shows when mysqld is started",
                              ". Last: ", last.message()));
}

// What the error log says of the start; shown, and no more than that.
void DownServer::ReadErrorLog() {
  const absl::Time now = context_.clock().Now();
  if (now - read_error_log_ < kReadErrorLogEvery || context_.sampler == nullptr) return;
  read_error_log_ = now;
  const auto signs =
      context_.deps.host.ReadStartup(context_.state.data_directory, context_.state.error_log);
  if (!signs.ok() || *signs == startup_) return;
  startup_ = *signs;
  last_sign_ = now;
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
  note_ = moves ? HowItStarts()
                : absl::StrCat("mysqld is down and nothing moves for ",
                               HumanDuration(absl::Trunc(silent, absl::Seconds(1))),
                               "; is anybody going to start it?");
  context_.Say(note_, /*waits=*/!moves);
  if (silent >= kAskForStartAfter) AskForStart();
}

std::string DownServer::HowItStarts() const {
  if (!startup_.starting) return "mysqld is down or recovering; its files are moving";
  if (!startup_.batch_percent.has_value()) return "mysqld is starting";
  return absl::StrCat("mysqld is recovering: ", *startup_.batch_percent, "% of redo batch ",
                      startup_.batch);
}

void DownServer::AskForStart() {
  if (asked_for_start_ || context_.deps.start_server == nullptr) return;
  asked_for_start_ = true;
  const absl::Status asked = context_.deps.start_server();
  note_ = asked.ok() ? "mysqld was down after the copy; its start was asked for"
                     : absl::StrCat("mysqld is down, and could not be started: ", asked.message());
  context_.Note(note_);
}

}  // namespace graft
