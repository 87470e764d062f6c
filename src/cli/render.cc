#include "cli/render.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/duration_flag.h"
#include "cli/render_history.h"
#include "cli/text.h"
#include "graft/operation.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr absl::Duration kPlainPace = absl::Seconds(1);

absl::Time EndOr(bool ended, const google::protobuf::Timestamp& end, absl::Time now) {
  return ended ? FromTimestamp(end) : now;
}

absl::Duration TimeOf(const v1::StepTime& step, absl::Time now) {
  return std::max(absl::ZeroDuration(),
                  EndOr(step.has_ended(), step.ended(), now) - FromTimestamp(step.started()));
}

absl::Duration TotalTime(const v1::Operation& operation, absl::Time now) {
  if (!operation.has_requested()) return absl::ZeroDuration();
  return std::max(absl::ZeroDuration(), EndOr(operation.has_ended(), operation.ended(), now) -
                                            FromTimestamp(operation.requested()));
}

// The time a CLONE stage took by the server's own clock, once it has ended.
std::string StageTime(const v1::StageProgress& stage) {
  absl::Time begin;
  absl::Time end;
  std::string error;
  const char* format = "%Y-%m-%d %H:%M:%E*S";
  if (!absl::ParseTime(format, stage.begin_time(), &begin, &error) ||
      !absl::ParseTime(format, stage.end_time(), &end, &error)) {
    return "";
  }
  return HumanDuration(std::max(absl::ZeroDuration(), end - begin));
}

double Fraction(int64_t done, int64_t expected) {
  return expected > 0 ? static_cast<double>(done) / static_cast<double>(expected) : 0;
}

int Percent(int64_t done, int64_t expected) {
  return static_cast<int>(std::min(1.0, Fraction(done, expected)) * 100);
}

std::string Donor(const v1::Operation& operation) {
  if (operation.donor().empty()) return "no donor yet";
  return operation.donor_mysql().empty()
             ? operation.donor()
             : absl::StrCat(operation.donor(), " (", operation.donor_mysql(), ")");
}

std::string RateAndEta(const v1::Progress& progress) {
  std::string text;
  if (progress.bytes_per_second() > 0) {
    text = absl::StrCat(HumanBytes(static_cast<int64_t>(progress.bytes_per_second())), "/s");
  }
  if (progress.has_eta()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", HumanDuration(FromDuration(progress.eta())),
                    " left");
  }
  return text;
}

std::vector<std::string> StageRow(const v1::StageProgress& stage, const v1::Progress& progress,
                                  bool utf8) {
  const bool completed = stage.state() == "Completed";
  const bool current = stage.state() == "In Progress";
  std::vector<std::string> row = {absl::StrCat("      ", stage.stage())};
  if (stage.estimate_bytes() > 0) {
    row.push_back(Bar(Fraction(stage.data_bytes(), stage.estimate_bytes()), kBarWidth, utf8));
    row.push_back(absl::StrFormat("%3d%%", Percent(stage.data_bytes(), stage.estimate_bytes())));
    row.push_back(
        absl::StrCat(HumanBytes(stage.data_bytes()), " of ", HumanBytes(stage.estimate_bytes())));
  } else {
    row.insert(row.end(), {completed || current ? stage.state() : "", "", ""});
  }
  row.push_back(current ? RateAndEta(progress) : StageTime(stage));
  return row;
}

// The last time each step was entered, in an operation that may have gone through it twice.
std::optional<v1::StepTime> LastTime(const v1::Operation& operation, absl::string_view step) {
  for (int i = operation.times_size() - 1; i >= 0; --i) {
    if (operation.times(i).step() == step) return operation.times(i);
  }
  return std::nullopt;
}

struct Marks {
  const char* done;
  const char* current;
  const char* coming;
};

std::string Headline(const v1::Operation& operation, absl::Time now, bool utf8) {
  std::string line = absl::StrCat(operation.recipient(), utf8 ? " ← " : " <- ", Donor(operation),
                                  "  operation ", operation.id());
  if (operation.attempt() > 1) absl::StrAppend(&line, "  attempt ", operation.attempt());
  absl::StrAppend(&line, "  ", HumanDuration(TotalTime(operation, now)));
  return line;
}

