#include "base/gtid_set.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace graft {
namespace {

absl::Status Malformed(absl::string_view part) {
  return absl::InvalidArgumentError(absl::StrCat("\"", part, "\" is no part of a GTID set"));
}

bool ParseInterval(absl::string_view text, int64_t& first, int64_t& last) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  if (!absl::SimpleAtoi(ends.first, &first)) return false;
  last = first;
  if (!ends.second.empty() && !absl::SimpleAtoi(ends.second, &last)) return false;
  return first >= 1 && last >= first;
}

}  // namespace

absl::StatusOr<GtidSet> GtidSet::Parse(absl::string_view text) {
  const std::string compact =
      absl::AsciiStrToLower(absl::StrReplaceAll(text, {{"\n", ""}, {" ", ""}, {"\r", ""}}));
  GtidSet set;
  for (absl::string_view source : absl::StrSplit(compact, ',', absl::SkipEmpty())) {
    const std::vector<absl::string_view> parts = absl::StrSplit(source, ':');
    if (parts.size() < 2 || parts[0].size() != 36) return Malformed(source);
    std::string key(parts[0]);
    for (size_t i = 1; i < parts.size(); ++i) {
      int64_t first = 0;
      int64_t last = 0;
      if (ParseInterval(parts[i], first, last)) {
        Add(set.intervals_[key], first, last);
      } else if (!parts[i].empty() && !absl::ascii_isdigit(parts[i][0])) {
        key = absl::StrCat(parts[0], ":", parts[i]);  // a tag; the intervals after it are its own
      } else {
        return Malformed(source);
      }
    }
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

}  // namespace graft
