#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

// As a JSON string, which logfmt quotes alike. What is no UTF-8 becomes U+FFFD.
std::string Quoted(absl::string_view text) {
  const nlohmann::json value = std::string(text);
  return value.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

bool IsPlain(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '=' && c != '\\';
  });
}

std::string TextLine(absl::string_view message, const LogFields& fields) {
  std::string line = absl::StrCat("msg=", Quoted(message));
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&line, " ", name, "=", IsPlain(value) ? value : Quoted(value));
  }
  return line;
}

std::string JsonLine(absl::string_view message, const LogFields& fields) {
  std::string line = absl::StrCat("\"msg\":", Quoted(message));
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&line, ",", Quoted(name), ":", Quoted(value));
  }
  return line;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  constexpr spdlog::level::level_enum kInOrder[] = {spdlog::level::debug, spdlog::level::info,
                                                    spdlog::level::warn, spdlog::level::err};
  return kInOrder[static_cast<size_t>(level)];
}

class SpdlogLog : public Log {
 public:
  explicit SpdlogLog(const LogOptions& options)
      : format_(options.format), logger_("graft", Sink(options.output)) {
    constexpr char kText[] = "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v";
    constexpr char kJson[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        format_ == LogFormat::kText ? kText : kJson, spdlog::pattern_time_type::utc));
    logger_.set_level(ToSpdlog(options.level));
    logger_.flush_on(spdlog::level::trace);
  }

  void Write(LogLevel level, absl::string_view message, const LogFields& fields) override {
    const spdlog::level::level_enum spdlog_level = ToSpdlog(level);
    if (!logger_.should_log(spdlog_level)) return;
    const std::string line =
        format_ == LogFormat::kText ? TextLine(message, fields) : JsonLine(message, fields);
    logger_.log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  static spdlog::sink_ptr Sink(std::ostream* output) {
    if (output == nullptr) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    return std::make_shared<spdlog::sinks::ostream_sink_mt>(*output);
  }

  const LogFormat format_;
  spdlog::logger logger_;
};

constexpr absl::Duration kInterval = absl::Seconds(5);  // between two lines of mere progress

LogFields FieldsOf(const Operation& operation, Step step, int attempt, DataState data_state,
                   const TabletAlias& donor) {
  LogFields fields = {{"operation", operation.request.id},
                      {"tablet", operation.recipient.ToString()},
                      {"step", std::string(StepName(step))},
                      {"attempt", absl::StrCat(attempt)},
                      {"data_state", std::string(DataStateName(data_state))}};
  if (!donor.empty()) fields.emplace_back("donor", donor.ToString());
  return fields;
}

LogFields ProgressFields(const Operation& operation, absl::Time now) {
  const Progress& progress = operation.progress;
  LogFields fields = OperationFields(operation);
  const auto add = [&fields](absl::string_view name, std::string value) {
    fields.emplace_back(name, std::move(value));
  };
  add("percent", absl::StrFormat("%.1f", progress.percent));
  if (progress.eta.has_value()) {
    add("eta", HumanDuration(progress.eta->likely));
    add("eta_low", HumanDuration(progress.eta->low));
    add("eta_high", HumanDuration(progress.eta->high));
  }
  if (progress.stage.has_value()) add("stage", std::string(CloneStageName(*progress.stage)));
  add("bytes_done", absl::StrCat(progress.bytes_done));
  add("bytes_expected", absl::StrCat(progress.bytes_expected));
  add("bytes_per_second", absl::StrCat(static_cast<int64_t>(progress.bytes_per_second)));
  if (progress.recovery_percent.has_value()) {
    add("recovery_percent", absl::StrFormat("%.1f", *progress.recovery_percent));
  }
  if (operation.queue_place > 0) add("queue_place", absl::StrCat(operation.queue_place));
  if (!progress.note.empty()) add("note", progress.note);
  if (progress.waiting_since != absl::InfinitePast()) {
    add("waited", HumanDuration(now - progress.waiting_since));
  }
  return fields;
}

class LogObserver : public Observer {
 public:
  LogObserver(Log& log, Clock& clock) : log_(log), clock_(clock) {}

  void OnStep(const Operation& operation) override {
    LogFailedAttempts(operation);
    {
      absl::MutexLock lock(&mutex_);
      last_progress_ = absl::InfinitePast();
    }
    LogFields fields = OperationFields(operation);
    AddReleaser(operation, fields);
    const bool verdict = operation.step == Step::kRepoint || operation.step == Step::kResolveDonor;
    if (verdict) AddOldData(operation, fields);
    log_.Info("step begins", fields);
  }

  void OnProgress(const Operation& operation) override {
    LogFailedAttempts(operation);
    if (IsDue(operation)) log_.Info("progress", ProgressFields(operation, clock_.Now()));
  }

