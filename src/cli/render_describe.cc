#include "cli/render_describe.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "cli/operation_times.h"
#include "cli/phases.h"
#include "cli/render.h"
#include "cli/render_history.h"
#include "cli/render_words.h"
#include "cli/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

void AddSection(const char* title, std::vector<std::string> lines, std::vector<std::string>& all) {
  if (lines.empty()) return;
  if (!all.empty()) all.emplace_back();
  all.emplace_back(title);
  for (std::string& line : lines) all.push_back(absl::StrCat("  ", line));
}

// Rows of which the second cell is empty are left out.
std::vector<std::string> Facts(Rows rows) {
  rows.erase(
      std::remove_if(rows.begin(), rows.end(), [](const auto& row) { return row.back().empty(); }),
      rows.end());
  return AlignColumns(rows);
}

std::string TimeText(bool set, const google::protobuf::Timestamp& time) {
  return set ? UtcTime(FromTimestamp(time)) : "";
}

std::vector<std::string> Summary(const v1::Operation& operation, absl::Time now) {
  std::string outcome = OutcomeWord(operation.outcome());
  if (operation.outcome() != v1::DONE) absl::StrAppend(&outcome, " in ", operation.step());
  return Facts({{"tablet", operation.recipient()},
                {"outcome", outcome},
                {"data", DataStateMeans(operation.data_state())},
                {"donor", HostOf(operation.donor(), operation.donor_mysql())},
                {"follows", HostOf(operation.source(), operation.source_mysql())},
                {"requested", TimeText(operation.has_requested(), operation.requested())},
                {"ended", TimeText(operation.has_ended(), operation.ended())},
                {"took", HumanDuration(TotalTime(operation, now))},
                {"attempts", absl::StrCat(operation.attempt())},
                {"waits for", WaitsFor(operation)},
                {"waits since", WaitedText(operation, now)}});
}

std::string DonorAskedFor(const v1::DonorChoice& choice) {
  switch (choice.choice_case()) {
    case v1::DonorChoice::kPrimary:
      return "the shard's primary";
    case v1::DonorChoice::kTablet:
      return choice.tablet();
    case v1::DonorChoice::kAny:
      return "the best of the shard";
    default:
      return "as the agent is set";
  }
}

std::string SwitchText(bool set, bool on) {
  return set ? (on ? "on" : "off") : "";
}

std::vector<std::string> Request(const v1::Operation& operation) {
  const v1::ReleaseWord& word = operation.release();
  if (operation.kind() == v1::RELEASE) {
    return Facts({{"released by", word.by()},
                  {"note", word.note()},
                  {"vouched for", word.data_is_good() ? "PARTIAL or EMPTY data too" : ""}});
  }
  const v1::CloneSettings& settings = operation.settings();
  const bool bounded =
      settings.has_max_data_bandwidth_mib() || settings.has_max_network_bandwidth_mib();
  std::vector<std::string> allowed;
  if (operation.allow().non_innodb()) allowed.emplace_back("tables that are not InnoDB");
  if (operation.allow().unchecked()) allowed.emplace_back("checks that cannot be made");
  const bool primary = operation.replicate_from() == v1::REPLICATE_FROM_PRIMARY;
  return Facts(
      {{"donor", DonorAskedFor(operation.donor_choice())},
       {"follow", operation.replicate_from() == v1::REPLICATE_FROM_UNSPECIFIED ? ""
                  : primary                                                    ? "the primary"
                                                                               : "the donor"},
       {"bandwidth", bounded ? RenderBandwidths(settings) : ""},
       {"threads", settings.has_max_concurrency() ? absl::StrCat(settings.max_concurrency()) : ""},
       {"compression", SwitchText(settings.has_compression(), settings.compression())},
       {"DDL blocked", SwitchText(settings.has_block_ddl(), settings.block_ddl())},
       {"allowed", absl::StrJoin(allowed, ", ")}});
}

