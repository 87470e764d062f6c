// ShardRebuilds: the newest rebuild of one shard, as the topology holds it.
//
// Safe for use from several threads. Besides the codes named below every call may return
// UNAVAILABLE or DEADLINE_EXCEEDED when the store cannot be reached, and DATA_LOSS for a value that
// is no rebuild.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/key_value_store.h"
#include "graft/shard_rebuild.h"

namespace graft {

class ShardRebuilds {
 public:
  virtual ~ShardRebuilds() = default;

  // NOT_FOUND: the shard has never had one.
  virtual absl::StatusOr<ShardRebuild> Get() = 0;

  // Takes the place of one that is over. OK if this very rebuild is there already.
  // FAILED_PRECONDITION: another one is not over; ABORTED: somebody else was quicker.
  virtual absl::Status Begin(const ShardRebuild& rebuild) = 0;

  // Reads, changes and writes the rebuild that has this id, by compare-and-swap; again if another
  // writer came first. Fields that graft does not know survive. NOT_FOUND: it is not there any
  // more; ABORTED: others kept writing. If `change` returns an error, the call returns that error
  // and writes nothing.
  virtual absl::Status Change(absl::string_view id,
                              const std::function<absl::Status(ShardRebuild&)>& change) = 0;

  // Calls `on_change`, from another thread, after each change from now on. It must not block, nor
  // call the store.
  virtual absl::StatusOr<std::unique_ptr<Watch>> Follow(std::function<void()> on_change) = 0;
};

}  // namespace graft
