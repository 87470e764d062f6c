// The resources of this process, from /proc and getrlimit.
#ifndef GRAFT_METRICS_PROCESS_FACTS_H_
#define GRAFT_METRICS_PROCESS_FACTS_H_

#include <cstdint>
#include <optional>

namespace graft {

// nullopt: the system did not say.
struct ProcessFacts {
  std::optional<double> cpu_seconds;         // user and system
  std::optional<double> start_unix_seconds;  // when it began
  std::optional<int64_t> resident_bytes;
  std::optional<int64_t> virtual_bytes;
  std::optional<int64_t> open_fds;
  std::optional<int64_t> max_fds;
};

ProcessFacts ReadProcessFacts();

}  // namespace graft

#endif  // GRAFT_METRICS_PROCESS_FACTS_H_
