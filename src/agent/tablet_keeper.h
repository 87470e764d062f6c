// TabletKeeper: keeps the tablet's record true and the tablet's snapshot fresh.
//
// Reads the local server every few seconds, and soon after it went away, so that GetTablet answers
// without asking it. Publishes the server's address once known, and the operation's state whenever
// it changes, again and again while the topology is away. It is an observer of the operations and
// only notes what it is told; the work is done on the thread that its owner gives it by Serve().
// Safe for use from several threads; what it is given must outlive it.
#ifndef GRAFT_AGENT_TABLET_KEEPER_H_
#define GRAFT_AGENT_TABLET_KEEPER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/observer.h"
#include "graft/provisioning.h"
#include "graft/topology.h"
#include "log/log.h"

namespace graft {

class TabletKeeper : public Observer {
 public:
  struct Deps {
    Clock& clock;
    MysqlServer& server;  // for this keeper alone: its calls wait for each other
    Topology& topology;
    Log& log;
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
  void Stop() { stop_.Cancel(); }

  // Called on Serve's thread when the server answers for the first time.
  void OnFirstContact(std::function<void(const ServerFacts&)> call);

  TabletSnapshot Snapshot() const;

  // The type to publish for a tablet that no operation speaks of.
  void SetType(TabletType type);

  void OnStep(const Operation& operation) override { Note(operation); }
  void OnProgress(const Operation& operation) override { Note(operation); }
  void OnEnd(const Operation& operation) override { Note(operation); }

 private:
  enum class Unpublished { kNothing, kProgress, kNews };

  Unpublished WhatIsUnpublished() const;
  // Was a fresh look at the server asked for since the last one?
  bool TakeReadNow();
  // Reads the server into the snapshot; whether it answered.
  bool ReadServer();
  void NoteContact(const ServerFacts& facts);
  // Who clones from the server now.
  void LookAtDonations();
  absl::Status Publish();
  // Of the operation too, while one runs.
  LogFields FailureFields(const absl::Status& failure) const;
  void Note(const Operation& operation);

  const Deps deps_;
  const Options options_;
  Cancellation stop_;
  std::set<int64_t> donating_sessions_;  // Serve's thread alone: connections seen last

  mutable absl::Mutex mutex_;
  TabletSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const ServerFacts&)> on_first_contact_ ABSL_GUARDED_BY(mutex_);
  HostPort mysql_ ABSL_GUARDED_BY(mutex_);
  std::optional<Operation> operation_ ABSL_GUARDED_BY(mutex_);
  std::optional<TabletType> type_ ABSL_GUARDED_BY(mutex_);
  Unpublished unpublished_ ABSL_GUARDED_BY(mutex_) = Unpublished::kNews;
  bool read_now_ ABSL_GUARDED_BY(mutex_) = false;  // the server has just changed
};

}  // namespace graft

#endif  // GRAFT_AGENT_TABLET_KEEPER_H_
