#include "bench/process_cost.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

absl::StatusOr<int64_t> Number(absl::string_view text, absl::string_view what) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InternalError(absl::StrCat("/proc has no number for ", what, ": ", text));
}

// user and system time of the process, in ticks: fields 14 and 15 of /proc/PID/stat. The second
// field may hold blanks, and ends with the last ')'.
absl::StatusOr<int64_t> ProcessorTicks(pid_t pid) {
  GRAFT_ASSIGN_OR_RETURN(const std::string stat, ReadFile(absl::StrCat("/proc/", pid, "/stat")));
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(stat.rfind(')') + 1), ' ', absl::SkipEmpty());
  if (fields.size() < 13) return absl::InternalError("/proc/PID/stat is too short: " + stat);
  GRAFT_ASSIGN_OR_RETURN(const int64_t user, Number(fields[11], "utime"));
  GRAFT_ASSIGN_OR_RETURN(const int64_t system, Number(fields[12], "stime"));
  return user + system;
}

// The number of one line of /proc/PID/status, e.g. "VmRSS:	   12345 kB".
absl::StatusOr<int64_t> StatusNumber(absl::string_view status, absl::string_view name) {
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(": \t"), absl::SkipEmpty());
    if (words.size() >= 2 && words[0] == name) return Number(words[1], name);
  }
  return absl::InternalError(absl::StrCat("/proc/PID/status does not tell ", name));
}

absl::StatusOr<double> Megabytes(absl::string_view status, absl::string_view name) {
  GRAFT_ASSIGN_OR_RETURN(const int64_t kilobytes, StatusNumber(status, name));
  return static_cast<double>(kilobytes) / 1024;
}

}  // namespace

absl::Duration ProcessorTick() {
  return absl::Seconds(1) / sysconf(_SC_CLK_TCK);
}

absl::StatusOr<ProcessCost> ReadCost(pid_t pid) {
  ProcessCost cost;
  GRAFT_ASSIGN_OR_RETURN(const int64_t ticks, ProcessorTicks(pid));
  cost.processor = ProcessorTick() * ticks;
  GRAFT_ASSIGN_OR_RETURN(const std::string status,
                         ReadFile(absl::StrCat("/proc/", pid, "/status")));
  GRAFT_ASSIGN_OR_RETURN(cost.resident_mb, Megabytes(status, "VmRSS"));
  GRAFT_ASSIGN_OR_RETURN(cost.anonymous_mb, Megabytes(status, "RssAnon"));
  GRAFT_ASSIGN_OR_RETURN(cost.peak_mb, Megabytes(status, "VmHWM"));
  GRAFT_ASSIGN_OR_RETURN(const int64_t threads, StatusNumber(status, "Threads"));
  cost.threads = static_cast<int>(threads);
  return cost;
}

absl::Status ForgetPeak(pid_t pid) {
  return WriteFile(absl::StrCat("/proc/", pid, "/clear_refs"), "5");
}

}  // namespace graft
