// The request of an operation. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/tablet.h"

namespace graft {

// Whether the shard's primary may be the best donor.
enum class PrimaryAsDonor { kIfNobodyElse, kLikeOthers, kNever };

struct DonorChoice {
  // kAny: the best one of the shard. kBackup: a mysqld that serves a backup of the shard.
  enum class Kind { kPrimary, kTablet, kAny, kBackup };
  Kind kind = Kind::kPrimary;
  TabletAlias tablet;                                      // for kTablet
  PrimaryAsDonor primary = PrimaryAsDonor::kIfNobodyElse;  // for kAny
  std::string backup = {};  // for kBackup: its name; empty: the newest that the agent's flags allow
  friend bool operator==(const DonorChoice& a, const DonorChoice& b) {
    return std::tie(a.kind, a.tablet, a.primary, a.backup) ==
           std::tie(b.kind, b.tablet, b.primary, b.backup);
  }
};
// The value of --donors: "primary,replica" or "replica". INVALID_ARGUMENT.
absl::StatusOr<PrimaryAsDonor> ParseDonors(absl::string_view text);
absl::string_view DonorsText(PrimaryAsDonor primary);  // the same; empty: kIfNobodyElse

// The source after the copy. kPrimaryOrDonor: the shard's primary if it is there and answers when
// the donor is chosen, else the donor.
enum class ReplicateFrom { kDonor, kPrimary, kPrimaryOrDonor };
// The value of --replicate-from: "donor", "primary" or "primary-or-donor". INVALID_ARGUMENT.
absl::StatusOr<ReplicateFrom> ParseReplicateFrom(absl::string_view text);
absl::string_view ReplicateFromText(ReplicateFrom from);  // the same
// For a request that does not say: replicas that follow the donor that was found for them would
// make chains, so with kAny the primary comes first.
ReplicateFrom UsualSource(const DonorChoice& donor);

// The server's clone_* variables for one clone; an unset member leaves the server's value.
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
// `settings`, with the values of `defaults` for its unset members.
CloneSettings WithDefaults(CloneSettings settings, const CloneSettings& defaults);

// Risks that the operator accepts.
struct Allowances {
  bool non_innodb = false;  // tables of other engines arrive empty
  // Checks of preflight that do not stop the operation if their facts cannot be read: "DISK_SPACE",
  // or kAllChecks.
  std::set<std::string> unchecked;
  bool Unchecked(absl::string_view check) const;
  bool lost_replication_settings = false;  // SOURCE_DELAY and filters are not set again
  friend bool operator==(const Allowances& a, const Allowances& b) {
    return std::tie(a.non_innodb, a.unchecked, a.lost_replication_settings) ==
           std::tie(b.non_innodb, b.unchecked, b.lost_replication_settings);
  }
};

inline constexpr char kAllChecks[] = "all";
// Adds these; with kAllChecks the others go without saying. INVALID_ARGUMENT, and nothing is added:
// one is no word of graft's. Which of them are checks, preflight knows.
absl::Status AllowUnchecked(const std::vector<std::string>& checks, Allowances& allow);
// What either allows.
Allowances WithDefaults(Allowances allow, const Allowances& defaults);

// How far an operator goes with a cancel.
enum class CancelWish {
  kIfNothingDropped,  // refused once the old data may be gone
  kEvenIfDropped,     // also then: the tablet is left empty, fenced and marked
};

// The plan of the operation; see graft/plan.h.
enum class OperationKind {
  kReprovision,
  kRelease,  // an operator says that the data is good: the fence comes down, the type back
};

// The person who releases a tablet, and the reason.
struct ReleaseWord {
  std::string by;             // "alice@db-101"
  std::string note;           // in his own words; may be empty
  bool data_is_good = false;  // though graft itself knows it to be PARTIAL or EMPTY
  friend bool operator==(const ReleaseWord& a, const ReleaseWord& b) {
    return a.by == b.by && a.note == b.note && a.data_is_good == b.data_is_good;
  }
};

struct OperationRequest {
  std::string id;  // supplied by the client or made by the agent; unique per agent
  OperationKind kind = OperationKind::kReprovision;
  ReleaseWord release;  // for kRelease
  DonorChoice donor;
  ReplicateFrom replicate_from = ReplicateFrom::kDonor;
  CloneSettings settings;
  Allowances allow;
  bool if_needed = false;           // copies only if the old data cannot catch up
  bool fallback_to_backup = false;  // if no tablet of the shard can be the donor
  friend bool operator==(const OperationRequest& a, const OperationRequest& b) {
    return std::tie(a.id, a.kind, a.release, a.donor, a.replicate_from, a.settings, a.allow,
                    a.if_needed, a.fallback_to_backup) ==
           std::tie(b.id, b.kind, b.release, b.donor, b.replicate_from, b.settings, b.allow,
                    b.if_needed, b.fallback_to_backup);
  }
};

}  // namespace graft
