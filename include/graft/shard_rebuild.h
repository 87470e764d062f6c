// ShardRebuild: the rebuild of several tablets of one shard, in an order and never too many at a
// time. A plain value that lies in the topology, and pure functions over it. Each member's agent
// decides by them when its turn comes; nobody leads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/key_value_store.h"
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

// ShardRebuilds: the newest rebuild of one shard, as the topology holds it: one key of graft's own
// below the global root, whose value is JSON, so that people can read it with etcdctl.
//
// Safe for use from several threads. Besides the codes named below every call may return
// UNAVAILABLE or DEADLINE_EXCEEDED when the store cannot be reached, and DATA_LOSS for a value that
// is no rebuild.
class ShardRebuilds {
 public:
  // `global` must outlive it.
  ShardRebuilds(KeyValueStore& global, absl::string_view global_root, absl::string_view keyspace,
                absl::string_view shard);

  // NOT_FOUND: the shard has never had one.
  absl::StatusOr<ShardRebuild> Get();

  // Takes the place of one that is over. OK if this very rebuild is there already.
  // FAILED_PRECONDITION: another one is not over; ABORTED: somebody else was quicker.
  absl::Status Begin(const ShardRebuild& rebuild);

  // Reads, changes and writes the rebuild that has this id, by compare-and-swap; again if another
  // writer came first. Fields that graft does not know survive. NOT_FOUND: it is not there any
  // more; ABORTED: others kept writing. If `change` returns an error, the call returns that error
  // and writes nothing.
  absl::Status Change(absl::string_view id,
                      const std::function<absl::Status(ShardRebuild&)>& change);

  // Calls `on_change`, from another thread, after each change from now on. It must not block, nor
  // call the store.
  absl::StatusOr<std::unique_ptr<Watch>> Follow(std::function<void()> on_change);

 private:
  absl::StatusOr<KeyValue> Read();
  absl::StatusOr<ShardRebuild> Parse(const std::string& json) const;
  absl::Status Written(const absl::Status& status) const;
  absl::Status Quicker() const;

  KeyValueStore& store_;
  const std::string key_;
};

// As it is stored: one line of JSON. With `former`, fields of that which graft does not know stay.
std::string ShardRebuildJson(const ShardRebuild& rebuild, const std::string& former = "");
// DATA_LOSS: no rebuild, or one with a word that this graft does not know.
absl::StatusOr<ShardRebuild> ParseShardRebuild(const std::string& text);

}  // namespace graft