std::vector<std::string> Steps(const v1::Operation& operation, absl::Time now) {
  if (operation.times().empty()) return {};
  const double total = absl::ToDoubleSeconds(TotalTime(operation, now));
  Rows rows = {{"STEP", "STARTED", "ENDED", "TIME", "SHARE"}};
  for (const v1::StepTime& step : operation.times()) {
    const absl::Duration time = TimeOf(step, EndOf(operation, now));
    const double share = total > 0 ? absl::ToDoubleSeconds(time) / total : 0;
    const bool runs = operation.outcome() == v1::RUNNING && !step.has_ended();
    rows.push_back({step.step(), TimeText(step.has_started(), step.started()),
                    runs ? "runs" : TimeText(step.has_ended(), step.ended()), HumanDuration(time),
                    absl::StrFormat("%.1f%%", 100 * share)});
  }
  return AlignColumns(rows);
}

std::vector<std::string> Stages(const v1::Progress& progress) {
  if (progress.stages().empty()) return {};
  Rows rows = {{"STAGE", "STATE", "BYTES", "OF", "NETWORK", "TIME", "RATE"}};
  for (const v1::StageProgress& stage : progress.stages()) {
    const std::optional<absl::Duration> time = TimeOf(stage);
    const double seconds = absl::ToDoubleSeconds(time.value_or(absl::ZeroDuration()));
    const bool copies = stage.estimate_bytes() > 0;
    rows.push_back({stage.stage(), stage.state(), copies ? HumanBytes(stage.data_bytes()) : "-",
                    copies ? HumanBytes(stage.estimate_bytes()) : "-",
                    copies ? HumanBytes(stage.network_bytes()) : "-",
                    time.has_value() ? HumanDuration(*time) : "-",
                    copies && seconds > 0
                        ? HumanRate(static_cast<double>(stage.data_bytes()) / seconds)
                        : "-"});
  }
  return AlignColumns(rows);
}

std::vector<std::string> HowFar(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  if (operation.outcome() != v1::RUNNING || progress.phases().empty()) return {};
  const EtaText eta = EtaOf(progress, now);
  std::string left = eta.likely.empty() ? "time left unknown" : eta.likely;
  if (!eta.range.empty()) absl::StrAppend(&left, ", ", eta.range);
  const std::string basis =
      progress.learnt_from() > 0
          ? absl::StrCat("estimated from ", progress.learnt_from(), " earlier operations")
          : "estimated from typical figures";
  std::vector<std::string> lines = {
      absl::StrFormat("%d%%, %s; %s", PercentOf(progress.percent() / 100), left, basis)};
  Rows rows = {{"PHASE", "DONE", "", "OF THE WHOLE", "TIME", "DETAIL"}};
  for (const PhaseView& phase : PhasesOf(operation, now)) {
    rows.push_back({phase.name, absl::StrFormat("%d%%", PercentOf(phase.done)),
                    phase.measured ? "measured" : "estimated",
                    absl::StrFormat("about %d%%", PercentOf(phase.share)),
                    HumanDuration(phase.took), phase.measured ? DetailOf(phase) : ""});
  }
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> ErrorFacts(const v1::Error& error) {
  const std::string& word = error.reason().empty() ? error.code() : error.reason();
  if (word.empty() && error.message().empty()) return {};
  return Facts({{"code", error.code()},
                {"reason", error.reason()},
                {"message", error.message()},
                {"read", absl::StrCat("docs/failures.md: look up ", word, " in its index")}});
}

}  // namespace

std::vector<std::string> RenderDescription(const v1::Operation& operation, absl::Time now) {
  std::vector<std::string> lines = {absl::StrCat("operation ", operation.id())};
  for (std::string& line : Summary(operation, now)) lines.push_back(absl::StrCat("  ", line));
  AddSection("asked for", Request(operation), lines);
  AddSection("progress", HowFar(operation, now), lines);
  AddSection("steps", Steps(operation, now), lines);
  AddSection("clone", Stages(operation.progress()), lines);
  AddSection("what happened", HistoryLines(operation, HistoryExtent::kAll), lines);
  AddSection("gtid_executed before",
             operation.proof().gtid_before().empty()
                 ? std::vector<std::string>()
                 : std::vector<std::string>{operation.proof().gtid_before()},
             lines);
  AddSection("error", ErrorFacts(operation.error()), lines);
  return lines;
}

}  // namespace graft::cli
