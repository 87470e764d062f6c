// All that is known of one operation, as lines of text.
#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"
#include "cli/render.h"
#include "cli/text.h"
#include "view/operation.h"
#include "view/text.h"
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
  return set ? view::UtcTime(FromTimestamp(time)) : "";
}

std::vector<std::string> Summary(const v1::Operation& operation, absl::Time now) {
  std::string outcome = view::OutcomeWord(operation.outcome());
  if (operation.outcome() != v1::DONE) absl::StrAppend(&outcome, " in ", operation.step());
  return Facts({{"tablet", operation.recipient()},
                {"outcome", outcome},
                {"data", view::DataStateMeans(operation.data_state())},
                {"donor", view::HostOf(operation.donor(), operation.donor_mysql())},
                {operation.outcome() == v1::DONE ? "follows" : "to follow",
                 view::HostOf(operation.source(), operation.source_mysql())},
                {"requested", TimeText(operation.has_requested(), operation.requested())},
                {"ended", TimeText(operation.has_ended(), operation.ended())},
                {"took", HumanDuration(view::TotalTime(operation, now))},
                {"attempts", absl::StrCat(operation.attempt())},
                {"waits for", view::WaitsFor(operation)},
                {"waits since", view::WaitedText(operation, now)}});
}

std::string DonorAskedFor(const v1::DonorChoice& choice) {
  switch (choice.choice_case()) {
    case v1::DonorChoice::kPrimary:
      return "the shard's primary";
    case v1::DonorChoice::kTablet:
      return choice.tablet();
    case v1::DonorChoice::kAny:
      return "the best of the shard";
    case v1::DonorChoice::kBackup:
      return choice.backup().empty() ? "the newest backup" : "the backup " + choice.backup();
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
  for (const std::string& check : operation.allow().unchecked_checks()) {
    allowed.push_back(absl::StrCat(check, " unchecked"));
  }
  if (operation.allow().lost_replication_settings()) {
    allowed.emplace_back("loss of SOURCE_DELAY and filters");
  }
  const std::map<v1::ReplicateFrom, std::string> follow = {
      {v1::REPLICATE_FROM_DONOR, "the donor"},
      {v1::REPLICATE_FROM_PRIMARY, "the primary"},
      {v1::REPLICATE_FROM_PRIMARY_OR_DONOR, "the primary, or else the donor"}};
  const auto followed = follow.find(operation.replicate_from());
  return Facts(
      {{"copy", operation.if_needed() ? "only if the old data cannot catch up" : ""},
       {"donor", DonorAskedFor(operation.donor_choice())},
       {"backup", operation.backup()},
       {"follow", followed == follow.end() ? "" : followed->second},
       {"bandwidth", bounded ? RenderBandwidths(settings) : ""},
       {"threads", settings.has_max_concurrency() ? absl::StrCat(settings.max_concurrency()) : ""},
       {"compression", SwitchText(settings.has_compression(), settings.compression())},
       {"DDL blocked", SwitchText(settings.has_block_ddl(), settings.block_ddl())},
       {"allowed", absl::StrJoin(allowed, ", ")}});
}

std::vector<std::string> Steps(const v1::Operation& operation, absl::Time now) {
  if (operation.times().empty()) return {};
  Rows rows = {{"STEP", "STARTED", "ENDED", "TIME", "SHARE"}};
  for (const view::StepView& step : view::StepsOf(operation, now)) {
    rows.push_back({step.name, step.started, step.ended, HumanDuration(step.took),
                    absl::StrFormat("%.1f%%", 100 * step.share)});
  }
  return AlignColumns(rows);
}

std::vector<std::string> Stages(const v1::Progress& progress) {
  if (progress.stages().empty()) return {};
  Rows rows = {{"STAGE", "STATE", "BYTES", "OF", "NETWORK", "TIME", "RATE"}};
  for (const v1::StageProgress& stage : progress.stages()) {
    const std::optional<absl::Duration> time = view::TimeOf(stage);
    const double seconds = absl::ToDoubleSeconds(time.value_or(absl::ZeroDuration()));
    const bool copies = stage.estimate_bytes() > 0;
    rows.push_back(
        {stage.stage(), stage.state(), copies ? view::HumanBytes(stage.data_bytes()) : "-",
         copies ? view::HumanBytes(stage.estimate_bytes()) : "-",
         copies ? view::HumanBytes(stage.network_bytes()) : "-",
         time.has_value() ? HumanDuration(*time) : "-",
         copies && seconds > 0 ? view::HumanRate(static_cast<double>(stage.data_bytes()) / seconds)
                               : "-"});
  }
  return AlignColumns(rows);
}

std::vector<std::string> HowFar(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  if (operation.outcome() != v1::RUNNING || progress.phases().empty()) return {};
  const view::EtaText eta = view::EtaOf(progress, now);
  std::string left = eta.likely.empty() ? "time left unknown" : eta.likely;
  if (!eta.range.empty()) absl::StrAppend(&left, ", ", eta.range);
  std::vector<std::string> lines = {absl::StrFormat(
      "%d%%, %s; %s", view::PercentOf(progress.percent() / 100), left, view::EtaBasis(progress))};
  Rows rows = {{"PHASE", "DONE", "", "OF THE WHOLE", "TIME", "DETAIL"}};
  for (const view::PhaseView& phase : view::PhasesOf(operation, now)) {
    rows.push_back({phase.name, absl::StrFormat("%d%%", view::PercentOf(phase.done)),
                    phase.measured ? "measured" : "estimated",
                    absl::StrFormat("about %d%%", view::PercentOf(phase.share)),
                    HumanDuration(phase.took), phase.measured ? view::DetailOf(phase) : ""});
  }
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> ErrorFacts(const v1::Error& error) {
  const std::string word = view::ErrorWord(error);
  if (word.empty() && error.message().empty()) return {};
  return Facts({{"code", error.code()},
                {"reason", error.reason()},
                {"message", error.message()},
                {"read", absl::StrCat("docs/reference/reasons.md: look up ", word)}});
}

std::vector<std::string> OldDataFacts(const v1::OldData& old) {
  if (old.gtid_before().empty()) return {};
  return Facts({{"found", old.found()},
                {"behind", view::Count(old.transactions_behind(), "transaction")},
                {"gtid_executed before", old.gtid_before()},
                {"gtid_executed after", old.gtid_after()}});
}

}  // namespace

std::vector<std::string> RenderDescription(const v1::Operation& operation, absl::Time now) {
  std::vector<std::string> lines = {absl::StrCat("operation ", operation.id())};
  for (std::string& line : Summary(operation, now)) lines.push_back(absl::StrCat("  ", line));
  AddSection("asked for", Request(operation), lines);
  AddSection("progress", HowFar(operation, now), lines);
  AddSection("steps", Steps(operation, now), lines);
  AddSection("clone", Stages(operation.progress()), lines);
  std::vector<std::string> events;
  for (const view::Event& event : view::EventsOf(operation, view::Extent::kAll)) {
    events.push_back(event.Line());
  }
  AddSection("what happened", std::move(events), lines);
  AddSection("old data", OldDataFacts(operation.old_data()), lines);
  AddSection("gtid_executed before",
             operation.proof().gtid_before().empty()
                 ? std::vector<std::string>()
                 : std::vector<std::string>{operation.proof().gtid_before()},
             lines);
  AddSection("error", ErrorFacts(operation.error()), lines);
  return lines;
}

}  // namespace graft::cli