std::string StepLine(const std::string& name, const std::optional<v1::StepTime>& time,
                     absl::Time now, const Marks& marks) {
  const bool ended = time.has_value() && time->has_ended();
  const char* mark = !time.has_value() ? marks.coming : ended ? marks.done : marks.current;
  std::string line = absl::StrFormat("  %s %-14s", mark, name);
  if (time.has_value()) absl::StrAppend(&line, "  ", HumanDuration(TimeOf(*time, now)));
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

void AddStages(const v1::Progress& progress, bool utf8, std::vector<std::string>& lines) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::StageProgress& stage : progress.stages()) {
    rows.push_back(StageRow(stage, progress, utf8));
  }
  for (std::string& row : AlignColumns(rows)) lines.push_back(std::move(row));
}

std::string StepBegins(const v1::Operation& operation, const v1::StepTime& step) {
  if (step.step() != StepName(Step::kClone)) return step.step();
  return absl::StrCat(step.step(), " from ", Donor(operation), ", attempt ", operation.attempt());
}

std::string StageLine(const v1::Progress& progress) {
  std::string line = absl::StrCat("clone: ", progress.stage());
  if (progress.bytes_expected() > 0) {
    absl::StrAppend(&line, ", ", HumanBytes(progress.bytes_done()), " of ",
                    HumanBytes(progress.bytes_expected()), " (",
                    Percent(progress.bytes_done(), progress.bytes_expected()), "%)");
    const std::string rate = RateAndEta(progress);
    if (!rate.empty()) absl::StrAppend(&line, ", ", rate);
  }
  return line;
}

void AddHistoryNotTold(const v1::Operation& operation, PlainState& state,
                       std::vector<std::string>& lines) {
  for (std::string& line : HistoryLines(operation)) {
    if (state.history_told.insert(line).second) lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<std::string> RenderLive(const v1::Operation& operation, absl::Time now, bool utf8) {
  const Marks marks = utf8 ? Marks{"✔", "▶", "·"} : Marks{"+", ">", "."};
  std::vector<std::string> lines = {Headline(operation, now, utf8)};
  // First, since a small screen shows no more than the beginning.
  const std::string waiting = WaitsFor(operation);
  if (!waiting.empty()) lines.push_back(absl::StrCat("  ", waiting));
  bool reached = true;  // steps after the current one are still to come, whatever went before
  for (int i = 0; i < kStepCount; ++i) {
    const std::string name(StepName(static_cast<Step>(i)));
    lines.push_back(StepLine(name, reached ? LastTime(operation, name) : std::nullopt, now, marks));
    if (name == StepName(Step::kClone)) AddStages(operation.progress(), utf8, lines);
    if (operation.step() == name) reached = false;
  }
  for (const std::string& line : HistoryLines(operation)) {
    lines.push_back(absl::StrCat("  ", line));
  }
  return lines;
}

std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state) {
  std::vector<std::string> lines;
  AddHistoryNotTold(operation, state, lines);
  for (; state.steps_told < operation.times_size(); ++state.steps_told) {
    lines.push_back(StepBegins(operation, operation.times(state.steps_told)));
  }
  const std::string waiting = WaitsFor(operation);
  if (waiting != state.waiting_told && now - state.last_waiting >= kPlainPace) {
    if (!waiting.empty()) lines.push_back(waiting);
    state.waiting_told = waiting;
    state.last_waiting = now;
  }
  const v1::Progress& progress = operation.progress();
  const bool new_stage = progress.stage() != state.stage_told;
  if (!progress.stage().empty() && (new_stage || now - state.last_line >= kPlainPace)) {
    lines.push_back(StageLine(progress));
    state.last_line = now;
  }
  state.stage_told = progress.stage();
  const std::string clock = absl::StrFormat("[%6s] ", HumanDuration(TotalTime(operation, now)));
  for (std::string& line : lines) line.insert(0, clock);
  return lines;
}

}  // namespace graft::cli
