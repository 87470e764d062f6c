// A process that a test starts. It always ends with the test.
//
// Safe for use from several threads, one at a time per object. It also dies (SIGTERM) when the test
// program is killed.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysqld/mysqld_process.h"

namespace graft {

struct ProcessOptions {
  std::vector<std::string> env;        // "NAME=value", over what the test itself has
  std::string log_file;                // takes stdout and stderr, appended; empty: the test's own
  std::string stdout_file;             // takes stdout alone
  std::string stdin_file;              // empty: /dev/null
  bool forbid_realtime_waits = false;  // it dies of SIGSYS at a wait on the wall clock
};

class Process {
 public:
  // argv[0] is sought in PATH unless it has a slash. NOT_FOUND, UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::vector<std::string>& argv,
                                                        const ProcessOptions& options);
  // Kills it (SIGKILL) if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  // Does nothing once it has been waited for.
  void Kill(int signal);
  // SIGSTOP, then waits until all its threads stand still; SIGCONT. UNAVAILABLE: it has ended.
  absl::Status Suspend();
  void Resume() { Kill(SIGCONT); }
  // DEADLINE_EXCEEDED: it still runs. May be called again and then gives the same.
  absl::StatusOr<ExitStatus> Wait(absl::Duration timeout);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  std::optional<ExitStatus> status_;
};

// Start and Wait in one. UNAVAILABLE: it did not end with 0; the text has its output.
absl::StatusOr<std::string> RunAndRead(const std::vector<std::string>& argv, ProcessOptions options,
                                       absl::Duration timeout);

// Waits for the end of any process, also of one that is not a child. Returns whether it has ended.
bool AwaitProcessEnd(pid_t pid, absl::Duration timeout);

}  // namespace graft
