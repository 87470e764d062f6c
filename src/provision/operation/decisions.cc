#include "provision/operation/decisions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "graft/plan.h"

namespace graft {

StartDecision DecideAtStart(const ServerFacts& server, const std::vector<Operation>& history) {
  for (const Operation& operation : history) {
    if (operation.outcome == Outcome::kDone) {
      return {false, absl::StrCat("operation ", operation.request.id,
                                  " has provisioned this tablet already")};
    }
    if (operation.data_state != DataState::kIntact) {
      return {false, absl::StrCat("operation ", operation.request.id, " ended with the data ",
                                  DataStateName(operation.data_state),
                                  "; ask for another one: graftctl reprovision")};
    }
  }
  if (!server.user_schemas.empty()) {
    return {false, absl::StrCat("the server already contains data (",
                                absl::StrJoin(server.user_schemas, ", "),
                                "), so graft assumes a restart and does not clone")};
  }
  return {true, "the server holds no data of its own"};
}

bool MayTryAgain(const Operation& operation, const absl::Status& failure) {
  const FollowUp follow_up = FollowUpOf(failure);
  // No attempt with this donor can succeed: wrong password, wrong version.
  const bool next_donor = follow_up == FollowUp::kNextDonor;
  return follow_up == FollowUp::kNextAttempt || (next_donor && TakesAnyDonor(operation));
}

absl::Duration BackOff(int attempt, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(1);
  constexpr absl::Duration kLongest = absl::Minutes(1);
  const absl::Duration whole = std::min(kFirst * (1 << std::min(attempt - 1, 10)), kLongest);
  return whole / 2 + whole / 2 * jitter;
}

absl::Status CheckVouched(const Operation& release, DataState data) {
  if (!IsDropped(data) || release.request.release.data_is_good) return absl::OkStatus();
  return Failure(Reason::kDataNotGood, absl::StrCat("the data of ", release.recipient.ToString(),
                                                    " is ", DataStateName(data),
                                                    ": if somebody has put good data there, say "
                                                    "--data-is-good"));
}

namespace {

bool ServesNoQueries(TabletType type) {
  return type == TabletType::kRestore || type == TabletType::kBackup ||
         type == TabletType::kDrained;
}

std::string Because(int error_number, const std::string& error) {
  if (error_number == 0) return error.empty() ? "" : absl::StrCat(": ", error);
  return absl::StrCat(": error ", error_number, ": ", error);
}

void AddServer(const TabletSnapshot& tablet, absl::Time now, std::vector<std::string>& reasons) {
  if (tablet.read_at == absl::InfinitePast()) {
    reasons.emplace_back("mysqld has not been asked yet");
    return;
  }
  if (!tablet.mysql_reachable) {
    reasons.push_back(absl::StrCat("mysqld does not answer: ", tablet.mysql_error));
  }
  if (now - tablet.read_at > kStaleAfter) {
    reasons.push_back(absl::StrCat("mysqld was last asked ", HumanDuration(now - tablet.read_at),
                                   " ago, so its present state is not known"));
  }
}

void AddType(TabletType type, std::vector<std::string>& reasons) {
  if (type == TabletType::kUnknown) {
    reasons.emplace_back("the tablet's record has not been written yet");
  } else if (ServesNoQueries(type)) {
    reasons.push_back(
        absl::StrCat("the tablet's type is ", TabletTypeName(type), ", which serves no queries"));
  }
}

bool Rebuilds(const Operation& operation) {
  return operation.outcome == Outcome::kRunning &&
         ((!RowOf(operation).serves && operation.old_data.verdict != OldDataVerdict::kCopySaved) ||
          operation.data_state != DataState::kIntact);
}

void AddOperation(const Operation& operation, absl::Time now, std::vector<std::string>& reasons) {
  const bool running = operation.outcome == Outcome::kRunning;
  if (Rebuilds(operation)) {
    reasons.push_back(absl::StrCat("operation ", operation.request.id,
                                   " is rebuilding the tablet: step ", StepName(operation.step)));
  }
  if (IsDropped(operation.data_state)) {
    const std::string remedy = absl::StrCat(": rebuild it with graftctl reprovision ",
                                            operation.recipient.ToString(), " --from-any --watch");
    reasons.push_back(absl::StrCat("the tablet's data is ", DataStateName(operation.data_state),
                                   running ? "" : remedy));
  }
  const Progress& progress = operation.progress;
  if (!Rebuilds(operation) || progress.note.empty()) return;
  const bool counts = progress.waiting_since != absl::InfinitePast();
  reasons.push_back(absl::StrCat(counts ? absl::StrCat("the operation has waited ",
                                                       HumanDuration(now - progress.waiting_since))
                                        : "the operation waits",
                                 ": ", progress.note));
}

void AddChannel(const ReplicationChannel& channel, std::vector<std::string>& reasons) {
  const std::string from = absl::StrCat("replication from ", channel.source.ToString());
  if (!channel.receives()) {
    reasons.push_back(absl::StrCat(from, ": the receiver has stopped",
                                   Because(channel.receiver_errno, channel.receiver_error)));
  }
  if (!channel.applier_running) {
    reasons.push_back(absl::StrCat(from, ": the applier has stopped",
                                   Because(channel.applier_errno, channel.applier_error)));
  }
}

}  // namespace

std::vector<std::string> WhyNotReady(const TabletSnapshot& tablet,
                                     const std::optional<Operation>& newest, absl::Time now) {
  std::vector<std::string> reasons;
  AddServer(tablet, now, reasons);
  AddType(tablet.type, reasons);
  reasons.insert(reasons.end(), tablet.held_back.begin(), tablet.held_back.end());
  if (newest.has_value()) AddOperation(*newest, now, reasons);
  const bool running = newest.has_value() && newest->outcome == Outcome::kRunning;
  const bool dropped = newest.has_value() && IsDropped(newest->data_state);
  if (tablet.fenced && !running && !dropped) {  // a release of dropped data would be no good advice
    reasons.emplace_back(
        "graft's fence is still up: read-only, replication off; graftctl release takes it down");
  }
  // A tablet that is being rebuilt does not replicate, which goes without saying.
  const bool rebuilds = newest.has_value() && Rebuilds(*newest);
  if (rebuilds || !tablet.mysql_reachable || tablet.type == TabletType::kPrimary) return reasons;
  if (tablet.replication.empty()) reasons.emplace_back("the tablet has no replication source");
  for (const ReplicationChannel& channel : tablet.replication) AddChannel(channel, reasons);
  return reasons;
}

std::string LagLine(const TabletSnapshot& tablet) {
  std::string line;
  for (const ReplicationChannel& channel : tablet.replication) {
    if (!channel.lag.has_value()) continue;
    absl::StrAppend(&line, line.empty() ? "replication lag: " : ", ", HumanDuration(*channel.lag));
  }
  return line;
}

}  // namespace graft
