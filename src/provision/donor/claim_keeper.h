// ClaimKeeper: holds at most one place in a queue, for the operation that runs, and keeps it alive.
//
// The operation's thread enters the queue, reads the place and leaves. Another thread, which the
// owner provides by calling Serve(), keeps the place alive meanwhile. Safe for use from several
// threads: ClaimKeeper calls the store without holding its lock. `locks` must outlive it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft {

class ClaimKeeper {
 public:
  enum class State {
    kNone,
    kWaiting,  // in the queue; only Ahead() knows the places before it
    kHeld,     // Ahead() has said 0
    kLost,     // the place ended by itself; remembered until the next Enter()
  };

  explicit ClaimKeeper(QueueLocks& locks) : locks_(locks) {}

  // Gives up the present place, if any, and takes a place in the queue `name`. Codes as of
  // QueueLocks::Enter.
  absl::Status Enter(absl::string_view name, const QueueEntry& entry);

  // Says `entry` of the present place, which stays where it is. Codes as of Ahead(). What could not
  // be said, keeping alive says.
  absl::Status Change(const QueueEntry& entry);

  // How many places are before this one; asks the store. ABORTED, reason CLAIM_LOST: the place is
  // lost, now or earlier. FAILED_PRECONDITION: there is no place.
  absl::StatusOr<int> Ahead();

  // From memory: does not ask the store.
  State state() const;
  // It holds the lock `name`, or stands in its queue, as far as it has heard.
  bool Holds(absl::string_view name) const;
  bool In(absl::string_view name) const;

  // Gives the place up; OK without a place. After an error Serve() no longer keeps the place alive,
  // so the place ends within the lease's time; Serve(), and the next Leave(), try again until then.
  absl::Status Leave();

  // When the place's lease was kept alive last, by Serve()'s clock; nullopt: there is no place.
  std::optional<absl::Time> kept_alive() const;

  // Keeps the place alive once, and gives up what could not be given up before. OK without either.
  // ABORTED: the place is lost, and state() says so
  // from then on; other codes: try again soon.
  absl::Status KeepAliveOnce();

  // Keeps alive, well within the lease's time, until Stop().
  void Serve(Clock& clock);
  void Stop() { wait_.Cancel(); }

 private:
  absl::Status LeaveLate();
  // Stores the result of a call to `place`, unless the place has changed meanwhile.
  void Note(const std::shared_ptr<QueuePlace>& place, State state);
  std::shared_ptr<QueuePlace> present() const;
  void NoteKept(const std::shared_ptr<QueuePlace>& place, bool kept, absl::Time asked);

  QueueLocks& locks_;
  Cancellation wait_;

  // The present place; else why there is none, as of Ahead().
  absl::StatusOr<std::shared_ptr<QueuePlace>> Mine() const;

  mutable absl::Mutex mutex_;
  std::string name_ ABSL_GUARDED_BY(mutex_);  // of the queue entered last
  std::shared_ptr<QueuePlace> place_ ABSL_GUARDED_BY(mutex_);
  std::optional<QueueEntry> unsaid_ ABSL_GUARDED_BY(mutex_);     // of `place_`
  std::shared_ptr<QueuePlace> leaving_ ABSL_GUARDED_BY(mutex_);  // could not be given up yet
  State state_ ABSL_GUARDED_BY(mutex_) = State::kNone;
  std::optional<absl::Time> kept_alive_ ABSL_GUARDED_BY(mutex_);  // of `place_`
};

// The line of a shard: all its recipients, in the order in which they came. Pure.
//
// There is one line a shard, not one a donor. Whoever waits gets whatever donor is best now: the
// first in line the best one, the second the next best. A recipient that a named donor must serve
// waits for that one alone, and meanwhile others pass it. It stands in the line until its copy
// replicates: then it leaves, which tells the others that there is one more donor.

// How the line looks from one place in it.
struct ShardLine {
  bool there = false;           // the place itself is in the line
  int ahead = 0;                // waiting before it, for the same: any donor, or the same one
  int ahead_for_any = 0;        // waiting before it for any donor
  std::set<TabletAlias> named;  // the donors that others before it wait for by name
  std::map<TabletAlias, TabletAlias> held;  // each donor that is copied now, and its recipient
  int finishing = 0;  // those that have just copied: there will be another donor soon
  // A semi-synchronous replica that is away for its rebuild, or whose turn is before; or empty.
  TabletAlias acknowledger;

  bool IsFree(const TabletAlias& donor) const {
    return held.count(donor) == 0 && named.count(donor) == 0;
  }
  // There will be another donor.
  bool others_work() const { return finishing > 0 || !held.empty(); }
  friend bool operator==(const ShardLine& a, const ShardLine& b) {
    return std::tie(a.ahead, a.ahead_for_any, a.named, a.held, a.finishing, a.acknowledger) ==
           std::tie(b.ahead, b.ahead_for_any, b.named, b.held, b.finishing, b.acknowledger);
  }
  // Which donors serve whom, for people; never empty.
  std::string Holders() const;
};

// From the place of `mine`, or else from the end.
ShardLine LineFrom(const std::vector<QueueEntry>& entries, const QueueEntry& mine);

// How many of the free donors, the best first, are for those before this place. `left_over`: they
// had time enough to take theirs and did not; it may not fit them, or their agents may be dead.
size_t LeftToOthers(const ShardLine& line, bool left_over);

}  // namespace graft
