// How a mysqld replicates, as it shows it: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "graft/tablet.h"

namespace graft {

// A filter of a channel's applier.
struct ReplicationFilter {
  std::string channel;
  std::string name;           // "REPLICATE_IGNORE_TABLE"
  std::string rule;           // "shop.log,shop.trace"
  bool by_statement = false;  // CHANGE REPLICATION FILTER: no option sets it
  bool plain = false;         // its rule tells one name from the next, so that it can be set again

  std::string Text() const { return absl::StrCat(name, "=(", rule, ")"); }
};

// Of a receiver, a coordinator or a worker: the error that stopped it last, until replication is
// started again.
struct ThreadError {
  std::string thread;  // "worker"
  int number = 0;
  std::string text;
};

struct ReplicationChannel {
  std::string name;  // "" is the default channel
  HostPort source;
  std::string source_uuid;        // empty: it was never connected
  bool receiver_running = false;  // "IO thread"
  bool receiver_connecting = false;
  bool applier_running = false;  // "SQL thread"
  int receiver_errno = 0;
  std::string receiver_error;
  bool source_away = false;  // receiver_errno means that the source, or the way to it, was away
  int applier_errno = 0;
  std::string applier_error;
  absl::Duration delay;               // whole seconds; SOURCE_DELAY
  std::optional<absl::Duration> lag;  // whole seconds; nullopt: unknown
  bool auto_position = false;
  // Changes whenever the receiver or the applier makes progress; heartbeats do not change it.
  std::string activity;
  std::vector<std::string> filters;  // of its applier, as ReplicationFilter::Text()
  std::string heard;       // changes with each transaction, and each heartbeat, from the source
  bool applying = false;   // a transaction is being applied now, however long it takes
  bool receiving = false;  // a transaction is being queued now
  bool stopping = false;   // a STOP waits for the transaction that is being applied
  std::vector<ThreadError> thread_errors;  // as performance_schema has them
  bool thread_errors_seen = true;          // false: that cannot be read

  bool receives() const { return receiver_running || receiver_connecting; }
  bool runs() const { return receives() || applier_running; }
  // Another replica with this one's server_uuid is connected to the source, which throws one off
  // for the other.
  bool server_uuid_is_taken() const {
    return receiver_errno != 0 && receiver_error.find("same server_uuid") != std::string::npos;
  }
  // The source has purged what the receiver asks for: it will never go on.
  bool lacks_binlogs() const {
    return (receiver_errno == 1236 || receiver_errno == 13114) && !server_uuid_is_taken();
  }
};

}  // namespace graft
