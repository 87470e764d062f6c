#include "graft/shard_rebuild.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace graft {
namespace {

constexpr std::array<absl::string_view, 4> kOutcomes = {"waiting", "running", "done", "failed"};

using Member = ShardRebuild::Member;

bool IsUnfinished(const Member& member) {
  return member.outcome == MemberOutcome::kWaiting || member.outcome == MemberOutcome::kRunning;
}

const Member* FirstWith(const ShardRebuild& rebuild, MemberOutcome outcome) {
  for (const Member& member : rebuild.members) {
    if (member.outcome == outcome) return &member;
  }
  return nullptr;
}

bool Runs(const ShardRebuild& rebuild, const TabletAlias& alias) {
  const Member* member = FindMember(rebuild, alias);
  return member != nullptr && member->outcome == MemberOutcome::kRunning;
}

}  // namespace

absl::string_view MemberOutcomeName(MemberOutcome outcome) {
  return kOutcomes[static_cast<size_t>(outcome)];
}

absl::StatusOr<MemberOutcome> ParseMemberOutcome(absl::string_view outcome) {
  const auto* const name = std::find(kOutcomes.begin(), kOutcomes.end(), outcome);
  if (name != kOutcomes.end()) return static_cast<MemberOutcome>(name - kOutcomes.begin());
  return absl::InvalidArgumentError(absl::StrCat("\"", outcome, "\" is no outcome of a member"));
}

const Member* FindMember(const ShardRebuild& rebuild, const TabletAlias& alias) {
  for (const Member& member : rebuild.members) {
    if (member.alias == alias) return &member;
  }
  return nullptr;
}

Member* FindMember(ShardRebuild& rebuild, const TabletAlias& alias) {
  return const_cast<Member*>(FindMember(std::as_const(rebuild), alias));
}

std::string WhyNotYet(const ShardRebuild& rebuild, const TabletAlias& alias) {
  const Member* self = FindMember(rebuild, alias);
  if (self == nullptr) return absl::StrCat(alias.ToString(), " is no member");
  if (self->outcome != MemberOutcome::kWaiting) {
    return absl::StrCat(alias.ToString(), " is ", MemberOutcomeName(self->outcome));
  }
  if (!rebuild.stopped.empty()) return absl::StrCat("stopped by ", rebuild.stopped);
  if (const Member* failed = FirstWith(rebuild, MemberOutcome::kFailed)) {
    return absl::StrCat(failed->alias.ToString(), " has failed");
  }
  std::vector<std::string> before;
  for (const Member& member : rebuild.members) {
    if (member.alias == alias) break;
    if (IsUnfinished(member)) before.push_back(member.alias.ToString());
  }
  if (before.size() < static_cast<size_t>(rebuild.max_unavailable)) return "";
  return absl::StrCat("waits for ", absl::StrJoin(before, ", "));
}

bool IsOver(const ShardRebuild& rebuild) {
  if (FirstWith(rebuild, MemberOutcome::kRunning) != nullptr) return false;
  return !rebuild.stopped.empty() || FirstWith(rebuild, MemberOutcome::kFailed) != nullptr ||
         FirstWith(rebuild, MemberOutcome::kWaiting) == nullptr;
}

bool ServesByRecord(const Tablet& tablet) {
  const bool serves = tablet.type == TabletType::kReplica || tablet.type == TabletType::kRdonly;
  const DonorHealth health = ReadHealth(tablet);
  return serves && !tablet.SaysDropped() && !tablet.mysql.empty() && !health.empty &&
         health.lag != LagClass::kStopped;
}

std::string WhyKept(const ShardRebuild& rebuild, const TabletAlias& alias, const Shard& shard,
                    const std::vector<Tablet>& tablets, bool out_of_service) {
  const auto self = std::find_if(tablets.begin(), tablets.end(),
                                 [&](const Tablet& tablet) { return tablet.alias == alias; });
  if (self == tablets.end()) return absl::StrCat(alias.ToString(), " has no record in the shard");
  if (shard.primary == alias || self->type == TabletType::kPrimary) {
    return absl::StrCat(alias.ToString(), " is the shard's primary");
  }
  if (out_of_service || !ServesByRecord(*self)) return "";
  const bool another = std::any_of(tablets.begin(), tablets.end(), [&](const Tablet& tablet) {
    return tablet.alias != alias && tablet.alias != shard.primary && ServesByRecord(tablet) &&
           !Runs(rebuild, tablet.alias);
  });
  if (another) return "";
  return absl::StrCat(alias.ToString(), " is the last healthy replica of ", shard.keyspace, "/",
                      shard.name);
}

}  // namespace graft
