// A running operation as lines that follow each other, for a pipe or a file.
#include "cli/render.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/duration_flag.h"
#include "graft/operation.h"
#include "view/operation.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr absl::Duration kPace = absl::Seconds(1);
// A log of an hour's copy is to be read, too.
constexpr absl::Duration kLaterPace = absl::Seconds(10);
constexpr absl::Duration kStillWaits = absl::Minutes(1);
constexpr absl::Duration kLater = absl::Minutes(1);

std::string StepBegins(const v1::Operation& operation, const v1::StepTime& step) {
  if (step.step() != StepName(Step::kClone)) return step.step();
  return absl::StrCat(step.step(), " from ",
                      operation.donor().empty()
                          ? "no donor yet"
                          : view::HostOf(operation.donor(), operation.donor_mysql()),
                      ", attempt ", operation.attempt());
}

// "12% of all, about 4m left, 3m to 7m"; empty: the agent estimates nothing.
std::string OverallText(const v1::Progress& progress, absl::Time now) {
  if (progress.phases().empty()) return "";
  std::string text = absl::StrCat(view::PercentOf(progress.percent() / 100), "% of all");
  const view::EtaText eta = view::EtaOf(progress, now);
  if (!eta.likely.empty()) absl::StrAppend(&text, ", ", eta.likely);
  if (!eta.range.empty()) absl::StrAppend(&text, ", ", eta.range);
  return text;
}

std::string ProgressLine(const v1::Operation& operation, const view::PhaseView& phase,
                         absl::Time now) {
  const v1::Progress& progress = operation.progress();
  std::string line = absl::StrCat(operation.step(), ": ", phase.name);
  if (phase.bytes_expected > 0) {
    absl::StrAppend(&line, ", ", view::DetailOf(phase), " (",
                    view::PercentOf(view::Fraction(phase.bytes_done, phase.bytes_expected)), "%)");
    if (progress.bytes_per_second() > 0) {
      absl::StrAppend(&line, ", ", view::HumanRate(progress.bytes_per_second()));
    }
  } else if (phase.recovery_percent.has_value()) {
    absl::StrAppend(&line, ", ", view::DetailOf(phase));
  }
  const std::string overall = OverallText(progress, now);
  if (!overall.empty()) absl::StrAppend(&line, "; ", overall);
  return line;
}

void AddEventsNotTold(const v1::Operation& operation, PlainState& state,
                      std::vector<std::string>& lines) {
  for (const view::Event& event : view::EventsOf(operation)) {
    std::string line = event.Line();
    if (state.events_told.insert(line).second) lines.push_back(std::move(line));
  }
}

void AddWaiting(const v1::Operation& operation, absl::Time now, PlainState& state,
                std::vector<std::string>& lines) {
  const std::string waiting = view::WaitsFor(operation);
  const bool again = waiting == state.waiting_told;
  if (again && view::WaitedText(operation, now).empty()) return;
  if (now - state.last_waiting < (again ? kStillWaits : kPace)) return;
  if (!waiting.empty()) lines.push_back(again ? view::WaitsFor(operation, now) : waiting);
  state.waiting_told = waiting;
  state.last_waiting = now;
}

void AddProgress(const v1::Operation& operation, absl::Time now, PlainState& state,
                 std::vector<std::string>& lines) {
  if (operation.outcome() != v1::RUNNING) return;
  const std::optional<view::PhaseView> phase = view::CurrentPhase(operation, now);
  const std::string name = phase.has_value() ? phase->name : "";
  const bool new_phase = name != state.phase_told;
  state.phase_told = name;
  if (!phase.has_value()) return;
  const std::string line = ProgressLine(operation, *phase, now);
  const absl::Duration pace = view::TotalTime(operation, now) < kLater ? kPace : kLaterPace;
  if (line == state.progress_told || (!new_phase && now - state.last_progress < pace)) return;
  lines.push_back(line);
  state.progress_told = line;
  state.last_progress = now;
}

std::vector<std::string> ErrorLines(const v1::Operation& operation) {
  const v1::Error& error = operation.error();
  std::vector<std::string> lines;
  std::string code = error.code();
  if (!error.reason().empty()) absl::StrAppend(&code, ", reason ", error.reason());
  if (!code.empty()) lines.push_back(absl::StrCat("code: ", code));
  if (!error.message().empty()) lines.push_back(absl::StrCat("message: ", error.message()));
  return lines;
}

