#include "provision/steps/replication.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(500);

// Calls `act` until no STOP is pending any more.
absl::Status WhenNoStopPends(StepContext& context, const std::function<absl::Status()>& act) {
  ReplicationWatch watch(context.clock().Now());
  absl::Status status = act();
  while (HasReason(status, Reason::kReplicationStopping)) {
    const auto channels = context.recipient().ReadReplication();
    const absl::Time now = context.clock().Now();
    if (channels.ok()) watch.Look(*channels, now);
    const absl::Duration patience = context.options.catch_up_stall_timeout;
    if (patience > absl::ZeroDuration() && watch.idle(now) >= patience) return status;
    context.Note(absl::StrCat("waits for STOP REPLICA; replication ", watch.Describe(now)));
    GRAFT_RETURN_IF_ERROR(context.Wait(kPause));
    status = act();
    if (status.ok()) context.Note("");
  }
  return status;
}

}  // namespace

void ReplicationWatch::Look(const std::vector<ReplicationChannel>& channels, absl::Time now) {
  std::string activity;
  work_ = "";
  for (const ReplicationChannel& channel : channels) {
    absl::StrAppend(&activity, channel.name, ":", channel.activity, "\n");
    if (channel.receiving && work_.empty()) work_ = "receives a transaction";
    if (channel.applying) work_ = "applies a transaction";
  }
  if (activity != activity_) changed_ = worked_ = now;
  if (!work_.empty()) worked_ = now;
  activity_ = std::move(activity);
}

std::string ReplicationWatch::Describe(absl::Time now) const {
  return absl::StrCat(work_.empty() ? "stands still" : work_, " for ",
                      HumanDuration(absl::Trunc(now - changed_, absl::Seconds(1))));
}

absl::Status StopWhenIdle(StepContext& context, bool forget) {
  return WhenNoStopPends(context, [&] { return context.recipient().StopReplication(forget); });
}

absl::Status StartWhenStopped(StepContext& context,
                              const std::optional<ReplicationSource>& source) {
  return WhenNoStopPends(context, [&] { return context.recipient().StartReplication(source); });
}

absl::Status StartIfStopped(StepContext& context, const ReplicationChannel& channel) {
  if (channel.receives() && channel.applier_running && !channel.stopping) return absl::OkStatus();
  return StartWhenStopped(context, std::nullopt);
}

}  // namespace graft
