// Preflight: the table of checks before CLONE drops data. Pure: it judges facts that were read
// before, makes all checks at once, and changes nothing.
//
// A check is fatal if CLONE would fail, lose something, or leave a server that cannot start, cannot
// replicate or refuses logins. A check is a warning if the operator only should know the finding. A
// check never passes without its facts: it is unchecked, or a warning if that is its worst result.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/operation_request.h"
#include "graft/preflight.h"
#include "graft/reason.h"
#include "graft/server_facts.h"
#include "graft/server_host.h"
#include "graft/tablet.h"

namespace graft {

// A server from which the donor's data came, by way of the donor's source or by itself.
struct ServerAbove {
  HostPort address;
  absl::StatusOr<std::vector<ReplicationChannel>> channels;
};

// Read in this order, so that new transactions do not look errant: the recipient, the donor, the
// source, the primary.
struct PreflightFacts {
  ServerSurvey recipient;
  absl::StatusOr<HostFacts> host = absl::UnknownError("not asked");  // of the recipient
  // Of DataPathsToLookAt() and of the files that clone_ssl_* name, those where the recipient's
  // machine has something.
  absl::StatusOr<std::set<std::string>> existing_paths = std::set<std::string>();
  absl::StatusOr<std::set<std::string>> existing_ssl_files = std::set<std::string>();
  // Its status names the server, and so do the next ones'.
  absl::StatusOr<ServerSurvey> donor = absl::UnknownError("not asked");
  // The tablet it will follow, perhaps the donor.
  absl::StatusOr<ServerFacts> source = absl::UnknownError("not asked");
  // The same server, asked as the account that replication will use.
  absl::StatusOr<ServerFacts> source_as_replica = absl::UnknownError("not asked");
  // The shard's primary, perhaps the donor. NOT_FOUND: the shard has none.
  absl::StatusOr<ServerFacts> primary = absl::UnknownError("not asked");

  std::vector<ServerAbove> above_donor;  // without the primary and what is above it

  TabletAlias donor_alias;
  bool donor_is_backup = false;  // it serves one, follows nobody, and is as old as that
  HostPort donor_mysql;
  TabletAlias source_alias;
  TabletAlias primary_alias;  // empty: the shard has none
  // Whose servers they are by the tablets' records; empty: the record does not say.
  std::string donor_recorded_uuid;
  std::string source_recorded_uuid;
  std::string primary_recorded_uuid;
  std::string donor_seen_uuid;            // at an earlier look of this attempt; empty: none
  std::vector<HostPort> shard_addresses;  // of the shard's servers
  // Other tablets of the shard whose servers, at other addresses, have the recipient's server_uuid;
  // and those that did not answer, though their records name it.
  std::vector<TabletAlias> with_the_recipients_uuid;
  std::vector<TabletAlias> perhaps_with_it;
  std::string agent_user = "vt_dba";    // the agent's account on the recipient
  std::string clone_user = "vt_clone";  // its account on the donor
  bool clone_use_ssl = true;
  std::string repl_user = "vt_repl";  // its account on the source
  size_t repl_password_length = 0;    // bytes
  bool agent_starts_mysqld = false;   // after a clone, if nobody else does
  bool acknowledged = false;  // the recipient was a semi-synchronous replica before the fence
  CloneSettings settings;
  Allowances allow;
};

// The files outside of the recipient's data directory that CLONE would write and that are not the
// recipient's own.
std::vector<std::string> DataPathsToLookAt(const ServerSurvey& recipient,
                                           const ServerSurvey& donor);
// The files that the recipient's clone_ssl_* name, by variable.
std::map<std::string, std::string> CloneSslFiles(const ServerSurvey& recipient);

// Every check's result, in the table's order, the passed ones too. If the donor does not answer,
// every check that needs the donor is unchecked, on the donor's side, with kDonorNotAsked.
std::vector<CheckResult> Preflight(const PreflightFacts& facts);

// INVALID_ARGUMENT: a word of `allow` is no check of these.
absl::Status RequireChecks(const Allowances& allow);

// These checks alone, with the facts that they need.
std::vector<CheckResult> PreflightOf(const std::set<Reason>& ids, const PreflightFacts& facts);

inline constexpr char kDonorNotAsked[] = "the donor could not be asked";

// OK unless a result stops the operation. A fatal result always does; an unchecked result does
// unless unchecked results are allowed. The text has all these results, the fatal ones first. The
// first one's id is the reason, and the table of reasons gives its code; FAILED_PRECONDITION if it
// is unchecked.
absl::Status FindingsToStatus(const std::vector<CheckResult>& results, const Allowances& allow);

// True if results stop the operation, and all of them are on the donor's side: another donor may
// do.
bool OnlyDonorIsAtFault(const std::vector<CheckResult>& results, const Allowances& allow);

}  // namespace graft
