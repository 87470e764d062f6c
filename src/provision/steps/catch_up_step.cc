// catch_up: until the replica holds all that its source had when the step began.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/steps/replication.h"
#include "provision/steps/source.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kLookAtSource = absl::Seconds(5);
constexpr absl::Duration kQuiet = absl::Seconds(2);  // a wait that short needs no words

absl::StatusOr<GtidSet> ReadGtidExecuted(MysqlServer& server) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> variables,
                         server.ReadVariables({"gtid_executed"}));
  return GtidSet::Parse(variables.front().value);
}

absl::Status ReplicationBroken(const Operation& operation, absl::string_view thread, int error,
                               absl::string_view text) {
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("replication from ", operation.source.ToString(), ": the ",
                                     thread, " stopped with ", error, ": ", text)),
                    Reason::kMysqlNumber, error);
}

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// Follows the default channel until it holds all that the source had when it was asked.
class CatchUp {
 public:
  explicit CatchUp(StepContext& context)
      : context_(context),
        began_(context.clock().Now()),
        source_seen_(began_),
        watch_(context.clock().Now()) {}

  absl::Status Run() {
    absl::Duration pause = absl::Milliseconds(5);
    absl::Status status = Look();
    while (IsTransient(status)) {
      GRAFT_RETURN_IF_ERROR(CheckMoves(status));
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      const bool early = context_.clock().Now() - began_ < absl::Minutes(1);
      pause = std::min(pause * 3 / 2, early ? absl::Milliseconds(200) : absl::Seconds(1));
      FollowMovedSource().IgnoreError();  // looked at again in a while
      status = Look();
    }
    if (status.ok()) context_.Note("");
    return status;
  }

 private:
  // OK: caught up. UNAVAILABLE, DEADLINE_EXCEEDED: not yet. Other codes end it.
  absl::Status Look() {
    GRAFT_ASSIGN_OR_RETURN(const auto channels, context_.recipient().ReadReplication());
    watch_.Look(channels, context_.clock().Now());
    if (channels.empty()) {
      return absl::FailedPreconditionError("the replication channel has been removed by somebody");
    }
    const ReplicationChannel& channel = channels.front();
    GRAFT_RETURN_IF_ERROR(CheckUnbroken(channel));
    if (!channel.receiver_running || !channel.applier_running) {
      GRAFT_RETURN_IF_ERROR(StartIfStopped(context_, channel));
      return absl::UnavailableError(absl::StrCat(
          "receiver ", channel.receiver_running ? "runs" : "is not running", ", applier ",
          channel.applier_running ? "runs" : "is not running", ": ", channel.receiver_error));
    }
    NoteTarget();
    GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, ReadGtidExecuted(context_.recipient()));
    if (!target_.has_value()) {
      if (channel.lag == absl::ZeroDuration()) return absl::OkStatus();
      return absl::UnavailableError("not caught up yet");
    }
    const int64_t behind = target_->Minus(executed).size();
    if (behind == 0) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat(behind, behind == 1 ? " transaction" : " transactions", " behind"));
  }

  absl::Status CheckUnbroken(const ReplicationChannel& channel) const {
    const Operation& operation = context_.operation;
    if (channel.applier_errno != 0 && !channel.applier_running) {
      return ReplicationBroken(operation, "applier", channel.applier_errno, channel.applier_error);
    }
    const bool receives = channel.receiver_running || channel.receiver_connecting;
    if (channel.receiver_errno == 0 || receives) return absl::OkStatus();
    return ReplicationBroken(operation, "receiver", channel.receiver_errno, channel.receiver_error);
  }

  // OK while something moves, or a transaction is being worked on.
  absl::Status CheckMoves(const absl::Status& state) const {
    const absl::Time now = context_.clock().Now();
    const absl::Duration patience = context_.options.catch_up_stall_timeout;
    if (patience > absl::ZeroDuration() && watch_.idle(now) >= patience) {
      return Failure(
          Reason::kCatchUpStalled,
          absl::StrCat("replication from ", context_.operation.source.ToString(),
                       " has not moved for ", HumanDuration(patience), ": ", state.message()));
    }
    if (now - began_ > kQuiet) {
      context_.Note(absl::StrCat("replication ", watch_.Describe(now), "; ", state.message()));
    }
    return absl::OkStatus();
  }

  // What the source has now. If its clone account does not let the agent in, lag has to do.
  void NoteTarget() {
    if (asked_) return;
    const auto source = context_.deps.open_peer(context_.operation.source_mysql);
    auto executed = ReadGtidExecuted(*source);
    asked_ = !IsTransient(executed.status());
    if (executed.ok()) target_ = *std::move(executed);
  }

  // The source may get another address while it is followed, or be rebuilt itself.
  absl::Status FollowMovedSource() {
    const absl::Time now = context_.clock().Now();
    if (now - source_seen_ < kLookAtSource) return absl::OkStatus();
    source_seen_ = now;
    GRAFT_ASSIGN_OR_RETURN(const Tablet source, FindSource(context_));
    if (IsKnownSource(context_.operation, source)) return absl::OkStatus();
    GRAFT_RETURN_IF_ERROR(CheckSourceIdentity(context_, source));
    context_.Note(absl::StrCat("follows ", source.alias.ToString(), " at ", source.mysql.ToString(),
                               " from now on"));
    asked_ = false;
    target_.reset();
    return FollowSource(context_, source);
  }

  StepContext& context_;
  const absl::Time began_;
  absl::Time source_seen_;
  ReplicationWatch watch_;
  bool asked_ = false;
  std::optional<GtidSet> target_;
};

}  // namespace

// FAILED_PRECONDITION: the channel broke, or nothing moved and nothing was worked on for a while.
StepOutcome CatchUpStep(StepContext& context) {
  return CatchUp(context).Run();
}

}  // namespace graft