std::vector<std::string> OperationRow(const v1::Operation& operation, absl::Time now) {
  const int64_t bytes = operation.progress().bytes_done();
  const double rate = view::AverageRate(operation);
  return {operation.id(),
          operation.has_requested() ? view::UtcTime(FromTimestamp(operation.requested())) : "-",
          view::OutcomeWord(operation.outcome()),
          operation.step(),
          v1::DataState_Name(operation.data_state()),
          view::FromWhom(operation),
          HumanDuration(view::TotalTime(operation, now)),
          bytes > 0 ? view::HumanBytes(bytes) : "-",
          rate > 0 ? view::HumanRate(rate) : "-",
          view::ErrorWord(operation.error())};
}

std::string Flag(bool on) {
  return on ? "running" : "stopped";
}

void AddError(const char* thread, int number, const std::string& text,
              std::vector<std::string>& lines) {
  if (number != 0) lines.push_back(absl::StrCat("  ", thread, " error ", number, ": ", text));
}

std::vector<std::string> CheckRow(const v1::CheckResult& result) {
  return {view::CheckOutcomeWord(result.outcome()), view::CheckSideWord(result.side()), result.id(),
          view::FoundText(result)};
}

std::string Summary(const v1::PreflightReport& report, bool may_be_tried) {
  if (report.results().empty()) return "no check was made; CLONE must not be tried";
  return absl::StrCat(view::CountOf(report.results(), v1::PASSED), " passed, ",
                      view::CountOf(report.results(), v1::WARNING), " warning, ",
                      view::CountOf(report.results(), v1::UNCHECKED), " unchecked, ",
                      view::CountOf(report.results(), v1::FATAL), " fatal: CLONE ",
                      may_be_tried ? "may" : "must not", " be tried");
}

}  // namespace

std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state) {
  std::vector<std::string> lines;
  AddEventsNotTold(operation, state, lines);
  for (; state.steps_told < operation.times_size(); ++state.steps_told) {
    lines.push_back(StepBegins(operation, operation.times(state.steps_told)));
  }
  AddWaiting(operation, now, state, lines);
  AddProgress(operation, now, state, lines);
  const std::string clock =
      absl::StrFormat("[%6s] ", HumanDuration(view::TotalTime(operation, now)));
  for (std::string& line : lines) line.insert(0, clock);
  return lines;
}

// The end of an operation, the list of operations, an agent's tablet, and a preflight, as lines of
// text.

