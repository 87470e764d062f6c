// RebuildMember: takes its tablet's turn in the shard's rebuild, if the tablet is a member.
//
// It waits for its turn, makes sure that the shard can do without the tablet, marks the member as
// running, requests the operation under the rebuild's id, and writes the operation's end into the
// rebuild. Each of these may be done again: an agent that was killed goes on where it was. Without
// a rebuild it costs the store one watch, and one read every `look_every`. Look() makes one round
// and is called on one thread; the rest is safe for use from several. Its arguments must outlive
// it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/provisioning.h"
#include "graft/shard_rebuild.h"
#include "graft/topology.h"
#include "provision/donor/peers.h"

namespace graft {

class RebuildMember {
 public:
  struct Deps {
    Clock& clock;
    Provisioning& provisioning;
    Topology& topology;
    ShardRebuilds& rebuilds;
    std::function<void(const std::string& text)> on_news;  // called at each change of its state
    OpenPeer open_peer{};  // to other tablets' servers; nullptr: their records alone count
    AskAll ask_all{};
  };
  struct Options {
    TabletAlias alias;
    std::string keyspace;
    std::string shard;
    absl::Duration look_every = absl::Seconds(30);   // for a change that the watch has missed
    absl::Duration retry_after = absl::Seconds(5);   // what may pass: a store that is away
    absl::Duration follow_every = absl::Seconds(1);  // the own operation; asks nobody else
  };

  RebuildMember(Deps deps, Options options)
      : deps_(std::move(deps)), options_(std::move(options)) {}

  // Looks again and again until Stop(), and whenever the rebuild changes.
  void Serve();
  void Stop() { stop_.Cancel(); }

  // Returns how long the next look may wait.
  absl::Duration Look();

  // For the operation that is about to put the tablet out of service: its donor may have been
  // waited for so long that the shard is another one. FAILED_PRECONDITION with
  // LAST_HEALTHY_REPLICA; UNAVAILABLE: the shard cannot be seen. OK for an operation that is not of
  // a rebuild.
  absl::Status MayFence(const Operation& operation) const;

 private:
  struct SeenShard {
    Shard shard;
    TabletList list;
    TabletSnapshot own;
  };

  absl::StatusOr<SeenShard> SeeShard() const;
  // Why the shard cannot do without the tablet; empty if it can. UNAVAILABLE: a cell is away that
  // may hold what is missed.
  absl::StatusOr<std::string> WhyKeptNow(const ShardRebuild& rebuild, const SeenShard& seen) const;
  std::string WhyBusy(const TabletSnapshot& own) const;
  std::string RebuiltBy(const ShardRebuild& rebuild) const;
  absl::Duration TakeUp(const ShardRebuild& rebuild);
  absl::Duration TakeTurn(const ShardRebuild& rebuild);
  absl::Duration FollowOperation();
  absl::Duration End(const std::string& failure, bool data_gone);
  absl::Duration Say(const std::string& text, absl::Duration pause);

  const Deps deps_;
  const Options options_;
  Cancellation stop_;

  // Of Look()'s thread.
  std::optional<ReprovisionCall> running_;  // of the rebuild in which the member runs
  std::string said_;
  std::unique_ptr<Watch> watch_;  // last: it wakes the above
};

}  // namespace graft
