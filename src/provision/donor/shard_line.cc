#include "provision/donor/shard_line.h"

#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr size_t kMostShown = 3;

}  // namespace

std::string ShardLine::Holders() const {
  std::string text;
  size_t shown = 0;
  for (const auto& [donor, recipient] : held) {
    if (++shown > kMostShown) return absl::StrCat(text, " and ", held.size() - kMostShown, " more");
    absl::StrAppend(&text, text.empty() ? "" : ", ", donor.ToString(), " serves ",
                    recipient.ToString());
  }
  return text.empty() ? "no donor is free" : text;
}

ShardLine LineFrom(const std::vector<QueueEntry>& entries, const QueueEntry& mine) {
  ShardLine line;
  for (const QueueEntry& entry : entries) {
    if (entry.tablet == mine.tablet) {
      line.there = line.there || entry.operation == mine.operation;
      continue;
    }
    if (!entry.holds.empty()) {
      line.held[entry.holds] = entry.tablet;
    } else if (!entry.waiting) {
      ++line.finishing;
    }
    if (!entry.waiting || line.there) continue;
    if (entry.wants == mine.wants) ++line.ahead;
    if (entry.wants.empty()) {
      ++line.ahead_for_any;
    } else {
      line.named.insert(entry.wants);
    }
  }
  return line;
}

size_t LeftToOthers(const ShardLine& line, bool left_over) {
  return left_over ? 0 : static_cast<size_t>(line.ahead_for_any);
}

}  // namespace graft
