#include "provision/steps/clone_watchdog.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/donor/peers.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// The server refreshes its counters once a second, and a stage may need a moment to begin.
constexpr absl::Duration kStill = absl::Seconds(3);
constexpr absl::Duration kLookAtLocksEvery = absl::Seconds(1);
constexpr absl::Duration kAskDonorEvery = absl::Seconds(5);
constexpr absl::Duration kAskSourceEvery = absl::Seconds(10);
constexpr absl::Duration kSourcePatience = absl::Seconds(1);

bool CopiesBytes(CloneStage stage) {
  return stage == CloneStage::kFileCopy || stage == CloneStage::kPageCopy ||
         stage == CloneStage::kRedoCopy;
}

std::string Rounded(absl::Duration duration) {
  return HumanDuration(absl::Trunc(duration, absl::Seconds(1)));
}

constexpr absl::string_view kThenStart =
    "; start a replica that acknowledges, or lower rpl_semi_sync_source_wait_for_replica_count "
    "there";

// ": its commits wait …"; "": they do not. CLONE waits for those that are under way.
std::string Hangs(const SemiSync& server) {
  if (!server.waits || server.acknowledgers >= server.wait_for) return "";
  return absl::StrCat(": its commits wait for semi-synchronous acknowledgers: it wants ",
                      server.wait_for, ", and has ", server.acknowledgers);
}

}  // namespace

absl::Status CloneWatchdog::Check() {
  const absl::Time now = context_.clock().Now();
  if (now - source_asked_ >= kAskSourceEvery) AskSource();
  if (Moved()) {
    moved_ = now;
    donor_lost_ = absl::InfinitePast();
    context_.Say(absl::StrCat(source_hangs_, source_hangs_.empty() ? "" : kThenStart));
    return absl::OkStatus();
  }
  const absl::Duration still = now - moved_;
  // Before the first stage it waits for the backup lock, in DROP DATA for the tables' locks.
  if (!stage_.has_value() || *stage_ == CloneStage::kDropData) {
    if (now - asked_ >= kLookAtLocksEvery) EndBlockers();
    return absl::OkStatus();
  }
  if (!CopiesBytes(*stage_) || still < kStill) return absl::OkStatus();
  if (now - asked_ >= kAskDonorEvery) {
    AskDonor();
    CountFiles();
  }
  return JudgeStandstill(still);
}

bool CloneWatchdog::Moved() {
  const Progress& progress = context_.operation.progress;
  if (progress.stage == stage_ && progress.bytes_done == bytes_) return false;
  stage_ = progress.stage;
  bytes_ = progress.bytes_done;
  return true;
}

// A failure here is no reason to give up a clone: lock_wait_timeout bounds the wait as well.
void CloneWatchdog::EndBlockers() {
  asked_ = context_.clock().Now();
  const auto sessions = context_.recipient().ReadSessions();
  if (!sessions.ok()) return;
  std::vector<int64_t> blockers;
  for (const ServerSession& session : *sessions) {
    if (session.connection_id == context_.state.clone->connection_id) {
      blockers = session.waits_for;
    }
  }
  for (const ServerSession& session : *sessions) {
    const bool blocks =
        std::find(blockers.begin(), blockers.end(), session.connection_id) != blockers.end();
    if (!blocks || !context_.recipient().KillConnection(session.connection_id).ok()) continue;
    NoteEndedSession(session, context_.operation);
    context_.Note(absl::StrCat("ended connection ", session.connection_id, " (", session.user, "@",
                               session.host, "), which held a lock that DROP DATA waits for"));
  }
}

void CloneWatchdog::AskDonor() {
  asked_ = context_.clock().Now();
  const auto answer = context_.peers->Open(context_.operation.donor_mysql)->Describe();
  donor_hangs_.clear();
  if (!IsAway(answer.status())) {
    donor_lost_ = absl::InfinitePast();
    if (answer.ok()) donor_hangs_ = Hangs(answer->semi_sync);
  } else if (donor_lost_ == absl::InfinitePast()) {
    donor_lost_ = moved_;  // its last sign of life
  }
}

// CLONE makes all files before it moves the first byte: minutes, for 100,000 tables.
void CloneWatchdog::CountFiles() {
  const auto files = context_.deps.host.CountFiles(context_.state.data_directory);
  if (!files.ok()) return;
  if (files_ >= 0 && *files > files_) made_files_ = context_.clock().Now();
  files_ = *files;
}

// The recipient acknowledges nothing meanwhile, and another acknowledger of its source may go.
void CloneWatchdog::AskSource() {
  source_asked_ = context_.clock().Now();
  Operation& operation = context_.operation;
  if (operation.source_mysql.empty()) return;
  const auto answers = AskServers<ServerFacts>(
      PeersOf(context_), {context_.peers->Open(operation.source_mysql)},
      [](MysqlServer& server) { return server.Describe(); }, kSourcePatience);
  if (!answers.ok() || !answers->front().ok()) return;
  const std::string hangs = Hangs(answers->front()->semi_sync);
  const bool before = !std::exchange(source_hangs_, "").empty();
  if (hangs.empty()) return;
  source_hangs_ = absl::StrCat("source ", operation.source.ToString(), hangs);
  if (before) return;
  CheckResult finding;
  finding.id = std::string(RowOf(Reason::kSemiSync).word);
  finding.outcome = CheckOutcome::kWarning;
  finding.looks_at = "the source keeps enough acknowledgers during the copy";
  finding.found = source_hangs_;
  finding.remedy = std::string(kThenStart.substr(2));
  operation.findings.push_back(std::move(finding));
  context_.Save().IgnoreError();  // to be shown, and no more than that
}

absl::Status CloneWatchdog::JudgeStandstill(absl::Duration still) {
  if (context_.clock().Now() - made_files_ < 2 * kAskDonorEvery) {
    context_.Say(absl::StrCat("CLONE makes the files of the copy; there are ", files_, " now"));
    return absl::OkStatus();
  }
  still = std::min(still, context_.clock().Now() - made_files_);
  const Operation& operation = context_.operation;
  const std::string donor = operation.donor.ToString();
  const bool gone = donor_lost_ != absl::InfinitePast();
  const absl::Duration give_up = context_.options.donor_gone_timeout;
  if (gone && give_up > absl::ZeroDuration() && still >= give_up) {
    return Failure(Reason::kDonorGone,
                   absl::StrCat("donor ", donor, " has been gone for ", Rounded(still),
                                " (--clone-donor-gone-timeout); the copy was ended"));
  }
  const absl::Duration stall = context_.options.stall_timeout;
  if (stall > absl::ZeroDuration() && still >= stall) {
    return Failure(Reason::kCloneStalled,
                   absl::StrCat("no byte from ", donor, " for ", Rounded(still),
                                " (--clone-stall-timeout); the copy was ended"));
  }
  if (gone) {
    const absl::Duration left = std::max(operation.donor_patience - still, absl::ZeroDuration());
    context_.Note(absl::StrCat("donor ", donor, " cannot be reached; no byte for ", Rounded(still),
                               "; MySQL itself gives up in ", Rounded(left)));
  } else {
    context_.Note(absl::StrCat("no byte for ", Rounded(still), ", though donor ", donor, " answers",
                               donor_hangs_, donor_hangs_.empty() ? "" : kThenStart));
  }
  return absl::OkStatus();
}

}  // namespace graft
