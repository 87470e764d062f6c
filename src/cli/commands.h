// graftctl's subcommands. Each writes its result to `out` and returns how it went; a watched
// operation that failed is a result, whose exit code says so.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/watch.h"
#include "graft/clock.h"
#include "topo/vitess_topology.h"

namespace graft::cli {

// What a subcommand works with. Referred-to things outlive it.
struct Session {
  Clock& clock;
  std::ostream& out;
  std::ostream& err;  // of what is said beside the result
  Screen screen;
  OutputFormat output = OutputFormat::kTable;
  absl::Duration timeout = absl::Seconds(10);
  std::string server;  // the agent's, where the topology was not to be asked for it
};

using Result = absl::StatusOr<ExitCode>;

enum class OnInterrupt { kLeave, kCancel };

struct WatchCall {
  std::string alias;
  std::string id;  // empty: the newest
  OnInterrupt on_interrupt = OnInterrupt::kLeave;
};

// Of the agent.
Result Reprovision(const Session& session, const Connect& connect,
                   const v1::ReprovisionRequest& request);
// FAILED_PRECONDITION: the agent is older than --if-needed, and copies.
absl::Status CheckIfNeededIsKnown(const v1::ReprovisionRequest& request,
                                  const v1::Operation& operation);
// Follows the operation to its end. Interrupted, it says that the operation goes on, or asks for
// its cancel first.
Result WatchOperation(const Session& session, const Connect& connect, const WatchCall& call);
Result ReprovisionAndWatch(const Session& session, const Connect& connect,
                           const v1::ReprovisionRequest& request, OnInterrupt on_interrupt);
// The operator's word that the data is good.
Result Release(const Session& session, const Connect& connect, const v1::ReleaseRequest& request);
Result ReleaseAndWatch(const Session& session, const Connect& connect,
                       const v1::ReleaseRequest& request);
// Every check as a table; kRefused if CLONE must not be tried.
Result ShowPreflight(const Session& session, const Connect& connect,
                     const v1::PreflightRequest& request);
// `record` is the tablet's in the topology; it is shown even if the agent does not answer. nullptr:
// the topology was not asked.
Result ShowStatus(const Session& session, const Connect& connect, const Tablet* record,
                  const std::string& id);
Result ShowHistory(const Session& session, const Connect& connect);
// All that is known of one operation; an empty id means the newest.
Result DescribeOperation(const Session& session, const Connect& connect, const std::string& id);
// Waits for the operation's end, at most `session.timeout`, and tells what the cancel did.
Result CancelOperation(const Session& session, const Connect& connect,
                       const v1::CancelOperationRequest& request);
Result ThrottleOperation(const Session& session, const Connect& connect,
                         const v1::ThrottleOperationRequest& request);

// Of the topology and, where `ask` is given, of the tablets' agents.
Result ShowTablets(const Session& session, VitessTopology& topology, const TabletFilter& filter,
                   const AskAgent& ask);

// Of the topology alone.
Result AddCell(const Session& session, VitessTopology& topology, const Cell& cell);
Result ShowTopology(const Session& session, VitessTopology& topology);
// Keyspace and shard of "keyspace/shard". INVALID_ARGUMENT.
absl::StatusOr<std::pair<std::string, std::string>> SplitShard(const std::string& shard);
// `shard` is "keyspace/shard".
Result SetPrimary(const Session& session, VitessTopology& topology, const std::string& shard,
                  const std::string& alias);

}  // namespace graft::cli
