// TabletKeeper: keeps the tablet's record and its snapshot up to date.
//
// Reads the local server every few seconds, and soon after it went away, so that GetTablet answers
// without asking it; and the tablet's record now and then, which it makes anew if somebody deleted
// it. Publishes the owner's newest state whenever there is news, again and again while the topology
// is away. It is an observer of the operations and only notes that there is news; the work is done
// on the thread that its owner gives it by Serve(). Safe for use from several threads; what it is
// given must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
#include "graft/topology.h"
#include "log/log.h"
#include "provision/operation/tablet_owner.h"
#include "provision/operation/tablet_record.h"

namespace graft {

class TabletKeeper : public Observer {
 public:
  struct Deps {
    Clock& clock;
    MysqlServer& server;  // for this keeper alone: its calls wait for each other
    MysqlServer& holder;  // holds the server for this agent while no copy is under way
    Topology& topology;
    TabletOwner& owner;
    TabletRecord& record;
    Log& log;
    std::function<absl::Status()> register_again;  // a record that is gone; nullptr: it stays so
    // NOT_FOUND: the record names an agent that is no more; TABLET_HELD: another one, which lives.
    std::function<absl::Status(const Tablet& record)> check_owner;
  };
  struct Options {
    TabletAlias alias;
    std::string keyspace;
    std::string shard;
    HostPort advertised_mysql;  // port 0: the server's own, once it can be asked
  };

  TabletKeeper(Deps deps, Options options);

  // Works until Stop().
  void Serve();
  // One round of Serve. Returns the time of the next round.
  absl::Time Turn();
  void Stop() { stop_.Cancel(); }

  // Called on Serve's thread when the server answers for the first time.
  void OnFirstContact(std::function<void(const ServerFacts&)> call) {
    absl::MutexLock lock(&mutex_);
    on_first_contact_ = std::move(call);
  }

  TabletSnapshot Snapshot() const;

  // The type to publish for a tablet that no operation speaks of.
  void SetType(TabletType type);

  // Holds the tablet out of service, unless it is a primary: RESTORE, read-only, not ready, until
  // an operation has begun. `why` is for people.
  void HoldBack(Reason reason, std::string why);

  void OnStep(const Operation& operation) override { Note(operation); }
  void OnProgress(const Operation& operation) override { Note(operation); }
  void OnEnd(const Operation& operation) override { Note(operation); }

 private:
  // When something is due again: after a while if it went well, soon and ever later if not.
  class Pace {
   public:
    explicit Pace(absl::Duration every) : every_(every) {}
    void Done(bool well, absl::Time now);
    absl::Time next() const { return next_; }
    bool failing() const { return failing_; }

   private:
    const absl::Duration every_;
    absl::Duration pause_ = absl::Milliseconds(50);
    absl::Time next_ = absl::InfinitePast();
    bool failing_ = false;
  };

  enum class Unpublished { kNothing, kProgress, kNews };

  Unpublished WhatIsUnpublished() const {
    absl::MutexLock lock(&mutex_);
    return unpublished_;
  }
  void NoteNews(const TabletFacts& facts);
  // Was a fresh look at the server asked for since the last one?
  bool TakeReadNow() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(read_now_, false);
  }
  void TellContact(const absl::Status& status);
  // Reads the server into the snapshot; whether it answered.
  bool ReadServer();
  void NoteContact(const ServerFacts& facts);
  // The sessions that clone from the server now.
  void LookAtDonations();
  void NoteFacts(const ServerFacts& facts);
  DonorHealth HealthOf(const ServerFacts& facts, LagClass before) const;
  void HoldServer();
  bool MayHold() const;
  void FenceHeldBack(const ServerFacts& facts);
  // Whether the record is there, or is again.
  bool CheckRecord();
  absl::Status Publish();
  // Of the operation too, while one runs.
  LogFields FailureFields(const absl::Status& failure) const;
  void Note(const Operation& operation);

  const Deps deps_;
  const Options options_;
  Cancellation stop_;
  // Serve's thread alone.
  Pace read_;
  Pace publish_;
  Pace check_;
  bool mysql_answers_ = true;            // as the log says
  std::set<int64_t> donating_sessions_;  // connections seen last

  mutable absl::Mutex mutex_;
  TabletSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  std::string held_by_other_ ABSL_GUARDED_BY(mutex_);  // not empty: another agent works here
  std::string record_fault_ ABSL_GUARDED_BY(mutex_);   // gone, or another agent's
  std::string held_back_ ABSL_GUARDED_BY(mutex_);      // why
  std::function<void(const ServerFacts&)> on_first_contact_ ABSL_GUARDED_BY(mutex_);
  std::optional<Operation> operation_ ABSL_GUARDED_BY(mutex_);  // as it was told last
  Unpublished unpublished_ ABSL_GUARDED_BY(mutex_) = Unpublished::kNews;
  bool read_now_ ABSL_GUARDED_BY(mutex_) = false;  // the server has just changed
};

}  // namespace graft
