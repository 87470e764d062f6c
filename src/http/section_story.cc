#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "http/format.h"
#include "http/sections.h"

namespace graft::http {
namespace {

constexpr size_t kMostNames = 10;

// Of the names, and of those that were only counted.
std::string Listed(const std::vector<std::string>& names, int64_t more = 0) {
  const size_t shown = std::min(names.size(), kMostNames);
  std::string text =
      absl::StrJoin(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), ", ");
  const int64_t others = static_cast<int64_t>(names.size() - shown) + more;
  if (others > 0) absl::StrAppend(&text, " and ", others, " more");
  return text;
}

void AddLine(absl::string_view lead, absl::string_view text, Html& html) {
  html.Raw("<li><b>").Text(lead).Raw("</b> ").Text(text).Raw("</li>");
}

void AddAttempts(const Operation& operation, Html& html) {
  for (const FailedAttempt& attempt : operation.failed_attempts) {
    AddLine(absl::StrCat("Attempt ", attempt.attempt, " failed"),
            absl::StrCat("from ", AliasOrDash(attempt.donor), " in ", StepName(attempt.step),
                         ", data ", DataStateName(attempt.data_state), ": ",
                         ReasonText(attempt.error), ": ", std::string(attempt.error.message())),
            html);
  }
  for (const RefusedDonor& refused : operation.refused_donors) {
    AddLine(absl::StrCat(refused.alias.ToString(), " refused as donor"),
            absl::StrCat(refused.reason, ": ", refused.text), html);
  }
  if (operation.refused_more > 0) {
    AddLine("Refused as donors", absl::StrCat(operation.refused_more, " more"), html);
  }
}

void AddConsequences(const Operation& operation, Html& html) {
  const Proof& proof = operation.proof;
  if (operation.resumptions > 0) {
    AddLine("Taken up again",
            absl::StrCat("by ", operation.resumptions, " later agents, in this step"), html);
  }
  if (operation.claim_lost) {
    AddLine("Claim lost", "another recipient may have used the donor at the same time", html);
  }
  if (!operation.ended_sessions.empty()) {
    std::vector<std::string> sessions;
    sessions.reserve(operation.ended_sessions.size());
    for (const EndedSession& session : operation.ended_sessions) {
      sessions.push_back(absl::StrCat(session.connection_id, " ", session.user, "@", session.host));
    }
    AddLine("Sessions ended", Listed(sessions, operation.ended_sessions_more), html);
  }
  if (proof.transactions_discarded > 0) {
    AddLine("Discarded",
            absl::StrCat(proof.transactions_discarded, " transactions that only the old data had: ",
                         ShortGtids(proof.gtid_discarded)),
            html);
  }
  if (!proof.emptied_tables.empty()) AddLine("Arrived empty", Listed(proof.emptied_tables), html);
  if (!proof.not_checked.empty()) AddLine("Not checked", proof.not_checked, html);
}

void AddSteps(const Operation& operation, absl::Time now, Html& html) {
  if (operation.times.empty()) return;
  html.Raw(
      "<table class=\"steps\"><caption>Steps</caption><thead><tr><th scope=\"col\">Step"
      "<th scope=\"col\">Began<th scope=\"col\" class=\"number\">Took</tr></thead><tbody>");
  for (const StepTime& time : operation.times) {
    const bool open = time.ended == absl::InfinitePast();
    const absl::Time end = !open                                     ? time.ended
                           : operation.ended == absl::InfinitePast() ? now
                                                                     : operation.ended;
    html.Raw("<tr><th scope=\"row\">")
        .Text(StepName(time.step))
        .Raw("</th><td>")
        .Text(ClockText(time.started))
        .Raw("</td><td class=\"number\">")
        .Text(HumanDuration(std::max(absl::ZeroDuration(), end - time.started)))
        .Raw("</td></tr>");
  }
  html.Raw("</tbody></table>");
}

}  // namespace

void AddStory(const Operation& operation, absl::Time now, Html& html) {
  html.Raw("<div class=\"story\">");
  AddError(operation.error, html);
  Html lines;
  AddAttempts(operation, lines);
  AddConsequences(operation, lines);
  if (!lines.str().empty()) html.Raw("<ul>").Add(lines).Raw("</ul>");
  if (!operation.findings.empty()) AddFindings(operation.findings, html);
  AddSteps(operation, now, html);
  html.Raw("</div>");
}

}  // namespace graft::http
