#include "backup/progress_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"

namespace graft {
namespace {

constexpr absl::Duration kTellEvery = absl::Seconds(5);

}  // namespace

ProgressLog::ProgressLog(Log& log, Clock& clock, std::string message,
                         const BackupProgress& progress, int64_t expected, BackupStatus& status)
    : log_(log),
      status_(status),
      clock_(clock),
      message_(std::move(message)),
      progress_(progress),
      expected_(expected),
      began_(clock.Now()),
      thread_([this] {
        while (ended_.WaitFor(clock_, kTellEvery) == WaitEnd::kDeadline) Tell();
      }) {
  status_.Enter(BackupPhase::kTakeNewBackup, message_);
  status_.Count(&progress_, expected_);
}

ProgressLog::~ProgressLog() {
  status_.Count(nullptr, 0);
  ended_.Cancel();
  thread_.join();
}

void ProgressLog::Tell() const {
  const int64_t done = std::min(progress_.bytes.load(), expected_);  // a file may be tried twice
  const double seconds = absl::ToDoubleSeconds(clock_.Now() - began_);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  LogFields fields = {
      {"percent", absl::StrFormat("%.1f", expected_ > 0 ? 100.0 * static_cast<double>(done) /
                                                              static_cast<double>(expected_)
                                                        : 0.0)},
      {"bytes_done", absl::StrCat(done)},
      {"bytes_expected", absl::StrCat(expected_)},
      {"bytes_per_second", absl::StrFormat("%.0f", rate)}};
  if (rate > 0) {
    const double left = static_cast<double>(expected_ - done) / rate;
    fields.emplace_back("eta", HumanDuration(absl::Seconds(left)));
  }
  log_.Info(message_, fields);
}

}  // namespace graft
