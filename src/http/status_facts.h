// What the agent's HTTP pages are made from: plain values, taken at one moment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/preflight.h"
#include "graft/provisioning.h"
#include "graft/tablet.h"

namespace graft {

// The tablets of one shard as the topology had them at `read_at`.
struct ShardSnapshot {
  std::vector<Tablet> tablets;                // by alias, this agent's own among them
  absl::Time read_at = absl::InfinitePast();  // InfinitePast(): never yet
  std::string error;  // which cells are missing; or of a later read that failed, `tablets` is older
};

struct StatusFacts {
  absl::Time now = absl::InfinitePast();
  std::string version;  // of this program
  absl::Time started = absl::InfinitePast();
  TabletSnapshot tablet;
  std::vector<Operation> operations;  // newest first
  ShardSnapshot shard;
  std::optional<PreflightReport> preflight;  // the last one that was asked for
};

}  // namespace graft
