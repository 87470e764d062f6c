// ShardRebuild: the rebuild of several tablets of one shard, in an order and never too many at a
// time. A plain value that lies in the topology, and pure functions over it. Each member's agent
// decides by them when its turn comes; nobody leads.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/provisioning.h"
#include "graft/tablet.h"

namespace graft {

// A member only ever goes forward in this list.
enum class MemberOutcome { kWaiting, kRunning, kDone, kFailed };

absl::string_view MemberOutcomeName(MemberOutcome outcome);                   // "waiting"
absl::StatusOr<MemberOutcome> ParseMemberOutcome(absl::string_view outcome);  // INVALID_ARGUMENT

struct ShardRebuild {
  struct Member {
    TabletAlias alias;
    std::string why;  // it is rebuilt: "replication error 1062"
    MemberOutcome outcome = MemberOutcome::kWaiting;
    std::string reason;      // of kFailed
    bool data_gone = false;  // of kFailed: its data is PARTIAL or EMPTY
  };

  ReprovisionCall call;  // of each member; its id is the rebuild's, and that of each operation
  absl::Time requested = absl::InfinitePast();
  std::string by;           // "alice@db-101"
  int max_unavailable = 1;  // members that run at the same time, at least 1
  std::vector<Member> members;
  std::string stopped;  // by whom; empty: it goes on
};

// nullptr: no member.
const ShardRebuild::Member* FindMember(const ShardRebuild& rebuild, const TabletAlias& alias);
ShardRebuild::Member* FindMember(ShardRebuild& rebuild, const TabletAlias& alias);

// Why this member may not begin, for people: "waits for zone1-0000000101"; empty if it may. It may
// if it is waiting, the rebuild is not stopped, no member has failed, and fewer
// than max_unavailable of the members before it are unfinished. As members only go forward, this
// stays true for whoever has seen it, except for a stop or a failure; so never more than
// max_unavailable run, whichever states the agents have seen.
std::string WhyNotYet(const ShardRebuild& rebuild, const TabletAlias& alias);

// No member runs, and none will.
bool IsOver(const ShardRebuild& rebuild);

// By its record alone: a REPLICA or RDONLY whose mysqld has an address and whose data is whole.
bool ServesByRecord(const Tablet& tablet);

// Why the shard cannot do without this member, for people; empty if it can. `tablets` are the
// shard's, those that are known. Once the member has begun, another replica must serve that does
// not run in this rebuild; a member that is `out_of_service` already takes nothing away.
std::string WhyKept(const ShardRebuild& rebuild, const TabletAlias& alias, const Shard& shard,
                    const std::vector<Tablet>& tablets, bool out_of_service);

}  // namespace graft
