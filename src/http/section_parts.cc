#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "http/sections.h"
#include "view/text.h"
#include "wire/operation_proto.h"

namespace graft::http {
namespace {

constexpr size_t kUuidShown = 8;
constexpr size_t kIntervalsShown = 24;
constexpr size_t kUuidsShown = 2;

std::string ShortMember(absl::string_view member) {
  const size_t colon = member.find(':');
  const absl::string_view uuid = member.substr(0, std::min(colon, kUuidShown));
  if (colon == absl::string_view::npos) return absl::StrCat(uuid, "…");
  const absl::string_view intervals = member.substr(colon + 1);
  return absl::StrCat(uuid, "…:", intervals.substr(0, kIntervalsShown),
                      intervals.size() > kIntervalsShown ? "…" : "");
}

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    absl::StrAppend(&shown, control ? "\uFFFD" : absl::string_view(&c, 1));
  }
  return absl::StrReplaceAll(
      shown, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

PageFacts::PageFacts(const StatusFacts& facts) : status(facts) {
  for (const Operation& operation : facts.operations) operations.push_back(ToProto(operation));
  if (!operations.empty() && operations.front().outcome() == v1::RUNNING) {
    running = &operations.front();
  }
}

void AddFact(absl::string_view term, absl::string_view value, Html& html) {
  html.Raw("<div><dt>").Text(term).Raw("</dt><dd>").Text(value).Raw("</dd></div>");
}

void AddChip(view::Tone tone, absl::string_view text, Html& html) {
  static constexpr const char* kClasses[] = {"", " good", " warning", " bad", " busy"};  // by Tone
  static_assert(std::size(kClasses) == static_cast<size_t>(view::Tone::kBusy) + 1);
  html.Raw("<span class=\"chip").Text(kClasses[static_cast<size_t>(tone)]).Raw("\">");
  html.Text(text).Raw("</span>");
}

void AddDataChip(v1::DataState state, Html& html) {
  AddChip(view::DataTone(state), v1::DataState_Name(state), html);
}

std::string ClockText(absl::Time time) {
  if (time == absl::InfinitePast()) return "–";
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone());
}

std::string AgoOrNever(absl::Time time, absl::Time now) {
  return time == absl::InfinitePast() ? "never" : view::AgoText(time, now);
}

std::string ShortGtids(absl::string_view set) {
  std::vector<std::string> members;
  for (const absl::string_view member : absl::StrSplit(set, ',', absl::SkipWhitespace())) {
    members.push_back(ShortMember(absl::StripAsciiWhitespace(member)));
  }
  return view::Listed(members, kUuidsShown);
}

}  // namespace graft::http
