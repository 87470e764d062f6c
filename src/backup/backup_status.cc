#include "backup/backup_status.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "metrics/backup_gauges.h"
#include "view/text.h"

namespace graft {
namespace {

constexpr absl::Duration kLineEvery = absl::Milliseconds(500);

}  // namespace

absl::string_view BackupPhaseName(BackupPhase phase) {
  switch (phase) {
    case BackupPhase::kRestoreLastBackup:
      return "RestoreLastBackup";
    case BackupPhase::kCatchupReplication:
      return "CatchupReplication";
    case BackupPhase::kTakeNewBackup:
      return "TakeNewBackup";
    case BackupPhase::kNone:
      break;
  }
  return "";
}

void BackupStatus::Enter(BackupPhase phase, const std::string& work) {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  const absl::Time began = phase == view_.phase ? view_.began : now;
  view_ = View();
  view_.phase = phase;
  view_.work = work;
  view_.began = began;
  view_.work_began = now;
}

void BackupStatus::Count(const BackupProgress* progress, int64_t expected) {
  absl::MutexLock lock(&mutex_);
  view_.counted = progress;
  if (progress != nullptr) view_.bytes_expected = expected;
}

void BackupStatus::End(const absl::Status& status) {
  Enter(BackupPhase::kNone, status.ok() ? "done" : absl::StrCat("failed: ", status.message()));
}

void BackupStatus::Saw(const Operation& operation) {
  const Progress& progress = operation.progress;
  absl::MutexLock lock(&mutex_);
  view_.work = absl::StrCat("the clone, step ", StepName(operation.step));
  view_.percent = progress.percent;
  view_.bytes_done = progress.bytes_done;
  view_.bytes_expected = progress.bytes_expected;
  view_.bytes_per_second = progress.bytes_per_second;
  view_.eta.reset();
  if (progress.eta.has_value()) view_.eta = progress.eta->likely;
}

BackupStatus::View BackupStatus::Look() const {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  View view = view_;
  if (view.counted == nullptr) return view;
  view.bytes_done = std::min<int64_t>(view.counted->bytes, view.bytes_expected);
  view.counted = nullptr;
  const double seconds = absl::ToDoubleSeconds(now - view.work_began);
  const auto done = static_cast<double>(view.bytes_done);
  const auto expected = static_cast<double>(view.bytes_expected);
  if (expected > 0) view.percent = 100 * done / expected;
  if (seconds > 0) view.bytes_per_second = done / seconds;
  if (view.bytes_per_second > 0) {
    view.eta = absl::Seconds((expected - done) / view.bytes_per_second);
  }
  return view;
}

std::string BackupStatus::Line() const {
  const View view = Look();
  std::string line(BackupPhaseName(view.phase));
  absl::StrAppend(&line, line.empty() || view.work.empty() ? "" : ": ", view.work);
  if (view.percent.has_value()) absl::StrAppend(&line, absl::StrFormat(", %.1f %%", *view.percent));
  if (view.bytes_expected > 0) {
    absl::StrAppend(&line, ", ", view::HumanBytes(view.bytes_done), " of ",
                    view::HumanBytes(view.bytes_expected));
  }
  if (view.bytes_per_second > 0) {
    absl::StrAppend(&line, ", ", view::HumanRate(view.bytes_per_second));
  }
  if (view.eta.has_value()) absl::StrAppend(&line, ", ", HumanDuration(*view.eta), " left");
  return line;
}

std::string BackupStatus::Page() const {
  const View view = Look();
  std::string page = absl::StrCat("graft-backup of ", shard_, "\n", Line(), "\n");
  if (view.began != absl::InfinitePast()) {
    absl::StrAppend(&page, "the phase began ", HumanDuration(clock_.Now() - view.began), " ago\n");
  }
  return page;
}

std::string BackupStatus::Metrics() const {
  const View view = Look();
  BackupGauges gauges;
  for (int i = 1; i < kBackupPhaseCount; ++i) {
    gauges.phases.emplace_back(BackupPhaseName(static_cast<BackupPhase>(i)));
  }
  gauges.phase = std::string(BackupPhaseName(view.phase));
  if (view.began != absl::InfinitePast()) gauges.phase_took = clock_.Now() - view.began;
  gauges.percent = view.percent;
  gauges.bytes_done = view.bytes_done;
  gauges.bytes_expected = view.bytes_expected;
  gauges.bytes_per_second = view.bytes_per_second;
  gauges.eta = view.eta;
  return BackupMetrics(gauges);
}

absl::StatusOr<std::unique_ptr<HttpServer>> ServeBackupStatus(const BackupStatus& status,
                                                              Clock& clock,
                                                              const HttpOptions& options) {
  return MakePlainHttpServer({{"/metrics", [&status] { return status.Metrics(); }},
                              {"/debug/status", [&status] { return status.Page(); }},
                              {"/healthz", [] { return std::string("ok\n"); }}},
                             clock, options);
}

StatusLine::StatusLine(const BackupStatus& status, Clock& clock)
    : thread_([this, &status, &clock] {
        do {
          std::cout << "\r\033[K" << status.Line() << std::flush;
        } while (ended_.WaitFor(clock, kLineEvery) == WaitEnd::kDeadline);
        std::cout << "\r\033[K" << status.Line() << std::endl;
      }) {}

StatusLine::~StatusLine() {
  ended_.Cancel();
  thread_.join();
}

}  // namespace graft
