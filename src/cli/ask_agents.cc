#include "cli/ask_agents.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/errors.h"
#include "cli/find_agent.h"

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

absl::StatusOr<AgentAnswer> AskAgentOf(Clock& clock, const AskAgent& ask, const Tablet& tablet,
                                       absl::Time deadline) {
  GRAFT_ASSIGN_OR_RETURN(const std::string address, AgentAddress(tablet));
  const absl::Duration left = deadline - clock.Now();
  if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("not asked in time");
  return ask(address, std::min(kAskTimeout, left));
}

}  // namespace

AskAgent MakeAskAgent() {
  return AskOne;
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
