// Log: the agent's log, one event a line, as logfmt or JSON.
//
// Only composition roots and observers log; the core and the adapters return statuses. Safe for use
// from several threads. A line is out when Write() returns.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/clock.h"
#include "graft/operation.h"

namespace graft {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
// "debug", "info", "warning" or "warn", "error", in any case. INVALID_ARGUMENT.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name);

enum class LogFormat {
  kText,  // time=… level=info msg="clone begins" donor=zone1-0000000100
  kJson,  // {"time":"…","level":"info","msg":"clone begins","donor":"zone1-0000000100"}
};
// "text" or "json", in any case. INVALID_ARGUMENT.
absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view name);

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // lines below are not written
  LogFormat format = LogFormat::kText;
  std::ostream* output = nullptr;  // nullptr: standard error. Must outlive the log.
};

// Names are the code's own (lower_case words) and written as they are; values are quoted as needed.
using LogFields = std::vector<std::pair<absl::string_view, std::string>>;

class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, absl::string_view message, const LogFields& fields) = 0;

  void Info(absl::string_view message, const LogFields& fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warning(absl::string_view message, const LogFields& fields = {}) {
    Write(LogLevel::kWarning, message, fields);
  }
  void Error(absl::string_view message, const LogFields& fields = {}) {
    Write(LogLevel::kError, message, fields);
  }
};

std::unique_ptr<Log> MakeLog(const LogOptions& options);

// `fields`, and a failure after them: code, reason (if any) and error.
LogFields StatusFields(const absl::Status& status, LogFields fields = {});

// What each line about an operation has: operation, tablet, step, attempt, data_state, and the
// donor once there is one.
LogFields OperationFields(const Operation& operation);

// Logs an operation: a line for each step, one at its end, and its progress when the stage or the
// place in the queue changes, else at most once every five seconds, however often it is told. Safe
// for use from several threads. What it is given must outlive it.
std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock);

}  // namespace graft
