// Opens the topology that the --topo-* flags name: its stores and Vitess's layout on them.
//
// OpenTopology and its result are safe for use from several threads. Nothing is contacted yet.
// `clock` must outlive the result; the result's members are destroyed in the right order.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "etcd/etcd_store.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"
#include "graft/topology.h"
#include "topo/vitess_topology.h"

namespace graft {

inline constexpr char kTopoEtcd[] = "etcd2";  // Vitess's name for etcd v3
inline constexpr char kTopoFolder[] = "folder";

struct TopoOptions {
  std::string implementation = kTopoFolder;
  std::string global_server_address;  // etcd2: "host:port,host:port"; folder: its path
  std::string global_root = "/vitess/global";
  EtcdOptions etcd;         // etcd2 only; its endpoints come from the addresses
  bool make_folder = true;  // folder only: if there is none
};

struct OpenedTopology {
  std::unique_ptr<KeyValueStore> global;
  std::unique_ptr<VitessTopology> topology;  // uses `global`
  std::unique_ptr<QueueLocks> locks;         // uses `global`
};

// OK, or INVALID_ARGUMENT with every fault found.
absl::Status ValidateTopoOptions(const TopoOptions& options);

// Wraps each store that is opened, now or later, on any thread. Null: stores are not wrapped.
using WrapStore =
    std::function<std::unique_ptr<KeyValueStore>(std::unique_ptr<KeyValueStore> store)>;

// INVALID_ARGUMENT as above; NOT_FOUND: there is no folder, and none is to be made; or an error of
// the store about its address and files.
absl::StatusOr<OpenedTopology> OpenTopology(Clock& clock, const TopoOptions& options,
                                            const WrapStore& wrap = nullptr);

}  // namespace graft
