#include "cli/render_history.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/render_preflight.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

constexpr int kMostNames = 10;      // of tables and sessions in one line
constexpr int kLongestGtids = 200;  // characters of a GTID set

// "a, b and 3 more".
std::string Listed(const std::vector<std::string>& names, HistoryExtent extent) {
  if (extent == HistoryExtent::kAll || names.size() <= kMostNames)
    return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), names.begin() + kMostNames, ", "), " and ",
                      names.size() - kMostNames, " more");
}

std::string Count(int64_t count, const char* thing) {
  return absl::StrCat(count, " ", thing, count == 1 ? "" : "s");
}

std::string CutGtids(const std::string& set, HistoryExtent extent) {
  if (extent == HistoryExtent::kAll) return set;
  const std::string cut = CutToWidth(set, kLongestGtids);
  return cut == set ? set : absl::StrCat(cut, "... (cut; --json has all)");
}

std::string FailedAttemptLine(const v1::FailedAttempt& attempt) {
  std::string line = absl::StrCat("attempt ", attempt.attempt());
  if (!attempt.donor().empty()) absl::StrAppend(&line, " from ", attempt.donor());
  absl::StrAppend(&line, " failed in ", attempt.step(), ": data ",
                  v1::DataState_Name(attempt.data_state()));
  if (attempt.has_error()) {
    const v1::Error& error = attempt.error();
    absl::StrAppend(&line, ", ", error.reason().empty() ? error.code() : error.reason(), ": ",
                    error.message());
  }
  return line;
}

std::string FindingLine(const v1::CheckResult& finding) {
  std::string line =
      absl::StrCat(absl::AsciiStrToLower(CheckOutcomeWord(finding.outcome())), " ", finding.id(),
                   " (", CheckSideWord(finding.side()), "): ", finding.found());
  if (!finding.remedy().empty()) absl::StrAppend(&line, "; ", finding.remedy());
  return line;
}

void AddEndedSessions(const v1::Operation& operation, HistoryExtent extent,
                      std::vector<std::string>& lines) {
  if (operation.ended_sessions().empty()) return;
  std::vector<std::string> sessions;
  for (const v1::EndedSession& session : operation.ended_sessions()) {
    sessions.push_back(
        absl::StrCat(session.connection_id(), " ", session.user(), "@", session.host()));
  }
  lines.push_back(absl::StrCat("ended ", Count(operation.ended_sessions_size(), "session"), ": ",
                               Listed(sessions, extent)));
}

void AddProof(const v1::Proof& proof, HistoryExtent extent, std::vector<std::string>& lines) {
  if (proof.transactions_discarded() > 0 || !proof.gtid_discarded().empty()) {
    lines.push_back(
        absl::StrCat("discarded ", Count(proof.transactions_discarded(), "transaction"),
                     " that only the old data had: ", CutGtids(proof.gtid_discarded(), extent)));
  }
  if (!proof.emptied_tables().empty()) {
    lines.push_back(absl::StrCat(
        "arrived empty: ",
        Listed({proof.emptied_tables().begin(), proof.emptied_tables().end()}, extent)));
  }
  if (!proof.not_checked().empty()) {
    lines.push_back(absl::StrCat("not checked: ", proof.not_checked()));
  }
}

}  // namespace

std::string WaitsFor(const v1::Operation& operation) {
  std::string text;
  if (operation.outcome() != v1::RUNNING) return text;
  if (operation.queue_place() > 0) {
    text = absl::StrCat("waits for ",
                        operation.donor().empty() ? "a donor" : operation.donor().c_str(),
                        ": place ", operation.queue_place(), " in its queue");
  }
  const std::string& note = operation.progress().note();
  if (!note.empty()) absl::StrAppend(&text, text.empty() ? "" : "; ", note);
  return text;
}

std::vector<std::string> HistoryLines(const v1::Operation& operation, HistoryExtent extent) {
  std::vector<std::string> lines;
  for (const auto& attempt : operation.failed_attempts()) {
    lines.push_back(FailedAttemptLine(attempt));
  }
  for (const auto& refused : operation.refused_donors()) {
    lines.push_back(absl::StrCat("refused as donor: ", refused.alias(), ": ", refused.reason(),
                                 ": ", refused.text()));
  }
  for (const auto& finding : operation.findings()) lines.push_back(FindingLine(finding));
  if (operation.resumptions() > 0) {
    lines.push_back(absl::StrCat("taken up again in ", operation.step(), " by ",
                                 Count(operation.resumptions(), "later agent")));
  }
  AddEndedSessions(operation, extent, lines);
  if (operation.claim_lost()) {
    lines.push_back(
        "claim lost: the copy went on without its claim, so another recipient may have used the "
        "donor at the same time");
  }
  AddProof(operation.proof(), extent, lines);
  return lines;
}

}  // namespace graft::cli
