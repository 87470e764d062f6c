#include "cli/agents.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

absl::StatusOr<AgentAnswer> AskOne(const std::string& address, absl::Duration timeout) {
  const std::unique_ptr<AgentClient> agent = MakeAgentClient(address, timeout / 2);  // two calls
  AgentAnswer answer;
  GRAFT_ASSIGN_OR_RETURN(answer.tablet, agent->GetTablet());
  absl::StatusOr<v1::Operation> operation = agent->GetOperation("");
  if (absl::IsNotFound(operation.status())) return answer;
  if (!operation.ok()) return operation.status();
  answer.operation = *std::move(operation);
  return answer;
}

absl::StatusOr<std::vector<absl::Duration>> AskTimesOf(const std::string& address,
                                                       absl::Duration timeout) {
  GRAFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse list,
                         MakeAgentClient(address, timeout)->ListOperations({}));
  std::vector<absl::Duration> times;
  for (const v1::Operation& operation : list.operations()) {
    if (operation.outcome() != v1::DONE || operation.kind() == v1::RELEASE) continue;
    times.push_back(FromTimestamp(operation.ended()) - FromTimestamp(operation.requested()));
  }
  return times;
}

absl::StatusOr<AgentAnswer> AskAgentOf(Clock& clock, const AskAgent& ask, const Tablet& tablet,
                                       absl::Time deadline) {
  GRAFT_ASSIGN_OR_RETURN(const std::string address, AgentAddress(tablet));
  const absl::Duration left = deadline - clock.Now();
  if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("not asked in time");
  return ask(address, left);
}

}  // namespace

absl::StatusOr<std::string> AgentAddress(const Tablet& tablet) {
  const TabletAlias& alias = tablet.alias;
  if (tablet.shutdown_time != absl::InfinitePast()) {
    return absl::UnavailableError(absl::StrCat(
        "the agent of ", alias.ToString(), " was stopped at ",
        absl::FormatTime("%Y-%m-%d %H:%M:%SZ", tablet.shutdown_time, absl::UTCTimeZone()),
        ": start graftd there"));
  }
  const auto port = tablet.port_map.find("graft");
  if (tablet.hostname.empty() || port == tablet.port_map.end() || port->second <= 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("tablet ", alias.ToString(), " has no graft agent: its record holds no ",
                     tablet.hostname.empty() ? "hostname" : "port \"graft\"",
                     "; start graftd beside its mysqld, or give --server host:port"));
  }
  return HostPort{tablet.hostname, port->second}.ToString();
}

absl::StatusOr<std::string> FindAgent(Topology& topology, const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, topology.GetTablet(alias));
  return AgentAddress(tablet);
}

AskAgent MakeAskAgent() {
  return AskOne;
}

AskTimes MakeAskTimes() {
  return AskTimesOf;
}

std::vector<absl::StatusOr<AgentAnswer>> AskAgents(Clock& clock, const AskAgent& ask,
                                                   const std::vector<Tablet>& tablets,
                                                   absl::Time deadline) {
  std::vector<absl::StatusOr<AgentAnswer>> answers(tablets.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < tablets.size(); i = next++) {
      answers[i] = AskAgentOf(clock, ask, tablets[i], deadline);
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kMostAskedAtOnce);
  const size_t count = std::min(tablets.size(), static_cast<size_t>(kMostAskedAtOnce));
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return answers;
}

}  // namespace graft::cli
