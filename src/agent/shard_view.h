// ShardView: a recent copy of the shard's tablets from the topology, for readers that must not wait
// for the topology.
//
// Reads them once at the start, and then every few seconds while somebody views the page. A list of
// the shard costs the topology a list of all tablets of the cell, so thousands of agents must not
// ask for it all day. Safe for use from several threads; its arguments must outlive it.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/topology.h"
#include "http/status_facts.h"

namespace graft {

class ShardView {
 public:
  struct Options {
    std::string keyspace;
    std::string shard;
    absl::Duration every = absl::Seconds(10);   // between two reads while somebody looks
    absl::Duration lasting = absl::Minutes(1);  // how long one look counts
  };

  ShardView(Clock& clock, Topology& topology, Options options);

  // Works until Stop().
  void Serve();
  void Stop() { stop_.Cancel(); }

  // Answers from memory. Counts as a look.
  ShardSnapshot Snapshot();

 private:
  void Read();
  absl::Time NextRead();

  Clock& clock_;
  Topology& topology_;
  const Options options_;
  Cancellation stop_;

  absl::Mutex mutex_;
  ShardSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  absl::Time asked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // the last read, well or not
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace graft
