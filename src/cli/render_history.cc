#include "cli/render_history.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "cli/render_preflight.h"
#include "cli/render_words.h"
#include "cli/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kMostNames = 10;      // of tables and sessions in one line
constexpr int kLongestGtids = 200;  // characters of a GTID set

// "a, b and 3 more", of the names and of those that were only counted.
std::string Listed(const std::vector<std::string>& names, HistoryExtent extent, int64_t more = 0) {
  const auto size = static_cast<int64_t>(names.size());
  const int64_t shown = extent == HistoryExtent::kAll ? size : std::min<int64_t>(size, kMostNames);
  const std::string text = absl::StrJoin(names.begin(), names.begin() + shown, ", ");
  const int64_t others = size - shown + more;
  return others == 0 ? text : absl::StrCat(text, " and ", others, " more");
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
  lines.push_back(absl::StrCat(
      "ended ", Count(operation.ended_sessions_size() + operation.ended_sessions_more(), "session"),
      ": ", Listed(sessions, extent, operation.ended_sessions_more())));
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

std::string WaitedText(const v1::Operation& operation, absl::Time now) {
  if (operation.outcome() != v1::RUNNING || !operation.progress().has_waiting_since()) return "";
  const absl::Time since = FromTimestamp(operation.progress().waiting_since());
  return HumanDuration(std::max(absl::ZeroDuration(), now - since));
}

std::string WaitsFor(const v1::Operation& operation, absl::Time now) {
  const std::string text = WaitsFor(operation);
  const std::string waited = WaitedText(operation, now);
  if (waited.empty()) return text;
  return absl::StrCat("waits since ", waited, text.empty() ? "" : ": ", text);
}

std::vector<std::string> HistoryLines(const v1::Operation& operation, HistoryExtent extent) {
  std::vector<std::string> lines;
  if (operation.kind() == v1::RELEASE) lines.push_back(WhoReleases(operation));
  if (operation.release().data_is_good()) {
    lines.emplace_back("the operator vouches for data that graft considers PARTIAL or EMPTY");
  }
  for (const auto& attempt : operation.failed_attempts()) {
    lines.push_back(FailedAttemptLine(attempt));
  }
  for (const auto& refused : operation.refused_donors()) {
    lines.push_back(absl::StrCat("refused as donor: ", refused.alias(), ": ", refused.reason(),
                                 ": ", refused.text()));
  }
  if (operation.refused_more() > 0) {
    lines.push_back(absl::StrCat("refused as donor: ", operation.refused_more(), " more"));
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
