// The parts of the status page, each from plain values. Pure functions; together they are the
// fragment that a browser loads first and then again and again (page.h).
#ifndef GRAFT_HTTP_SECTIONS_H_
#define GRAFT_HTTP_SECTIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "graft/operation.h"
#include "http/html.h"
#include "http/status_facts.h"

namespace graft::http {

// Who this is, and whether it may be used.
void AddHead(const StatusFacts& facts, Html& html);
void AddTablet(const StatusFacts& facts, Html& html);
void AddShard(const StatusFacts& facts, Html& html);
// The operation that runs, with its bars; one line if none does.
void AddRunning(const StatusFacts& facts, Html& html);
void AddPreflight(const StatusFacts& facts, Html& html);
void AddHistory(const StatusFacts& facts, Html& html);

// Parts of parts.

// Bars of the phases, the whole first.
void AddPhases(const Operation& operation, Html& html);
// What an operation went through: attempts, refused donors, findings, steps, proof.
void AddStory(const Operation& operation, absl::Time now, Html& html);
void AddFindings(const std::vector<CheckResult>& results, Html& html);

// A term and its value, in a list of them.
void AddFact(absl::string_view term, absl::string_view value, Html& html);
enum class Tone { kPlain, kGood, kWarning, kBad, kBusy };
void AddChip(Tone tone, absl::string_view text, Html& html);
Tone DataTone(DataState state);
Tone OutcomeTone(Outcome outcome);
// The reason and the text; nothing for OK.
void AddError(const absl::Status& status, Html& html);
std::string ReasonText(const absl::Status& status);  // or the code's name; empty for OK

// "zone1-0000000101"; a dash if empty.
std::string AliasOrDash(const TabletAlias& alias);
absl::Duration TimeTaken(const Operation& operation, absl::Time now);
const Operation* RunningOperation(const StatusFacts& facts);

}  // namespace graft::http

#endif  // GRAFT_HTTP_SECTIONS_H_
