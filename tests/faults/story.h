// Story: what a fault test has seen of an operation and of its server, from outside. Plain values.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"

namespace graft {

// The real state of the recipient's server.
struct Truth {
  bool up = true;
  bool old_whole = false;   // the data from before the request
  bool copy_whole = false;  // the donor's
  bool clone_runs = false;  // until the server is up again on the copy
  bool read_only = false;
  bool super_read_only = false;
  bool fence_persisted = false;  // read-only and without replication at its next start
  bool persisted_any = false;
  bool replicates = false;
  bool proved = false;  // the journal says CLONED
  // Of the copy, at the end; not compared.
  bool settings_kept = false;  // the old replica's delay and filters
  int enabled_events = 0;

  friend bool operator==(const Truth& a, const Truth& b) {
    const auto tie = [](const Truth& t) {
      return std::tie(t.up, t.old_whole, t.copy_whole, t.clone_runs, t.read_only, t.super_read_only,
                      t.fence_persisted, t.persisted_any, t.replicates, t.proved);
    };
    return tie(a) == tie(b);
  }
};

// Something that others can see said `data`, or a type, while `truth` held.
struct Shown {
  std::string by;  // "observer", "journal", "owner", "record"
  Step step = Step::kResolveDonor;
  Outcome outcome = Outcome::kRunning;
  DataState data = DataState::kIntact;
  TabletType type = TabletType::kUnknown;  // "record" alone
  Truth truth;

  friend bool operator==(const Shown& a, const Shown& b) {
    return a.by == b.by && a.step == b.step && a.outcome == b.outcome && a.data == b.data &&
           a.type == b.type && a.truth == b.truth;
  }
};

// CLONE is about to reach the server.
struct Sending {
  Truth truth;
  bool looked_at_recipient = false;  // by the process that sends it
  bool looked_at_donor = false;
  absl::Duration since_look;  // since the donor answered the last look
  bool is_primary = false;    // in the topology, now
  bool first_in_queue = false;
  TabletType record = TabletType::kUnknown;
  bool journalled = false;  // its marks, and that the data may be PARTIAL
};

struct Story {
  std::vector<Shown> shown;
  std::vector<Sending> sendings;
  bool could_replicate = true;       // the old data, when it was asked for
  std::optional<Step> cancelled_at;  // a cancel was granted there

  // At the end, after every fault was repaired.
  bool over = false;
  TabletState state;
  Truth truth;
  Tablet record;
  std::string raw_record;
  std::vector<std::string> tablet_keys;
  size_t places_left = 0;  // in any donor's queue
  int clones_started = 0;
  std::string log;
  std::string journal;  // its newest record, as text
  bool second_succeeded = false;
  std::string second_failure;
};

}  // namespace graft
