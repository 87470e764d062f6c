// Topology: what an operation needs to know and say about its shard. The layout behind it (keys,
// records) is src/topo's; the core sees only this.
//
// Safe for use from several threads. Besides the codes named below every call may return
// UNAVAILABLE or DEADLINE_EXCEEDED when the store cannot be reached.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/tablet.h"

namespace graft {

class Topology {
 public:
  virtual ~Topology() = default;

  // NOT_FOUND: no such cell, or no such tablet; the text says which.
  virtual absl::StatusOr<Tablet> GetTablet(const TabletAlias& alias) = 0;

  // NOT_FOUND: no such keyspace, or no such shard; the text says which.
  virtual absl::StatusOr<Shard> GetShard(absl::string_view keyspace, absl::string_view shard) = 0;

  // The tablets of one shard, from every cell that answers. An empty list is no error; it is an
  // error if no cell answers. Many cells that are away delay the call no longer than one.
  virtual absl::StatusOr<TabletList> ListShardTablets(absl::string_view keyspace,
                                                      absl::string_view shard) = 0;

  // Reads, changes and writes the record by compare-and-swap; starts again if another writer came
  // first. Fields of the record that Tablet does not hold survive. NOT_FOUND; if `change` returns
  // an error, the call returns that error and writes nothing.
  virtual absl::Status UpdateTablet(const TabletAlias& alias,
                                    const std::function<absl::Status(Tablet&)>& change) = 0;
};

}  // namespace graft
