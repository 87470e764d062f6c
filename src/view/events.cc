// What an operation went through, and what a preflight found.
#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "view/operation.h"
#include "view/text.h"

namespace graft::view {
namespace {

constexpr size_t kMostNames = 10;      // of tables and sessions in one line
constexpr size_t kLongestGtids = 200;  // characters of a GTID set

std::string ListedTo(Extent extent, const std::vector<std::string>& names, int64_t more = 0) {
  return Listed(names, extent == Extent::kAll ? std::numeric_limits<size_t>::max() : kMostNames,
                more);
}

std::string Gtids(Extent extent, const std::string& set) {
  if (extent == Extent::kAll || set.size() <= kLongestGtids) return set;
  return absl::StrCat(set.substr(0, kLongestGtids), "... (cut; the JSON output has all)");
}

Event FailedAttemptEvent(const v1::FailedAttempt& attempt) {
  Event event;
  event.tone = Tone::kBad;
  event.what = absl::StrCat("attempt ", attempt.attempt(), attempt.donor().empty() ? "" : " from ",
                            attempt.donor(), " failed in ", attempt.step());
  event.details = absl::StrCat("data ", v1::DataState_Name(attempt.data_state()));
  if (!attempt.has_error()) return event;
  absl::StrAppend(&event.details, ", ", ErrorWord(attempt.error()), ": ",
                  attempt.error().message());
  return event;
}

Event FindingEvent(const v1::CheckResult& finding) {
  return {absl::StrCat(absl::AsciiStrToLower(CheckOutcomeWord(finding.outcome())), " ",
                       finding.id(), " (", CheckSideWord(finding.side()), ")"),
          absl::StrCat(finding.found(), finding.remedy().empty() ? "" : "; ", finding.remedy()),
          CheckTone(finding.outcome())};
}

void AddRelease(const v1::Operation& operation, std::vector<Event>& events) {
  if (operation.kind() != v1::RELEASE) return;
  events.push_back({WhoReleases(operation), ""});
  if (!operation.release().data_is_good()) return;
  events.push_back(
      {"the operator vouches for data that graft considers PARTIAL or EMPTY", "", Tone::kWarning});
}

void AddRefused(const v1::Operation& operation, std::vector<Event>& events) {
  for (const v1::RefusedDonor& refused : operation.refused_donors()) {
    if (refused.alias() == operation.recipient()) continue;  // which nobody would expect
    events.push_back({"refused as donor",
                      absl::StrCat(refused.alias(), ": ", refused.reason(), ": ", refused.text())});
  }
  if (operation.refused_more() == 0) return;
  events.push_back({"refused as donor", absl::StrCat(operation.refused_more(), " more")});
}

void AddEndedSessions(const v1::Operation& operation, Extent extent, std::vector<Event>& events) {
  if (operation.ended_sessions().empty()) return;
  std::vector<std::string> sessions;
  for (const v1::EndedSession& session : operation.ended_sessions()) {
    sessions.push_back(
        absl::StrCat(session.connection_id(), " ", session.user(), "@", session.host()));
  }
  const int64_t more = operation.ended_sessions_more();
  events.push_back(
      {absl::StrCat("ended ", Count(operation.ended_sessions_size() + more, "session")),
       ListedTo(extent, sessions, more)});
}

void AddProof(const v1::Proof& proof, Extent extent, std::vector<Event>& events) {
  if (proof.transactions_discarded() > 0 || !proof.gtid_discarded().empty()) {
    events.push_back(
        {absl::StrCat("discarded ", Count(proof.transactions_discarded(), "transaction"),
                      " of the old data that the copy lacks"),
         Gtids(extent, proof.gtid_discarded()), Tone::kWarning});
  }
  if (!proof.emptied_tables().empty()) {
    events.push_back(
        {"arrived empty",
         ListedTo(extent, {proof.emptied_tables().begin(), proof.emptied_tables().end()}),
         Tone::kWarning});
  }
  if (!proof.disabled_events().empty()) {
    events.push_back(
        {"events disabled on the replica",
         ListedTo(extent, {proof.disabled_events().begin(), proof.disabled_events().end()})});
  }
  if (!proof.not_checked().empty()) {
    events.push_back({"not checked", proof.not_checked(), Tone::kWarning});
  }
}

// That a copy was saved, or why it was needed.
void AddOldData(const v1::OldData& old, std::vector<Event>& events) {
  switch (old.verdict()) {
    case v1::CATCHING_UP:
      events.push_back({"the old data catches up, without a copy", old.found()});
      break;
    case v1::COPY_SAVED:
      events.push_back({absl::StrCat("saved a copy: the old data has caught up with ",
                                     Count(old.transactions_caught_up(), "transaction")),
                        old.found(), Tone::kGood});
      break;
    case v1::COPY_NEEDED:
      events.push_back(
          {"a copy is needed: the old data cannot be used", old.why_copied(), Tone::kWarning});
      break;
    default:
      break;
  }
}

}  // namespace

std::vector<Event> EventsOf(const v1::Operation& operation, Extent extent) {
  std::vector<Event> events;
  AddRelease(operation, events);
  for (const auto& attempt : operation.failed_attempts()) {
    events.push_back(FailedAttemptEvent(attempt));
  }
  AddRefused(operation, events);
  for (const auto& finding : operation.findings()) events.push_back(FindingEvent(finding));
  if (operation.resumptions() > 0) {
    events.push_back({absl::StrCat("taken up again in ", operation.step(), " by ",
                                   Count(operation.resumptions(), "later agent")),
                      ""});
  }
  AddEndedSessions(operation, extent, events);
  if (operation.claim_lost()) {
    events.push_back({"claim lost",
                      "the copy went on without its claim, so another recipient may have used the "
                      "donor at the same time",
                      Tone::kWarning});
  }
  AddProof(operation.proof(), extent, events);
  AddOldData(operation.old_data(), events);
  return events;
}

std::string CheckOutcomeWord(v1::CheckOutcome outcome) {
  const bool known = outcome != v1::CHECK_OUTCOME_UNSPECIFIED && v1::CheckOutcome_IsValid(outcome);
  return known ? v1::CheckOutcome_Name(outcome) : "UNKNOWN";
}

std::string CheckSideWord(v1::CheckSide side) {
  if (side == v1::CHECK_SIDE_UNSPECIFIED || !v1::CheckSide_IsValid(side)) return "unknown";
  return absl::AsciiStrToLower(absl::StripPrefix(v1::CheckSide_Name(side), "CHECK_SIDE_"));
}

Tone CheckTone(v1::CheckOutcome outcome) {
  if (outcome == v1::PASSED) return Tone::kGood;
  return outcome == v1::FATAL ? Tone::kBad : Tone::kWarning;
}

int CountOf(const CheckResults& results, v1::CheckOutcome outcome) {
  return static_cast<int>(std::count_if(
      results.begin(), results.end(),
      [outcome](const v1::CheckResult& result) { return result.outcome() == outcome; }));
}

std::vector<v1::CheckResult> Findings(const CheckResults& results) {
  std::vector<v1::CheckResult> findings;
  std::copy_if(results.begin(), results.end(), std::back_inserter(findings),
               [](const v1::CheckResult& result) { return result.outcome() != v1::PASSED; });
  std::stable_sort(
      findings.begin(), findings.end(),
      [](const v1::CheckResult& a, const v1::CheckResult& b) { return a.outcome() > b.outcome(); });
  return findings;
}

std::string FoundText(const v1::CheckResult& result) {
  return absl::StrReplaceAll(result.found().empty() ? result.looks_at() : result.found(),
                             {{"\n", " "}});
}

}  // namespace graft::view