std::vector<std::string> RenderVerdict(const v1::Operation& operation, absl::Time now) {
  std::string verdict =
      absl::StrCat(operation.recipient(), " ", view::OutcomeWord(operation.outcome()));
  if (operation.outcome() != v1::DONE && !operation.step().empty()) {
    absl::StrAppend(&verdict, " in ", operation.step());
  }
  absl::StrAppend(&verdict, ": data ", v1::DataState_Name(operation.data_state()));
  if (!operation.donor().empty()) absl::StrAppend(&verdict, ", donor ", operation.donor());
  if (operation.progress().bytes_done() > 0) {
    absl::StrAppend(&verdict, ", ", view::HumanBytes(operation.progress().bytes_done()));
  }
  absl::StrAppend(&verdict, ", ", HumanDuration(view::TotalTime(operation, now)));
  std::vector<std::string> lines = {verdict};
  if (operation.outcome() == v1::FAILED || operation.outcome() == v1::CANCELLED) {
    for (std::string& line : ErrorLines(operation)) lines.push_back(std::move(line));
    lines.push_back(absl::StrCat("data: ", view::DataStateMeans(operation.data_state())));
  }
  if (operation.outcome() == v1::DONE && !operation.source().empty()) {
    lines.push_back(
        absl::StrCat("follows ", view::HostOf(operation.source(), operation.source_mysql())));
  }
  for (const view::Event& event : view::EventsOf(operation)) lines.push_back(event.Line());
  std::vector<std::vector<std::string>> rows;
  for (const view::StepView& step : view::StepsOf(operation, now)) {
    rows.push_back({absl::StrCat("  ", step.name), HumanDuration(step.took)});
  }
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> RenderCancelled(const v1::Operation& operation, absl::Time now) {
  const std::string name =
      absl::StrCat("operation ", operation.id(), " of ", operation.recipient());
  if (operation.outcome() == v1::DONE) {
    return {absl::StrCat("too late: ", name, " was done before it could be cancelled")};
  }
  if (operation.outcome() != v1::CANCELLED) return RenderVerdict(operation, now);
  if (operation.data_state() == v1::INTACT) {
    return {absl::StrCat(name, " is cancelled: nothing was dropped")};
  }
  const bool cloned = operation.data_state() == v1::CLONED;
  return {absl::StrCat(name, " is cancelled: the old data is gone",
                       cloned ? ", the donor's is in its place" : "",
                       "; the tablet is fenced, its record says RESTORE (data ",
                       v1::DataState_Name(operation.data_state()), ")"),
          absl::StrCat("rebuild it with: graftctl reprovision ", operation.recipient(),
                       " --from-any --watch")};
}

std::string RenderBandwidths(const v1::CloneSettings& settings) {
  const auto word = [](bool set, int64_t mib) {
    if (!set) return std::string("as it was");
    return mib == 0 ? std::string("without bound") : absl::StrCat("at most ", mib, " MiB/s");
  };
  return absl::StrCat(
      "data ", word(settings.has_max_data_bandwidth_mib(), settings.max_data_bandwidth_mib()),
      ", network ",
      word(settings.has_max_network_bandwidth_mib(), settings.max_network_bandwidth_mib()));
}

std::vector<std::string> RenderTablet(const v1::GetTabletResponse& tablet) {
  std::vector<std::string> lines = {absl::StrCat(tablet.alias(), " ", tablet.keyspace(), "/",
                                                 tablet.shard(), " ", tablet.type())};
  if (!tablet.mysql_reachable()) {
    lines.push_back(absl::StrCat("mysql: unreachable: ", tablet.mysql_error()));
    return lines;
  }
  lines.push_back(absl::StrCat("mysql: ", tablet.mysql_version(),
                               tablet.super_read_only() ? ", super_read_only" : ", writable"));
  lines.push_back(absl::StrCat("gtid_executed: ", tablet.gtid_executed()));
  for (const v1::ReplicationStatus& channel : tablet.replication()) {
    const std::string lag =
        channel.has_lag() ? HumanDuration(FromDuration(channel.lag())) : std::string("unknown");
    lines.push_back(absl::StrCat("replication from ", channel.source(), ": receiver ",
                                 Flag(channel.receiver_running()), ", applier ",
                                 Flag(channel.applier_running()), ", lag ", lag));
    AddError("receiver", channel.receiver_errno(), channel.receiver_error(), lines);
    AddError("applier", channel.applier_errno(), channel.applier_error(), lines);
  }
  return lines;
}

std::vector<std::string> RenderOperations(const v1::ListOperationsResponse& list, absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"OPERATION", "REQUESTED", "OUTCOME", "STEP",
                                                 "DATA", "DONOR", "TIME", "BYTES", "RATE",
                                                 "REASON"}};
  rows.reserve(static_cast<size_t>(list.operations_size()) + 1);
  for (const v1::Operation& operation : list.operations())
    rows.push_back(OperationRow(operation, now));
  return AlignColumns(rows);
}

std::vector<std::string> RenderPreflight(const v1::PreflightReport& report, bool may_be_tried) {
  std::string headline =
      absl::StrCat("preflight of ", report.recipient(), ", donor ", report.donor());
  if (!report.source().empty()) absl::StrAppend(&headline, ", to follow ", report.source());
  std::vector<std::string> lines = {headline};
  std::vector<std::vector<std::string>> rows = {{"OUTCOME", "SIDE", "CHECK", "FOUND"}};
  for (const v1::CheckResult& result : report.results()) rows.push_back(CheckRow(result));
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  lines.emplace_back();
  for (const v1::CheckResult& result : report.results()) {
    if (result.outcome() == v1::PASSED || result.remedy().empty()) continue;
    lines.push_back(absl::StrCat(result.id(), " (", view::CheckSideWord(result.side()),
                                 "): ", absl::StrReplaceAll(result.remedy(), {{"\n", " "}})));
  }
  lines.push_back(Summary(report, may_be_tried));
  return lines;
}

}  // namespace graft::cli
