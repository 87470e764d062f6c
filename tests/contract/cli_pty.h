// A program on a terminal of its own, and what such a terminal shows.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

struct PtyOptions {
  int columns = 80;
  int rows = 24;
  std::vector<std::string> env;  // "NAME=value", and nothing else
};

// Not safe for use from several threads. Killed, if it still runs, when it is gone.
class PtyProcess {
 public:
  // argv[0] is a path.
  static absl::StatusOr<std::unique_ptr<PtyProcess>> Start(const std::vector<std::string>& argv,
                                                           const PtyOptions& options);
  ~PtyProcess();
  PtyProcess(const PtyProcess&) = delete;
  PtyProcess& operator=(const PtyProcess&) = delete;

  // As if typed.
  void Type(absl::string_view keys) const;
  void Resize(int columns, int rows) const;
  void Kill(int signal) const;

  // Reads until `condition` holds of all that was written; false: it never did.
  bool Await(const std::function<bool(const std::string&)>& condition);
  bool AwaitText(absl::string_view text);
  // Reads to the end. "exit code 0", "signal 2"; empty: it has not ended in time.
  std::string AwaitEnd();

  const std::string& output() const { return output_; }

 private:
  PtyProcess(pid_t pid, int terminal) : pid_(pid), terminal_(terminal) {}

  // Reads what there is, waiting until `deadline` for the first byte. False: the end, or too late.
  bool Read(absl::Time deadline);

  const pid_t pid_;
  const int terminal_;
  bool ended_ = false;
  std::string output_;
};

// What a terminal shows after `output`: it knows the codes that a redrawing program needs, and
// wraps and scrolls as one does. Lines without trailing blanks, to the last that is not empty.
std::vector<std::string> ScreenAfter(absl::string_view output, int columns, int rows);

}  // namespace graft
