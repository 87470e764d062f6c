#include "base/gtid_set.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"

namespace graft {
namespace {

absl::Status Malformed(absl::string_view part) {
  return absl::InvalidArgumentError(absl::StrCat("\"", part, "\" is no part of a GTID set"));
}

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

bool IsTag(absl::string_view text) {
  return !text.empty() && text.size() <= 32 && !absl::ascii_isdigit(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

// Digits alone: SimpleAtoi would also take a sign.
bool ParseNumber(absl::string_view text, int64_t& number) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &number) && number < std::numeric_limits<int64_t>::max();
}

bool ParseInterval(absl::string_view text, int64_t& first, int64_t& last) {
  const size_t dash = text.find('-');
  if (!ParseNumber(text.substr(0, dash), first)) return false;
  last = first;
  if (dash != absl::string_view::npos && !ParseNumber(text.substr(dash + 1), last)) return false;
  return first >= 1 && last >= first;
}

}  // namespace

absl::StatusOr<GtidSet> GtidSet::Parse(absl::string_view text) {
  const std::string compact =
      absl::AsciiStrToLower(absl::StrReplaceAll(text, {{"\n", ""}, {" ", ""}, {"\r", ""}}));
  GtidSet set;
  for (absl::string_view source : absl::StrSplit(compact, ',', absl::SkipEmpty())) {
    const std::vector<absl::string_view> parts = absl::StrSplit(source, ':');
    if (parts.size() < 2 || !IsUuid(parts[0])) return Malformed(source);
    std::string key(parts[0]);
    bool bare_tag = false;  // a tag, and no interval of its own yet
    for (size_t i = 1; i < parts.size(); ++i) {
      int64_t first = 0;
      int64_t last = 0;
      if (ParseInterval(parts[i], first, last)) {
        Add(set.intervals_[key], first, last);
        bare_tag = false;
      } else if (IsTag(parts[i]) && !bare_tag) {
        key = absl::StrCat(parts[0], ":", parts[i]);
        bare_tag = true;
      } else {
        return Malformed(source);
      }
    }
    if (bare_tag) return Malformed(source);
  }
  return set;
}

int64_t GtidSet::size() const {
  int64_t count = 0;
  for (const auto& [key, intervals] : intervals_) {
    for (const auto& [first, last] : intervals) count += last - first + 1;
  }
  return count;
}

GtidSet GtidSet::Minus(const GtidSet& other) const {
  GtidSet rest = *this;
  for (const auto& [key, intervals] : other.intervals_) {
    const auto mine = rest.intervals_.find(key);
    if (mine == rest.intervals_.end()) continue;
    for (const auto& [first, last] : intervals) Remove(mine->second, first, last);
    if (mine->second.empty()) rest.intervals_.erase(mine);
  }
  return rest;
}

GtidSet GtidSet::WithoutSource(absl::string_view uuid) const {
  GtidSet rest;
  const std::string source = absl::AsciiStrToLower(uuid);
  for (const auto& [key, intervals] : intervals_) {
    if (key.substr(0, key.find(':')) != source) rest.intervals_.emplace(key, intervals);
  }
  return rest;
}

std::string GtidSet::ToString() const {
  std::vector<std::string> parts;
  for (const auto& [key, intervals] : intervals_) {
    std::string part = key;
    for (const auto& [first, last] : intervals) {
      absl::StrAppend(&part, ":", first);
      if (last > first) absl::StrAppend(&part, "-", last);
    }
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, ",");
}

void GtidSet::Add(Intervals& intervals, int64_t first, int64_t last) {
  auto it = intervals.upper_bound(first);
  if (it != intervals.begin()) {
    const auto before = std::prev(it);
    if (before->second + 1 >= first) it = before;
  }
  while (it != intervals.end() && it->first <= last + 1) {
    first = std::min(first, it->first);
    last = std::max(last, it->second);
    it = intervals.erase(it);
  }
  intervals[first] = last;
}

void GtidSet::Remove(Intervals& intervals, int64_t first, int64_t last) {
  auto it = intervals.upper_bound(first);
  if (it != intervals.begin() && std::prev(it)->second >= first) --it;
  while (it != intervals.end() && it->first <= last) {
    const auto [begin, end] = *it;
    it = intervals.erase(it);
    if (begin < first) intervals[begin] = first - 1;
    if (end > last) intervals[last + 1] = end;
  }
}

absl::StatusOr<GtidSet> GtidDifference(absl::string_view executed, absl::string_view known) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet left, GtidSet::Parse(executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet right, GtidSet::Parse(known));
  return left.Minus(right);
}

std::string DescribeGtids(const GtidSet& gtids) {
  constexpr size_t kLongest = 200;
  std::string text = gtids.ToString();
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return absl::StrCat(gtids.size(), gtids.size() == 1 ? " transaction (" : " transactions (", text,
                      ")");
}

}  // namespace graft
