#include "cli/operation_times.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "cli/text.h"
#include "graft/step.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

// Two clocks that agree so well are taken for one: what an agent says may be as old as that.
constexpr absl::Duration kClocksAgree = absl::Seconds(5);

absl::Duration Since(const google::protobuf::Timestamp& begin, absl::Time end) {
  return std::max(absl::ZeroDuration(), end - FromTimestamp(begin));
}

std::optional<absl::Time> ServerTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, &time, &error)) return std::nullopt;
  return time;
}

}  // namespace

absl::Duration TimeOf(const v1::StepTime& step, absl::Time now) {
  return Since(step.started(), step.has_ended() ? FromTimestamp(step.ended()) : now);
}

absl::Duration TotalTime(const v1::Operation& operation, absl::Time now) {
  if (!operation.has_requested()) return absl::ZeroDuration();
  return Since(operation.requested(), EndOf(operation, now));
}

absl::Time EndOf(const v1::Operation& operation, absl::Time now) {
  return operation.has_ended() ? FromTimestamp(operation.ended()) : now;
}

std::optional<absl::Duration> TimeOf(const v1::StageProgress& stage) {
  const auto begin = ServerTime(stage.begin_time());
  const auto end = ServerTime(stage.end_time());
  if (!begin.has_value() || !end.has_value()) return std::nullopt;
  return std::max(absl::ZeroDuration(), *end - *begin);
}

double AverageRate(const v1::Operation& operation) {
  int64_t bytes = 0;
  absl::Duration time;
  for (const v1::StageProgress& stage : operation.progress().stages()) {
    if (stage.estimate_bytes() == 0) continue;
    const auto took = TimeOf(stage);
    if (!took.has_value()) continue;
    bytes += stage.data_bytes();
    time += *took;
  }
  return time > absl::ZeroDuration() ? static_cast<double>(bytes) / absl::ToDoubleSeconds(time) : 0;
}

void AgentTime::Heard(const v1::Operation& operation, absl::Time now) {
  if (!operation.progress().has_sampled()) return;
  const absl::Duration ahead = now - FromTimestamp(operation.progress().sampled());
  ahead_ = absl::AbsDuration(ahead) > kClocksAgree ? ahead : absl::ZeroDuration();
}

EtaText EtaOf(const v1::Progress& progress, absl::Time now) {
  EtaText text;
  // How long it will wait nobody knows.
  if (!progress.has_eta() || progress.has_waiting_since()) return text;
  const absl::Duration age =
      progress.has_sampled() ? Since(progress.sampled(), now) : absl::ZeroDuration();
  const auto left = [age](const google::protobuf::Duration& duration) {
    return RoughDuration(std::max(absl::ZeroDuration(), FromDuration(duration) - age));
  };
  text.likely = absl::StrCat("about ", left(progress.eta()), " left");
  if (!progress.has_eta_low() || !progress.has_eta_high()) return text;
  const std::string low = left(progress.eta_low());
  const std::string high = left(progress.eta_high());
  if (low != high) text.range = absl::StrCat(low, " to ", high);
  return text;
}

double Fraction(int64_t done, int64_t expected) {
  if (expected <= 0) return 0;
  return std::clamp(static_cast<double>(done) / static_cast<double>(expected), 0.0, 1.0);
}

int PercentOf(double fraction) {
  return std::isfinite(fraction) ? static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100 + 1e-9)
                                 : 0;
}

}  // namespace graft::cli
