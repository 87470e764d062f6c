#include "provision/repair/auto_repair.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstPause = absl::Minutes(1);  // between two preflights, doubled
constexpr int kMostPauseDoublings = 4;                    // to 16 minutes

std::string TextOf(const absl::Status& status) {
  return std::string(status.message());
}

// Why the operation would not get past its own preflight; empty: it would. Without the findings'
// texts: their numbers change from look to look.
std::string Refusal(const absl::StatusOr<PreflightReport>& report) {
  if (!report.ok()) return absl::StrCat("preflight: ", TextOf(report.status()));
  std::vector<std::string> stopping;
  for (const CheckResult& result : report->results) {
    if (result.outcome == CheckOutcome::kFatal || result.outcome == CheckOutcome::kUnchecked) {
      stopping.push_back(result.id);
    }
  }
  if (stopping.empty()) return "";
  return absl::StrCat("preflight from ", report->donor.ToString(), " says ",
                      absl::StrJoin(stopping, ", "), "; see graftctl preflight");
}

const Operation* RunningRepair(const std::vector<Operation>& history) {
  const bool running = !history.empty() && history.front().outcome == Outcome::kRunning;
  return running && IsRepair(history.front()) ? &history.front() : nullptr;
}

}  // namespace

struct AutoRepair::Check {
  absl::Mutex mutex;
  std::optional<absl::StatusOr<PreflightReport>> answer ABSL_GUARDED_BY(mutex);
};

void AutoRepair::Serve() {
  if (options_.rules.errors.empty()) return;
  while (!stop_.cancelled()) {
    Look();
    stop_.WaitFor(deps_.clock, options_.look_every);
  }
  GiveUp();
}

void AutoRepair::Look() {
  const TabletSnapshot tablet = deps_.provisioning.Tablet();
  const std::vector<Operation> history = deps_.provisioning.List();
  error_ = FollowError(error_, tablet, options_.rules);
  if (const Operation* repair = RunningRepair(history)) {
    StayInQueue(*repair);
    return Say(absl::StrCat("operation ", repair->request.id, " is running"));
  }
  RepairDecision decision =
      DecideByTablet(error_, tablet, history, options_.rules, deps_.clock.Now());
  if (!decision.repair) {
    GiveUp();
    return Say(decision.why);
  }
  const std::string what = absl::StrCat(decision.why, "; ");
  decision = DecideByRecords();
  if (!decision.repair) {
    GiveUp();
    return Say(absl::StrCat(what, decision.why));
  }
  std::string waits_for = TakeTurn();
  if (waits_for.empty()) waits_for = PassCheck();
  if (waits_for.empty()) waits_for = Start();
  Say(absl::StrCat(what, refusal_.empty() ? waits_for : refusal_));
}

RepairDecision AutoRepair::DecideByRecords() const {
  const auto record = deps_.topology.GetTablet(options_.alias);
  if (!record.ok()) return {false, absl::StrCat("topology: ", TextOf(record.status()))};
  const auto shard = deps_.topology.GetShard(options_.keyspace, options_.shard);
  if (!shard.ok()) return {false, absl::StrCat("topology: ", TextOf(shard.status()))};
  return DecideByTopology(*record, *shard);
}

std::string AutoRepair::TakeTurn() {
  if (deps_.clock.Now() < again_) return "pause between two preflights";
  if (place_ == nullptr) {
    id_ = absl::StrCat(kRepairIdPrefix, error_->number, "-",
                       absl::FormatTime("%Y%m%dT%H%M%S", deps_.clock.Now(), absl::UTCTimeZone()));
    const absl::Status entered = EnterQueue();
    if (!entered.ok()) return TextOf(entered);
  }
  const absl::Status kept = place_->KeepAlive();
  const absl::StatusOr<int> ahead = kept.ok() ? place_->Ahead() : absl::StatusOr<int>(kept);
  if (absl::IsAborted(ahead.status())) StandBack();  // and enters again at the next look
  if (!ahead.ok()) return TextOf(ahead.status());
  if (*ahead == 0) return "";
  return absl::StrCat("waits for ", *ahead, " other repair(s) of the shard");
}

std::string AutoRepair::PassCheck() {
  if (check_ == nullptr) {
    check_ = std::make_shared<Check>();
    deps_.provisioning.Preflight(Call(), [check = check_](absl::StatusOr<PreflightReport> report) {
      absl::MutexLock lock(&check->mutex);
      check->answer = std::move(report);
    });
  }
  std::string refusal;
  {
    absl::MutexLock lock(&check_->mutex);
    if (!check_->answer.has_value()) return "preflight is under way";
    refusal = Refusal(*check_->answer);
  }
  return refusal.empty() ? "" : Refused(std::move(refusal));
}

std::string AutoRepair::Start() {
  const auto started = deps_.provisioning.Reprovision(Call());
  if (!started.ok()) return Refused(TextOf(started.status()));
  error_ = std::nullopt;  // one that is there afterwards is a new one
  check_ = nullptr;
  refusal_.clear();
  refusals_ = 0;
  return absl::StrCat("operation ", started->request.id, " is started");
}

ReprovisionCall AutoRepair::Call() const {
  ReprovisionCall call;
  call.id = id_;
  call.donor = options_.donor;
  if (!call.donor.has_value()) call.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  return call;
}

absl::Status AutoRepair::EnterQueue() {
  auto place = deps_.locks.Enter(
      lock_name_, {options_.alias, id_, absl::StrCat("repair ", options_.alias.ToString())});
  if (!place.ok()) return place.status();
  place_ = *std::move(place);
  return absl::OkStatus();
}

// Also when it was lost, or when an earlier process of the agent had it: the shard is to see that a
// repair is going on, and the repair itself does not depend on it.
void AutoRepair::StayInQueue(const Operation& repair) {
  id_ = repair.request.id;
  check_ = nullptr;
  if (place_ != nullptr && absl::IsAborted(place_->KeepAlive())) place_ = nullptr;
  if (place_ == nullptr) EnterQueue().IgnoreError();
}

// Meanwhile another tablet of the shard may be repaired.
std::string AutoRepair::Refused(std::string why) {
  StandBack();
  again_ = deps_.clock.Now() + kFirstPause * (1 << std::min(refusals_++, kMostPauseDoublings));
  refusal_ = std::move(why);
  return refusal_;
}

// A place that cannot be left ends with its lease.
void AutoRepair::StandBack() {
  place_ = nullptr;
  check_ = nullptr;
}

void AutoRepair::GiveUp() {
  StandBack();
  refusal_.clear();
  refusals_ = 0;
  again_ = absl::InfinitePast();
}

void AutoRepair::Say(const std::string& text) {
  {
    absl::MutexLock lock(&mutex_);
    if (state_ == text) return;
    state_ = text;
  }
  if (deps_.on_news) deps_.on_news(text);
}

}  // namespace graft
