// AgentClient: one agent's graft.v1.Provisioner API.
//
// Every call but WatchOperation ends within the client's timeout. Codes are the agent's own; the
// reason (base/errors.h) is attached where it sent one. UNAVAILABLE, DEADLINE_EXCEEDED: no contact;
// the text names the address. Not safe for use from several threads at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/tablet.h"
#include "graft/topology.h"
#include "graft/v1/provisioner.pb.h"

namespace graft::cli {

// Ends a watch from another thread, for good. Safe for use from several threads. Whoever is blocked
// in something that no Cancellation reaches says with an OnStop how to end that.
class WatchStop {
 public:
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_) {
    pause_.Cancel();
    absl::MutexLock lock(&mutex_);
    if (on_stop_ != nullptr) on_stop_();
  }
  bool stopped() const { return pause_.cancelled(); }
  // For whoever waits for time to pass.
  Cancellation& pause() { return pause_; }

  // Calls `on_stop` if Stop() comes, or has come, while this lives; it must not block. One at a
  // time; `stop` must outlive it.
  class OnStop {
   public:
    OnStop(WatchStop& stop, std::function<void()> on_stop) : stop_(stop) {
      absl::MutexLock lock(&stop_.mutex_);
      stop_.on_stop_ = std::move(on_stop);
      if (stop_.stopped()) stop_.on_stop_();
    }
    ~OnStop() {
      absl::MutexLock lock(&stop_.mutex_);
      stop_.on_stop_ = nullptr;
    }
    OnStop(const OnStop&) = delete;
    OnStop& operator=(const OnStop&) = delete;

   private:
    WatchStop& stop_;
  };

 private:
  Cancellation pause_;
  absl::Mutex mutex_;
  std::function<void()> on_stop_ ABSL_GUARDED_BY(mutex_);
};

// Where an agent listens, and whose it must be.
struct AgentPlace {
  std::string address;  // "host:port"
  TabletAlias tablet;   // empty: whoever's
};

class AgentClient {
 public:
  virtual ~AgentClient() = default;

  virtual absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request) = 0;
  virtual absl::StatusOr<v1::Operation> Release(const v1::ReleaseRequest& request) = 0;
  virtual absl::StatusOr<v1::PreflightReport> Preflight(const v1::PreflightRequest& request) = 0;
  // An empty id means the newest, here and below.
  virtual absl::StatusOr<v1::Operation> GetOperation(const std::string& id) = 0;
  // One page.
  virtual absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) = 0;
  virtual absl::StatusOr<v1::Operation> CancelOperation(
      const v1::CancelOperationRequest& request) = 0;
  virtual absl::StatusOr<v1::Operation> ThrottleOperation(
      const v1::ThrottleOperationRequest& request) = 0;
  virtual absl::StatusOr<v1::GetTabletResponse> GetTablet() = 0;

  // Calls `on_update` for each state, some of which are the one before once more, until the agent
  // ends the stream (OK), says nothing for the timeout, or goes on for longer than `longest`
  // (DEADLINE_EXCEEDED), or `stop` ends it (CANCELLED): whoever wants more watches again and gets
  // the present state at once.
  virtual absl::Status WatchOperation(
      const v1::WatchOperationRequest& request, absl::Duration longest, WatchStop& stop,
      const std::function<void(const v1::Operation&)>& on_update) = 0;
};

// Connects at the first call. Each call may return FAILED_PRECONDITION with OTHER_TABLET: the agent
// there is another tablet's, and did nothing.
std::unique_ptr<AgentClient> MakeAgentClient(const AgentPlace& place, absl::Duration timeout);

// Where tablets' agents are, and what many of them answer, some asked at a time.

// By its record. UNAVAILABLE: its agent has stopped; FAILED_PRECONDITION: a tablet without a graft
// agent.
absl::StatusOr<AgentPlace> AgentOf(const Tablet& tablet);

// The same by its alias. NOT_FOUND as of Topology::GetTablet.
absl::StatusOr<AgentPlace> FindAgent(Topology& topology, const TabletAlias& alias);

inline constexpr int kMostAskedAtOnce = 64;
// Of all of them, unless the caller has more time.
inline constexpr absl::Duration kAskTimeout = absl::Milliseconds(1500);

struct AgentAnswer {
  v1::GetTabletResponse tablet;
  std::optional<v1::Operation> operation;  // the newest; nullopt: none yet
};

// One agent, within the timeout. Safe for use from several threads.
using AskAgent =
    std::function<absl::StatusOr<AgentAnswer>(const AgentPlace& place, absl::Duration timeout)>;
absl::StatusOr<AgentAnswer> AskOneAgent(const AgentPlace& place, absl::Duration timeout);

// How long one agent's earlier rebuilds took that ended well, in the same way.
using AskTimes = std::function<absl::StatusOr<std::vector<absl::Duration>>(const AgentPlace& place,
                                                                           absl::Duration timeout)>;
absl::StatusOr<std::vector<absl::Duration>> AskTimesOf(const AgentPlace& place,
                                                       absl::Duration timeout);

// An answer for each tablet, in order. UNAVAILABLE: its agent was stopped; FAILED_PRECONDITION: it
// has no graft agent; DEADLINE_EXCEEDED: it was not asked before `deadline`; else what asking said.
// Returns soon after `deadline` at the latest.
std::vector<absl::StatusOr<AgentAnswer>> AskAgents(Clock& clock, const AskAgent& ask,
                                                   const std::vector<Tablet>& tablets,
                                                   absl::Time deadline);

}  // namespace graft::cli
