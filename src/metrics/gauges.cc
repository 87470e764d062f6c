#include <algorithm>
#include <string>
#include <vector>

#include "base/errors.h"
#include "metrics/metrics_page.h"

namespace graft {
namespace {

double Number(bool value) {
  return value ? 1 : 0;
}

void WriteServer(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page) {
  page.Gauge("graft_mysql_up", "1: mysqld answered when it was asked last.")
      .Set(Number(tablet.mysql_reachable));
  auto age = page.Gauge("graft_mysql_read_age_seconds", "Since mysqld was asked last.");
  if (tablet.read_at != absl::InfinitePast()) {
    age.Set(absl::ToDoubleSeconds(std::max(now - tablet.read_at, absl::ZeroDuration())));
  }
  auto info = page.Gauge("graft_mysql_info", "1; the label tells of mysqld.");
  if (!tablet.mysql_version.empty()) info.Set(1, {{"version", tablet.mysql_version}});
  auto read_only = page.Gauge("graft_mysql_super_read_only", "1: super_read_only is ON.");
  if (tablet.mysql_reachable) read_only.Set(Number(tablet.super_read_only));
}

void WriteReplication(const TabletSnapshot& tablet, MetricsPage& page) {
  auto channels = page.Gauge("graft_replication_channels", "Replication channels configured.");
  auto receiver = page.Gauge("graft_replication_receiver_running",
                             "1: the channel's receiver (IO) thread is connected.");
  auto connecting = page.Gauge("graft_replication_receiver_connecting",
                               "1: the channel's receiver (IO) thread tries to connect.");
  auto applier = page.Gauge("graft_replication_applier_running",
                            "1: the channel's applier (SQL) thread runs.");
  auto error = page.Gauge("graft_replication_last_errno",
                          "MySQL's number of the thread's last error; 0: none.");
  auto lag = page.Gauge("graft_replication_lag_seconds",
                        "How far the channel is behind its source, as MySQL says.");
  if (!tablet.mysql_reachable) return;
  channels.Set(static_cast<double>(tablet.replication.size()));
  for (const ReplicationChannel& channel : tablet.replication) {
    const MetricsPage::Labels labels = {{"channel", channel.name}};
    receiver.Set(Number(channel.receiver_running), labels);
    connecting.Set(Number(channel.receiver_connecting), labels);
    applier.Set(Number(channel.applier_running), labels);
    error.Set(channel.receiver_errno, {{"channel", channel.name}, {"thread", "receiver"}});
    error.Set(channel.applier_errno, {{"channel", channel.name}, {"thread", "applier"}});
    if (channel.lag.has_value()) lag.Set(absl::ToDoubleSeconds(*channel.lag), labels);
  }
}

void WriteDonations(const TabletSnapshot& tablet, MetricsPage& page) {
  auto donating = page.Gauge("graft_donations_running", "1: mysqld is being cloned from.");
  if (tablet.mysql_reachable && tablet.donating.has_value()) {
    donating.Set(Number(*tablet.donating));
  }
  page.Counter("graft_donations_total", "Clones from this mysqld that were seen.")
      .Set(static_cast<double>(tablet.donations_seen));
}

template <typename Enum>
std::vector<std::string> Names(int count, absl::string_view (*name)(Enum)) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) names.emplace_back(name(static_cast<Enum>(i)));
  return names;
}

double Seconds(absl::Duration duration) {
  return absl::ToDoubleSeconds(std::max(duration, absl::ZeroDuration()));
}

bool Copies(CloneStage stage) {
  return stage == CloneStage::kFileCopy || stage == CloneStage::kPageCopy ||
         stage == CloneStage::kRedoCopy;
}

absl::Time StepBegan(const Operation& operation) {
  return operation.times.empty() ? operation.requested : operation.times.back().started;
}

// InfinitePast(): it has not come so far.
absl::Time LastPreflight(const Operation& operation) {
  absl::Time last = absl::InfinitePast();
  for (const StepTime& time : operation.times) {
    if (time.step == Step::kPreflight) last = std::max(last, time.started);
  }
  return last;
}