  void OnEnd(const Operation& operation) override {
    LogFields fields = OperationFields(operation);
    fields.emplace_back("outcome", std::string(OutcomeName(operation.outcome)));
    if (operation.requested != absl::InfinitePast() && operation.ended != absl::InfinitePast()) {
      fields.emplace_back("took", HumanDuration(operation.ended - operation.requested));
    }
    AddReleaser(operation, fields);
    AddOldData(operation, fields);
    AddVerdict(operation, fields);
    if (!operation.error.ok()) fields = StatusFields(operation.error, std::move(fields));
    log_.Write(Level(operation.outcome), "operation ended", fields);
  }

 private:
  static LogLevel Level(Outcome outcome) {
    if (outcome == Outcome::kDone) return LogLevel::kInfo;
    return outcome == Outcome::kCancelled ? LogLevel::kWarning : LogLevel::kError;
  }

  static void AddReleaser(const Operation& operation, LogFields& fields) {
    if (operation.request.kind != OperationKind::kRelease) return;
    fields.emplace_back("released_by", operation.request.release.by);
    if (operation.request.release.data_is_good) fields.emplace_back("data_is_good", "true");
  }

  // Of a request that copies only if needed: the verdict, and what it rests on.
  static void AddOldData(const Operation& operation, LogFields& fields) {
    const OldData& old = operation.old_data;
    if (old.verdict == OldDataVerdict::kNotJudged) return;
    fields.emplace_back("old_data", std::string(OldDataVerdictName(old.verdict)));
    const bool copies = old.verdict == OldDataVerdict::kCopyNeeded;
    fields.emplace_back(copies ? "why_copied" : "found", copies ? old.why_copied : old.found);
    if (old.verdict != OldDataVerdict::kCopySaved) return;
    fields.emplace_back("transactions_caught_up", absl::StrCat(old.transactions_caught_up));
  }

  // The losses of the operation, and the facts that it could not prove.
  static void AddVerdict(const Operation& operation, LogFields& fields) {
    const Proof& proof = operation.proof;
    if (proof.transactions_discarded > 0) {
      fields.emplace_back("transactions_discarded", absl::StrCat(proof.transactions_discarded));
      fields.emplace_back("gtid_discarded", proof.gtid_discarded);
    }
    if (!proof.disabled_events.empty()) {
      fields.emplace_back("disabled_events", absl::StrJoin(proof.disabled_events, ","));
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
    if (operation.ended_sessions_more > 0) {
      fields.emplace_back("ended_sessions_more", absl::StrCat(operation.ended_sessions_more));
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
      log_.Warning("attempt failed, trying again",
                   StatusFields(failed.error, FieldsOf(operation, failed.step, failed.attempt,
                                                       failed.data_state, failed.donor)));
    }
  }

  bool IsDue(const Operation& operation) {
    const absl::Time now = clock_.Now();
    // A note counts its seconds; that it is there, and not how it goes on, is news. One that comes
    // and goes with every look is not: it waits its turn.
    const bool waits = !operation.progress.note.empty() ||
                       operation.progress.waiting_since != absl::InfinitePast();
    absl::MutexLock lock(&mutex_);
    const bool note_changed = waits != last_waits_;
    const bool news = operation.progress.stage != last_stage_ ||
                      operation.queue_place != last_place_ ||
                      (note_changed && now >= last_note_change_ + kInterval);
    if (note_changed) last_note_change_ = now;
    last_waits_ = waits;
    if (!news && now < last_progress_ + kInterval) return false;
    last_stage_ = operation.progress.stage;
    last_place_ = operation.queue_place;
    last_progress_ = now;
    return true;
  }

  Log& log_;
  Clock& clock_;
  absl::Mutex mutex_;
  absl::Time last_progress_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::optional<CloneStage> last_stage_ ABSL_GUARDED_BY(mutex_);
  bool last_waits_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_note_change_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // came or went
  int last_place_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string attempts_of_ ABSL_GUARDED_BY(mutex_);  // an operation's id
  size_t attempts_logged_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, "debug")) return LogLevel::kDebug;
  if (absl::EqualsIgnoreCase(name, "info")) return LogLevel::kInfo;
  if (absl::EqualsIgnoreCase(name, "warning")) return LogLevel::kWarning;
  if (absl::EqualsIgnoreCase(name, "warn")) return LogLevel::kWarning;
  if (absl::EqualsIgnoreCase(name, "error")) return LogLevel::kError;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no log level; one of debug, info, warning, error"));
}

absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, "text")) return LogFormat::kText;
  if (absl::EqualsIgnoreCase(name, "json")) return LogFormat::kJson;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no log format; one of text, json"));
}

std::unique_ptr<Log> MakeLog(const LogOptions& options) {
  return std::make_unique<SpdlogLog>(options);
}

LogFields StatusFields(const absl::Status& status, LogFields fields) {
  fields.emplace_back("code", absl::StatusCodeToString(status.code()));
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    fields.emplace_back("reason", reason);
  }
  fields.emplace_back("error", std::string(status.message()));
  return fields;
}

LogFields OperationFields(const Operation& operation) {
  return FieldsOf(operation, operation.step, operation.attempt, operation.data_state,
                  operation.donor);
}

std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock) {
  return std::make_unique<LogObserver>(log, clock);
}

}  // namespace graft
