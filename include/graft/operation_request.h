// What is asked of an operation. Plain values.
#ifndef GRAFT_OPERATION_REQUEST_H_
#define GRAFT_OPERATION_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "graft/tablet.h"

namespace graft {

struct DonorChoice {
  enum class Kind { kPrimary, kTablet, kAny };  // kAny: the best one of the shard
  Kind kind = Kind::kPrimary;
  TabletAlias tablet;  // for kTablet
  friend bool operator==(const DonorChoice& a, const DonorChoice& b) {
    return a.kind == b.kind && a.tablet == b.tablet;
  }
};

enum class ReplicateFrom { kDonor, kPrimary };

// The server's clone_* variables for one clone; what is unset stays as the server has it.
struct CloneSettings {
  std::optional<int64_t> max_data_bandwidth_mib;     // MiB/s; 0: without bound. While it runs too
  std::optional<int64_t> max_network_bandwidth_mib;  // MiB/s; 0: without bound. While it runs too
  std::optional<int> max_concurrency;                // threads, 1 to 128
  std::optional<bool> compression;                   // on the network
  std::optional<bool> block_ddl;                     // on the donor, for as long as it copies
  friend bool operator==(const CloneSettings& a, const CloneSettings& b) {
    return std::tie(a.max_data_bandwidth_mib, a.max_network_bandwidth_mib, a.max_concurrency,
                    a.compression,
                    a.block_ddl) == std::tie(b.max_data_bandwidth_mib, b.max_network_bandwidth_mib,
                                             b.max_concurrency, b.compression, b.block_ddl);
  }
};

// What an operator takes upon himself.
struct Allowances {
  bool non_innodb = false;  // tables of other engines arrive empty
  bool unchecked = false;   // a check whose facts cannot be read does not stop the operation
  friend bool operator==(const Allowances& a, const Allowances& b) {
    return a.non_innodb == b.non_innodb && a.unchecked == b.unchecked;
  }
};

struct OperationRequest {
  std::string id;  // supplied by the client or made by the agent; unique per agent
  DonorChoice donor;
  ReplicateFrom replicate_from = ReplicateFrom::kDonor;
  CloneSettings settings;
  Allowances allow;
  friend bool operator==(const OperationRequest& a, const OperationRequest& b) {
    return a.id == b.id && a.donor == b.donor && a.replicate_from == b.replicate_from &&
           a.settings == b.settings && a.allow == b.allow;
  }
};

}  // namespace graft

#endif  // GRAFT_OPERATION_REQUEST_H_