// States of the newest operation, whether it runs or not.
void WriteStates(const Operation* newest, const Operation* running, MetricsPage& page) {
  page.Gauge("graft_operation_outcome",
             "1 for the outcome of the newest operation; running while it has none.")
      .SetOneOf("outcome", Names(4, &OutcomeName),
                newest == nullptr ? "" : OutcomeName(newest->outcome));
  page.Gauge("graft_operation_data_state",
             "1 for the state of the tablet's data, by the newest operation.")
      .SetOneOf("data_state", Names(4, &DataStateName),
                newest == nullptr ? "" : DataStateName(newest->data_state));
  page.Gauge("graft_operation_step", "1 for the step in which the running operation is.")
      .SetOneOf("step", Names(kStepCount, &StepName),
                running == nullptr ? "" : StepName(running->step));
  const bool cloning = running != nullptr && running->progress.stage.has_value();
  page.Gauge("graft_operation_stage", "1 for the stage of CLONE in which the running operation is.")
      .SetOneOf("stage", Names(kCloneStageCount, &CloneStageName),
                cloning ? CloneStageName(*running->progress.stage) : "");
}

void WriteFailure(const Operation* newest, MetricsPage& page) {
  auto failure =
      page.Gauge("graft_operation_failure_info",
                 "1 while the newest operation is one that failed; the labels tell why.");
  if (newest == nullptr || newest->outcome != Outcome::kFailed || IsRefusal(*newest)) return;
  failure.Set(
      1, {{"reason", ReasonOrCode(newest->error)}, {"step", std::string(StepName(newest->step))}});
}

void WriteTimes(const Operation* running, absl::Time now, MetricsPage& page) {
  auto elapsed =
      page.Gauge("graft_operation_elapsed_seconds", "Since the running operation was requested.");
  auto in_step = page.Gauge("graft_operation_step_elapsed_seconds",
                            "Since the running operation is in its step.");
  auto waited = page.Gauge("graft_operation_donor_wait_seconds",
                           "Since the running operation waits for its donor; 0: it does not.");
  auto waiting = page.Gauge("graft_operation_waiting_seconds",
                            "Since the running operation waits for something that should not take "
                            "long; 0: it does not.");
  auto eta = page.Gauge("graft_operation_eta_seconds",
                        "Until the end of the running operation, as estimated; four of five end "
                        "between low and high.");
  if (running == nullptr) return;
  elapsed.Set(Seconds(now - running->requested));
  in_step.Set(Seconds(now - StepBegan(*running)));
  const bool waits = running->step == Step::kClaimDonor;
  waited.Set(waits ? Seconds(now - StepBegan(*running)) : 0);
  const Progress& progress = running->progress;
  const bool stands = progress.waiting_since != absl::InfinitePast();
  waiting.Set(stands ? Seconds(now - progress.waiting_since) : 0);
  if (stands || !progress.eta.has_value()) return;
  const absl::Duration age = now - std::min(progress.sampled, now);
  const auto left = [age](absl::Duration then) { return Seconds(then - age); };
  eta.Set(left(progress.eta->likely), {{"bound", "likely"}});
  eta.Set(left(progress.eta->low), {{"bound", "low"}});
  eta.Set(left(progress.eta->high), {{"bound", "high"}});
}

