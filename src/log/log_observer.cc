#include "log/log_observer.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/duration_flag.h"

namespace graft {
namespace {

LogFields CommonFields(const Operation& operation) {
  LogFields fields = {{"operation", operation.request.id},
                      {"tablet", operation.recipient.ToString()},
                      {"step", std::string(StepName(operation.step))},
                      {"attempt", absl::StrCat(operation.attempt)},
                      {"data_state", std::string(DataStateName(operation.data_state))}};
  if (!operation.donor.empty()) fields.emplace_back("donor", operation.donor.ToString());
  return fields;
}

class LogObserver : public Observer {
 public:
  LogObserver(Log& log, Clock& clock, absl::Duration interval)
      : log_(log), clock_(clock), interval_(interval) {}

  void OnStep(const Operation& operation) override {
    {
      absl::MutexLock lock(&mutex_);
      last_progress_ = absl::InfinitePast();
    }
    log_.Info("step begins", CommonFields(operation));
  }

  void OnProgress(const Operation& operation) override {
    const Progress& progress = operation.progress;
    if (!IsDue(progress.stage)) return;
    LogFields fields = CommonFields(operation);
    if (progress.stage.has_value()) {
      fields.emplace_back("stage", std::string(CloneStageName(*progress.stage)));
    }
    fields.emplace_back("bytes_done", absl::StrCat(progress.bytes_done));
    fields.emplace_back("bytes_expected", absl::StrCat(progress.bytes_expected));
    fields.emplace_back("bytes_per_second",
                        absl::StrCat(static_cast<int64_t>(progress.bytes_per_second)));
    log_.Info("progress", fields);
  }

  void OnEnd(const Operation& operation) override {
    LogFields fields = CommonFields(operation);
    fields.emplace_back("outcome", std::string(OutcomeName(operation.outcome)));
    if (operation.requested != absl::InfinitePast() && operation.ended != absl::InfinitePast()) {
      fields.emplace_back("took", HumanDuration(operation.ended - operation.requested));
    }
    if (!operation.error.ok()) {
      for (auto& field : StatusFields(operation.error)) fields.push_back(std::move(field));
    }
    log_.Write(Level(operation.outcome), "operation ended", fields);
  }

 private:
  static LogLevel Level(Outcome outcome) {
    if (outcome == Outcome::kDone) return LogLevel::kInfo;
    return outcome == Outcome::kCancelled ? LogLevel::kWarning : LogLevel::kError;
  }

  bool IsDue(std::optional<CloneStage> stage) {
    const absl::Time now = clock_.Now();
    absl::MutexLock lock(&mutex_);
    if (stage == last_stage_ && now < last_progress_ + interval_) return false;
    last_stage_ = stage;
    last_progress_ = now;
    return true;
  }

  Log& log_;
  Clock& clock_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  absl::Time last_progress_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::optional<CloneStage> last_stage_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock,
                                          absl::Duration progress_interval) {
  return std::make_unique<LogObserver>(log, clock, progress_interval);
}

}  // namespace graft
