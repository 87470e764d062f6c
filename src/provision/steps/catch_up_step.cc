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
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kLookAtSource = absl::Seconds(5);
constexpr absl::Duration kQuiet = absl::Seconds(2);  // a wait that short needs no words
// Level with the source once the lag has been this small for so long; it is in whole seconds, and a
// busy source always shows some.
constexpr absl::Duration kLevelLag = absl::Seconds(3);
constexpr absl::Duration kLevel = absl::Seconds(20);

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

// Follows the default channel until it holds all that the source had when it was asked.
class CatchUp {
 public:
  explicit CatchUp(StepContext& context)
      : context_(context), began_(context.clock().Now()), watch_(began_), level_since_(began_) {}

  absl::Status Run() {
    absl::Duration pause = absl::Milliseconds(5);
    absl::Status status = Look();
    while (IsAway(status)) {
      GRAFT_RETURN_IF_ERROR(CheckMoves(status));
      GRAFT_RETURN_IF_ERROR(context_.Wait(pause));
      const bool early = context_.clock().Now() - began_ < absl::Minutes(1);
      pause = std::min(pause * 3 / 2, early ? absl::Milliseconds(200) : absl::Seconds(1));
      status = Look();
    }
    if (status.ok()) context_.Note("");
    return status;
  }

 private:
  // OK: caught up. UNAVAILABLE, DEADLINE_EXCEEDED: not yet. Other codes end it.
  absl::Status Look() {
    GRAFT_RETURN_IF_ERROR(CheckSource());
    GRAFT_ASSIGN_OR_RETURN(const auto channels, context_.recipient().ReadReplication());
    watch_.Look(channels, context_.clock().Now());
    if (channels.empty()) {
      return absl::FailedPreconditionError("the replication channel has been removed by somebody");
    }
    const ReplicationChannel& channel = channels.front();
    GRAFT_RETURN_IF_ERROR(CheckUnbroken(channel));
    const bool level = IsLevel(channel);
    if (!channel.receiver_running || !channel.applier_running) {
      GRAFT_RETURN_IF_ERROR(StartIfStopped(context_, channel));
      return absl::UnavailableError(absl::StrCat(
          "receiver ", channel.receiver_running ? "runs" : "is not running", ", applier ",
          channel.applier_running ? "runs" : "is not running", ": ", channel.receiver_error));
    }
    if (target_.has_value()) return CompareWithTarget();
    if (level) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("the source does not say what it holds: ", source_says_.message()));
  }

  absl::Status CompareWithTarget() {
    GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, ReadGtidExecuted(context_.recipient()));
    const int64_t behind = target_->Minus(executed).size();
    if (behind == 0) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat(behind, behind == 1 ? " transaction" : " transactions", " behind"));
  }

  // Caught up as far as the channel tells. MySQL shows a lag of zero while nothing has come yet,
  // too; so the source must send something after the lag has been small for a while. An idle source
  // sends a heartbeat, a source that hangs sends nothing.
  bool IsLevel(const ReplicationChannel& channel) {
    const absl::Time now = context_.clock().Now();
    const bool news = channel.heard != heard_;
    heard_ = channel.heard;
    if (!channel.lag.has_value() || *channel.lag > kLevelLag) level_since_ = now;
    return news && now - level_since_ >= kLevel;
  }

  absl::Status CheckUnbroken(const ReplicationChannel& channel) const {
    const Operation& operation = context_.operation;
    if (channel.applier_errno != 0 && !channel.applier_running) {
      return ReplicationBroken(operation, "applier", channel.applier_errno, channel.applier_error);
    }
    // A receiver that stopped because the source was away is started again.
    if (channel.receiver_errno == 0 || channel.source_away || channel.receives()) {
      return absl::OkStatus();
    }
    return ReplicationBroken(operation, "receiver", channel.receiver_errno, channel.receiver_error);
  }

  // OK while something moves, or a transaction is being worked on.
  absl::Status CheckMoves(const absl::Status& state) const {
    const absl::Time now = context_.clock().Now();
    const absl::Duration patience = context_.options.catch_up_stall_timeout;
    if (patience > absl::ZeroDuration() && watch_.idle(now) >= patience) {
      if (!source_.ok()) return source_;
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

  // The replica's source. A source may move, be put aside or be rebuilt, and another server may use
  // its port by now.
  absl::Status CheckSource() {
    const absl::Time now = context_.clock().Now();
    if (now < next_look_) return source_;
    source_ = FollowSourceOfNow();
    next_look_ = context_.clock().Now() + kLookAtSource;
    return source_;
  }

  absl::Status FollowSourceOfNow() {
    GRAFT_ASSIGN_OR_RETURN(const Tablet source, FindSource(context_));
    const auto facts = AskSource(context_, source);
    if (HasReason(facts.status(), Reason::kSourceIdentity)) {
      GRAFT_RETURN_IF_ERROR(StopWhenIdle(context_, /*forget=*/false));
      return facts.status();
    }
    if (!IsKnownSource(context_.operation, source)) {
      context_.Note(absl::StrCat("follows ", source.alias.ToString(), " at ",
                                 source.mysql.ToString(), " from now on"));
      GRAFT_RETURN_IF_ERROR(FollowSource(context_, source));
      target_.reset();
    }
    NoteTarget(facts);
    return absl::OkStatus();
  }

  // The source's transactions at the first answer.
  void NoteTarget(const absl::StatusOr<ServerFacts>& facts) {
    source_says_ = facts.status();
    if (target_.has_value() || !facts.ok()) return;
    auto executed = GtidSet::Parse(facts->gtid_executed);
    source_says_ = executed.status();
    if (executed.ok()) target_ = *std::move(executed);
  }

  StepContext& context_;
  const absl::Time began_;
  ReplicationWatch watch_;
  absl::Time next_look_ = absl::InfinitePast();  // at the source
  absl::Status source_;                          // whether it may be followed
  absl::Status source_says_;                     // its last answer
  std::optional<GtidSet> target_;
  std::string heard_;
  absl::Time level_since_;  // since when the lag has been small
};

}  // namespace

absl::Status AwaitCaughtUp(StepContext& context) {
  return CatchUp(context).Run();
}

StepOutcome CatchUpStep(StepContext& context) {
  // From now on this tablet may itself be donor: its record says so, and who waits is told.
  if (context.deps.line.state() != ClaimKeeper::State::kNone) {
    TabletFacts facts = context.deps.record.facts();
    facts.health.empty = false;  // the keeper's last look was another server's
    facts.health.lag = LagClass::kUnknown;
    context.deps.record.Note(facts);
    context.PublishRecord().IgnoreError();
    context.deps.line.Leave().IgnoreError();
  }
  return AwaitCaughtUp(context);
}

}  // namespace graft