// The stages as the server showed them last, and the copy as a whole.
void WriteBytes(const Operation* running, absl::Time now, MetricsPage& page) {
  auto done = page.Gauge("graft_operation_bytes", "Copied by the running operation's attempt.");
  auto expected = page.Gauge("graft_operation_expected_bytes",
                             "To be copied in all by the running operation's attempt.");
  auto stage_done = page.Gauge("graft_operation_stage_bytes", "Copied, by stage of CLONE.");
  auto stage_expected = page.Gauge("graft_operation_stage_expected_bytes",
                                   "MySQL's estimate of the bytes to copy, by stage of CLONE.");
  auto rate =
      page.Gauge("graft_operation_bytes_per_second", "Copied per second, over the last seconds.");
  auto silence = page.Gauge("graft_operation_last_byte_age_seconds",
                            "Since a byte was copied last, or the stage began; only in stages that "
                            "copy.");
  if (running == nullptr) return;
  const Progress& progress = running->progress;
  done.Set(static_cast<double>(progress.bytes_done));
  expected.Set(static_cast<double>(progress.bytes_expected));
  rate.Set(progress.bytes_per_second);
  for (const CloneStageRow& row : progress.stages) {
    if (!Copies(row.stage)) continue;
    const MetricsPage::Labels labels = {{"stage", std::string(CloneStageName(row.stage))}};
    stage_done.Set(static_cast<double>(row.data_bytes), labels);
    stage_expected.Set(static_cast<double>(row.estimate_bytes), labels);
  }
  if (running->step == Step::kClone && progress.stage.has_value() && Copies(*progress.stage)) {
    silence.Set(
        Seconds(now - std::max({progress.last_byte, progress.phase_began, StepBegan(*running)})));
  }
}

void WriteAttempt(const Operation* running, MetricsPage& page) {
  auto ratio = page.Gauge("graft_operation_progress_ratio",
                          "How far the running operation's attempt is, 0 to 1.");
  auto attempt = page.Gauge("graft_operation_attempt", "Number of the running attempt, from 1.");
  auto place = page.Gauge("graft_operation_queue_place",
                          "Place in the line for a donor, 1 is next; 0: not waiting.");
  auto lost = page.Gauge("graft_operation_claim_lost",
                         "1: the running operation's claim on its donor ended before its copy.");
  if (running == nullptr) return;
  ratio.Set(running->progress.percent / 100);
  attempt.Set(running->attempt);
  place.Set(running->queue_place);
  lost.Set(running->claim_lost ? 1 : 0);
}

}  // namespace

void WriteTablet(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page) {
  page.Gauge("graft_tablet_info", "1; the labels tell which tablet this agent's is.")
      .Set(1, {{"alias", tablet.alias.ToString()},
               {"keyspace", tablet.keyspace},
               {"shard", tablet.shard},
               {"type", std::string(TabletTypeName(tablet.type))}});
  WriteServer(tablet, now, page);
  WriteReplication(tablet, page);
  WriteDonations(tablet, page);
}

void WriteOperation(const std::optional<Operation>& newest, absl::Time now, MetricsPage& page) {
  const Operation* const last = newest.has_value() ? &*newest : nullptr;
  const bool runs = last != nullptr && last->outcome == Outcome::kRunning;
  const Operation* const running = runs ? last : nullptr;
  WriteStates(last, running, page);
  WriteFailure(last, page);
  WriteTimes(running, now, page);
  WriteAttempt(running, page);
  WriteBytes(running, now, page);
}

void WriteFindings(const std::optional<Operation>& newest,
                   const std::optional<PreflightReport>& report, MetricsPage& page) {
  auto family = page.Gauge("graft_preflight_findings",
                           "What the last preflight, an operation's or one by itself, found.");
  const absl::Time by_operation =
      newest.has_value() ? LastPreflight(*newest) : absl::InfinitePast();
  const bool by_itself = report.has_value() && report->made > by_operation;
  if (!by_itself && by_operation == absl::InfinitePast()) return;
  const std::vector<CheckResult>& results = by_itself ? report->results : newest->findings;
  for (const CheckOutcome outcome :
       {CheckOutcome::kWarning, CheckOutcome::kUnchecked, CheckOutcome::kFatal}) {
    const auto count =
        std::count_if(results.begin(), results.end(),
                      [outcome](const CheckResult& result) { return result.outcome == outcome; });
    family.Set(static_cast<double>(count), {{"outcome", std::string(CheckOutcomeName(outcome))}});
  }
}

}  // namespace graft
