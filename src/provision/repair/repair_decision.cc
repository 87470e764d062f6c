#include "provision/repair/auto_repair.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"

namespace graft {
namespace {

// A keeper that hangs must not be taken for an error that stands.
constexpr absl::Duration kStale = absl::Seconds(30);
constexpr absl::Duration kDay = absl::Hours(24);
constexpr int kMostDoublings = 10;

RepairDecision No(std::string why) {
  return {false, std::move(why)};
}

// After an error of one thread the other one runs on. If the other thread stands still without an
// error, somebody has run STOP REPLICA and works on it.
std::vector<StandingError> ErrorsIn(const TabletSnapshot& tablet, const RepairRules& rules) {
  std::vector<StandingError> found;
  const auto mendable = [&](bool running, int number) {
    return !running && number != 0 && rules.errors.count(number) > 0;
  };
  const absl::Time at = tablet.read_at;
  for (const ReplicationChannel& channel : tablet.replication) {
    const bool receiver_stopped = !channel.receives() && channel.receiver_errno == 0;
    const bool applier_stopped = !channel.applier_running && channel.applier_errno == 0;
    if (!receiver_stopped && mendable(channel.applier_running, channel.applier_errno)) {
      found.push_back({channel.name, true, channel.applier_errno, at, at});
    }
    // A rebuild keeps the server's server_uuid, and would end with the same error.
    const bool taken = channel.server_uuid_is_taken();
    if (!applier_stopped && !taken && mendable(channel.receiver_running, channel.receiver_errno)) {
      found.push_back({channel.name, false, channel.receiver_errno, at, at});
    }
  }
  return found;
}

// Repairs that came to nothing since the tablet was last rebuilt, by whomever.
std::vector<const Operation*> FailedInARow(const std::vector<Operation>& history) {
  std::vector<const Operation*> failed;
  for (const Operation& operation : history) {
    if (operation.outcome == Outcome::kDone) break;
    if (IsRepair(operation) && operation.outcome == Outcome::kFailed) failed.push_back(&operation);
  }
  return failed;
}

RepairDecision DecideByHistory(const std::vector<Operation>& history, const RepairRules& rules,
                               absl::Time now) {
  const auto lately = [&](const Operation& operation) {
    return IsRepair(operation) && operation.requested > now - kDay;
  };
  if (!history.empty()) {
    const Operation& last = history.front();
    if (last.outcome == Outcome::kRunning) {
      return No(absl::StrCat("operation ", last.request.id, " is running"));
    }
    if (last.outcome != Outcome::kDone && last.data_state != DataState::kIntact) {
      return No(absl::StrCat("operation ", last.request.id, " ended with the data ",
                             DataStateName(last.data_state),
                             "; ask for another one: graftctl reprovision"));
    }
    if (last.outcome == Outcome::kCancelled && lately(last)) {
      return No(absl::StrCat("operation ", last.request.id,
                             " was cancelled: no other repair for 24 hours"));
    }
  }
  if (std::count_if(history.begin(), history.end(), lately) >= rules.daily_limit) {
    return No(absl::StrCat("the limit of repairs within 24 hours, ", rules.daily_limit,
                           ", is reached; look for the cause"));
  }
  const auto failed = FailedInARow(history);
  if (failed.empty()) return {true, ""};
  const int doublings = std::min(static_cast<int>(failed.size()) - 1, kMostDoublings);
  const absl::Duration pause = rules.pause * (1 << doublings);
  if (now >= failed.front()->ended + pause) return {true, ""};
  return No(absl::StrCat("operation ", failed.front()->request.id, " has failed: pause of ",
                         HumanDuration(pause)));
}

}  // namespace

std::string StandingError::ToString() const {
  const std::string of = channel.empty() ? "" : absl::StrCat(" of channel ", channel);
  return absl::StrCat("replication error ", number, " (", applier ? "applier" : "receiver", of,
                      ")");
}

std::optional<StandingError> FollowError(const std::optional<StandingError>& before,
                                         const TabletSnapshot& tablet, const RepairRules& rules) {
  if (!tablet.mysql_reachable) return std::nullopt;
  const std::vector<StandingError> errors = ErrorsIn(tablet, rules);
  if (errors.empty()) return std::nullopt;
  if (!before.has_value()) return errors.front();
  for (StandingError error : errors) {
    if (error.channel != before->channel || error.applier != before->applier ||
        error.number != before->number) {
      continue;
    }
    error.since = before->since;
    return error;
  }
  return errors.front();
}

RepairDecision DecideByTablet(const std::optional<StandingError>& error,
                              const TabletSnapshot& tablet, const std::vector<Operation>& history,
                              const RepairRules& rules, absl::Time now) {
  if (!error.has_value()) {
    return No("replication has no error that a rebuild would repair, or was stopped by hand");
  }
  const std::string what = error->ToString();
  if (tablet.type == TabletType::kPrimary) {
    return No(absl::StrCat(what, ", but this is a primary, which is never rebuilt"));
  }
  if (now - error->seen > kStale) return No(absl::StrCat(what, " was not read again lately"));
  const RepairDecision by_history = DecideByHistory(history, rules, now);
  if (!by_history.repair) return No(absl::StrCat(what, "; ", by_history.why));
  if (error->seen - error->since < rules.delay) {
    return No(
        absl::StrCat(what, "; to be repaired once it has stood for ", HumanDuration(rules.delay)));
  }
  return {true, what};
}

RepairDecision DecideByTopology(const Tablet& record, const Shard& shard) {
  if (record.type == TabletType::kPrimary || shard.primary == record.alias) {
    return No("the topology holds this tablet for a primary, which is never rebuilt");
  }
  switch (record.type) {
    case TabletType::kReplica:
    case TabletType::kRdonly:
    case TabletType::kSpare:
    case TabletType::kExperimental:
      break;
    default:
      return No(absl::StrCat("the tablet's type is ", TabletTypeName(record.type),
                             ": somebody has put it aside"));
  }
  if (shard.primary.empty()) {
    return No("the shard has no primary: a failover may be under way");
  }
  return {true, ""};
}

bool IsRepair(const Operation& operation) {
  return absl::StartsWith(operation.request.id, kRepairIdPrefix);
}

}  // namespace graft
