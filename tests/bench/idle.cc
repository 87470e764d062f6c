#include "bench/idle.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "base/files.h"
#include "bench/bench_shard.h"
#include "graft/cancellation.h"

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
absl::StatusOr<int64_t> StatusNumber(pid_t pid, absl::string_view name) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(absl::StrCat("/proc/", pid, "/status")));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(": \t"), absl::SkipEmpty());
    if (words.size() >= 2 && words[0] == name) return Number(words[1], name);
  }
  return absl::InternalError(absl::StrCat("/proc/PID/status does not tell ", name));
}

}  // namespace

absl::StatusOr<IdleReport> MeasureIdle(absl::Duration settle, absl::Duration watched) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<BenchShard> shard, BenchShard::Start());
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const pid_t pid = shard->agent().pid();
  Cancellation never;
  never.WaitFor(*clock, settle);
  GRAFT_ASSIGN_OR_RETURN(const int64_t ticks_before, ProcessorTicks(pid));
  const absl::Time begin = clock->Now();
  never.WaitFor(*clock, watched);
  GRAFT_ASSIGN_OR_RETURN(const int64_t ticks, ProcessorTicks(pid));
  IdleReport report;
  report.seconds = absl::ToDoubleSeconds(clock->Now() - begin);
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  report.cpu_tick_percent = 100 / per_second / report.seconds;
  report.cpu_percent = static_cast<double>(ticks - ticks_before) * report.cpu_tick_percent;
  GRAFT_ASSIGN_OR_RETURN(const int64_t resident_kb, StatusNumber(pid, "VmRSS"));
  GRAFT_ASSIGN_OR_RETURN(const int64_t anonymous_kb, StatusNumber(pid, "RssAnon"));
  GRAFT_ASSIGN_OR_RETURN(const int64_t threads, StatusNumber(pid, "Threads"));
  report.resident_mb = static_cast<double>(resident_kb) / 1024;
  report.anonymous_mb = static_cast<double>(anonymous_kb) / 1024;
  report.threads = static_cast<int>(threads);
  return report;
}

}  // namespace graft
