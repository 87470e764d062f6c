#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"

namespace graft {
namespace {

// As a JSON string, which logfmt quotes alike. Other bytes pass: the texts are UTF-8.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (c == '\n') {
      quoted.append("\\n");
    } else if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
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

}  // namespace graft
