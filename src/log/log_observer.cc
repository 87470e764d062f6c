#include "log/log_observer.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
    LogFailedAttempts(operation);
    if (!IsDue(operation)) return;
    LogFields fields = CommonFields(operation);
    if (progress.stage.has_value()) {
      fields.emplace_back("stage", std::string(CloneStageName(*progress.stage)));
    }
    fields.emplace_back("bytes_done", absl::StrCat(progress.bytes_done));
    fields.emplace_back("bytes_expected", absl::StrCat(progress.bytes_expected));
    fields.emplace_back("bytes_per_second",
                        absl::StrCat(static_cast<int64_t>(progress.bytes_per_second)));
    if (operation.queue_place > 0) {
      fields.emplace_back("queue_place", absl::StrCat(operation.queue_place));
    }
    if (!progress.note.empty()) fields.emplace_back("note", progress.note);
    log_.Info("progress", fields);
  }

  void OnEnd(const Operation& operation) override {
    LogFields fields = CommonFields(operation);
    fields.emplace_back("outcome", std::string(OutcomeName(operation.outcome)));
    if (operation.requested != absl::InfinitePast() && operation.ended != absl::InfinitePast()) {
      fields.emplace_back("took", HumanDuration(operation.ended - operation.requested));
    }
    AddVerdict(operation, fields);
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

  // What was lost on the way, and what could not be proved.
  static void AddVerdict(const Operation& operation, LogFields& fields) {
    const Proof& proof = operation.proof;
    if (proof.transactions_discarded > 0) {
      fields.emplace_back("transactions_discarded", absl::StrCat(proof.transactions_discarded));
      fields.emplace_back("gtid_discarded", proof.gtid_discarded);
    }
    if (operation.data_state == DataState::kCloned && !proof.emptied_tables.empty()) {
      fields.emplace_back("emptied_tables", absl::StrJoin(proof.emptied_tables, ","));
    }
    if (!proof.not_checked.empty()) fields.emplace_back("not_checked", proof.not_checked);
    if (operation.claim_lost) fields.emplace_back("claim_lost", "true");
    for (const EndedSession& session : operation.ended_sessions) {
      fields.emplace_back("ended_session", absl::StrCat(session.connection_id, " ", session.user,
                                                        "@", session.host));
    }
  }

  void LogFailedAttempts(const Operation& operation) {
    size_t logged = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (attempts_of_ != operation.request.id) attempts_logged_ = 0;
      attempts_of_ = operation.request.id;
      logged = std::exchange(attempts_logged_, operation.failed_attempts.size());
    }
    for (size_t i = logged; i < operation.failed_attempts.size(); ++i) {
      const FailedAttempt& failed = operation.failed_attempts[i];
      LogFields fields = {{"operation", operation.request.id},
                          {"attempt", absl::StrCat(failed.attempt)},
                          {"step", std::string(StepName(failed.step))},
                          {"donor", failed.donor.ToString()},
                          {"data_state", std::string(DataStateName(failed.data_state))}};
      for (auto& field : StatusFields(failed.error)) fields.push_back(std::move(field));
      log_.Warning("attempt failed, trying again", fields);
    }
  }

  bool IsDue(const Operation& operation) {
    const absl::Time now = clock_.Now();
    // A note counts its seconds; that it is there, and not how it goes on, is news.
    const bool waits = !operation.progress.note.empty();
    absl::MutexLock lock(&mutex_);
    const bool news = operation.progress.stage != last_stage_ || waits != last_waits_ ||
                      operation.queue_place != last_place_;
    if (!news && now < last_progress_ + interval_) return false;
    last_stage_ = operation.progress.stage;
    last_waits_ = waits;
    last_place_ = operation.queue_place;
    last_progress_ = now;
    return true;
  }

  Log& log_;
  Clock& clock_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  absl::Time last_progress_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::optional<CloneStage> last_stage_ ABSL_GUARDED_BY(mutex_);
  bool last_waits_ ABSL_GUARDED_BY(mutex_) = false;
  int last_place_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string attempts_of_ ABSL_GUARDED_BY(mutex_);  // an operation's id
  size_t attempts_logged_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock,
                                          absl::Duration progress_interval) {
  return std::make_unique<LogObserver>(log, clock, progress_interval);
}

}  // namespace graft
