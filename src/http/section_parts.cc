#include <algorithm>

#include "base/errors.h"
#include "http/sections.h"

namespace graft::http {

void AddFact(absl::string_view term, absl::string_view value, Html& html) {
  html.Raw("<div><dt>").Text(term).Raw("</dt><dd>").Text(value).Raw("</dd></div>");
}

void AddChip(Tone tone, absl::string_view text, Html& html) {
  switch (tone) {
    case Tone::kPlain:
      html.Raw("<span class=\"chip\">");
      break;
    case Tone::kGood:
      html.Raw("<span class=\"chip good\">");
      break;
    case Tone::kWarning:
      html.Raw("<span class=\"chip warning\">");
      break;
    case Tone::kBad:
      html.Raw("<span class=\"chip bad\">");
      break;
    case Tone::kBusy:
      html.Raw("<span class=\"chip busy\">");
      break;
  }
  html.Text(text).Raw("</span>");
}

Tone DataTone(DataState state) {
  switch (state) {
    case DataState::kPartial:
    case DataState::kEmpty:
      return Tone::kBad;
    case DataState::kCloned:
      return Tone::kGood;
    case DataState::kIntact:
      break;
  }
  return Tone::kPlain;
}

Tone OutcomeTone(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return Tone::kGood;
    case Outcome::kFailed:
      return Tone::kBad;
    case Outcome::kCancelled:
      return Tone::kWarning;
    case Outcome::kRunning:
      break;
  }
  return Tone::kBusy;
}

std::string ReasonText(const absl::Status& status) {
  if (status.ok()) return "";
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

void AddError(const absl::Status& status, Html& html) {
  if (status.ok()) return;
  html.Raw("<p class=\"error\"><b>")
      .Text(ReasonText(status))
      .Raw("</b> ")
      .Text(std::string(status.message()))
      .Raw("</p>");
}

std::string AliasOrDash(const TabletAlias& alias) {
  return alias.empty() ? "–" : alias.ToString();
}

absl::Duration TimeTaken(const Operation& operation, absl::Time now) {
  const absl::Time end = operation.ended == absl::InfinitePast() ? now : operation.ended;
  return std::max(absl::ZeroDuration(), end - operation.requested);
}

const Operation* RunningOperation(const StatusFacts& facts) {
  const bool runs =
      !facts.operations.empty() && facts.operations.front().outcome == Outcome::kRunning;
  return runs ? &facts.operations.front() : nullptr;
}

}  // namespace graft::http
