// replicate, catch_up, publish: from a verified copy to a replica that serves.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/operation/published_state.h"
#include "provision/steps/fence.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

absl::StatusOr<GtidSet> ReadGtidExecuted(MysqlServer& server) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> variables,
                         server.ReadVariables({"gtid_executed"}));
  return GtidSet::Parse(variables.front().value);
}

}  // namespace

absl::Status ReplicateStep(StepContext& context) {
  Operation& operation = context.operation;
  // A donor that is a replica brought its own channels along, with their passwords.
  GRAFT_RETURN_IF_ERROR(context.recipient().StopReplication(/*forget=*/true));
  ReplicationSource source;
  source.address = operation.source_mysql;
  source.user = context.options.repl_user;
  source.password = context.options.repl_password;
  source.use_ssl = context.options.repl_use_ssl;
  return Annotate(context.recipient().StartReplication(source),
                  absl::StrCat("replicate from ", operation.source.ToString()));
}

namespace {

absl::Status ReplicationBroken(const Operation& operation, absl::string_view thread, int error,
                               absl::string_view text) {
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("replication from ", operation.source.ToString(), ": the ",
                                     thread, " stopped with ", error, ": ", text)),
                    Reason::kMysqlNumber, error);
}

// A mysqld that was killed comes back fenced, with its channel not started.
absl::Status StartIfStopped(StepContext& context, const ReplicationChannel& channel) {
  const bool moves = channel.receiver_running || channel.receiver_connecting;
  if (moves && channel.applier_running) return absl::OkStatus();
  return context.recipient().StartReplication(std::nullopt);
}

// Follows the default channel until it holds all that the source had when the step began.
class CatchUp {
 public:
  explicit CatchUp(StepContext& context) : context_(context) {}

  // OK: caught up. UNAVAILABLE: not yet. Other codes end it.
  absl::Status Look() {
    GRAFT_ASSIGN_OR_RETURN(const auto channels, context_.recipient().ReadReplication());
    if (channels.empty()) {
      return absl::FailedPreconditionError("the replication channel has been removed by somebody");
    }
    const ReplicationChannel& channel = channels.front();
    if (channel.applier_errno != 0 && !channel.applier_running) {
      return ReplicationBroken(context_.operation, "applier", channel.applier_errno,
                               channel.applier_error);
    }
    if (channel.receiver_errno != 0 && !channel.receiver_running && !channel.receiver_connecting) {
      return ReplicationBroken(context_.operation, "receiver", channel.receiver_errno,
                               channel.receiver_error);
    }
    if (!channel.receiver_running || !channel.applier_running) {
      GRAFT_RETURN_IF_ERROR(StartIfStopped(context_, channel));
      return absl::UnavailableError(absl::StrCat(
          "receiver ", channel.receiver_running ? "runs" : "is not running", ", applier ",
          channel.applier_running ? "runs" : "is not running", ": ", channel.receiver_error));
    }
    GRAFT_RETURN_IF_ERROR(NoteTarget());
    GRAFT_ASSIGN_OR_RETURN(executed_, ReadGtidExecuted(context_.recipient()));
    if (target_.has_value() && executed_.Contains(*target_)) return absl::OkStatus();
    if (!target_.has_value() && channel.lag == absl::ZeroDuration()) return absl::OkStatus();
    return absl::UnavailableError("not caught up yet");
  }

  int64_t transactions() const { return executed_.size(); }

 private:
  // What the source has now. If its clone account does not let the agent in, lag has to do.
  absl::Status NoteTarget() {
    if (asked_) return absl::OkStatus();
    asked_ = true;
    const auto source = context_.deps.open_peer(context_.operation.source_mysql);
    auto executed = ReadGtidExecuted(*source);
    if (executed.ok()) target_ = *std::move(executed);
    return absl::OkStatus();
  }

  StepContext& context_;
  bool asked_ = false;
  std::optional<GtidSet> target_;
  GtidSet executed_;
};

}  // namespace

// FAILED_PRECONDITION: the channel broke, or not a transaction more came for a while.
absl::Status CatchUpStep(StepContext& context) {
  CatchUp catch_up(context);
  const absl::Duration patience = context.options.catch_up_stall_timeout;
  absl::Time deadline = context.clock().Now() + patience;
  absl::Duration pause = absl::Milliseconds(5);
  int64_t transactions = 0;
  absl::Status status = catch_up.Look();
  while (absl::IsUnavailable(status)) {
    if (catch_up.transactions() != transactions) {
      transactions = catch_up.transactions();
      deadline = context.clock().Now() + patience;
    }
    if (context.clock().Now() >= deadline) {
      return WithReason(
          absl::FailedPreconditionError(
              absl::StrCat("replication from ", context.operation.source.ToString(),
                           " has not moved for ", HumanDuration(patience), ": ", status.message())),
          Reason::kCatchUpStalled);
    }
    GRAFT_RETURN_IF_ERROR(context.Wait(pause));
    pause = std::min(pause * 3 / 2, absl::Milliseconds(200));
    status = catch_up.Look();
  }
  return status;
}

// The tablet serves again: fence down, though still read-only as a replica is, and its type back.
absl::Status PublishStep(StepContext& context) {
  // Others may have cloned from the donor meanwhile; the copy is proved all the same.
  if (context.deps.claims.state() == ClaimKeeper::State::kLost) context.operation.claim_lost = true;
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  if (!channels.empty()) GRAFT_RETURN_IF_ERROR(StartIfStopped(context, channels.front()));
  GRAFT_RETURN_IF_ERROR(LiftFence(context, /*keep_read_only=*/true));
  GRAFT_RETURN_IF_ERROR(context.Save());
  Operation done = context.operation;
  done.outcome = Outcome::kDone;
  absl::Status published =
      context.deps.topology.UpdateTablet(context.options.alias, [&done](Tablet& tablet) {
        ApplyPublishedState(done, tablet);
        return absl::OkStatus();
      });
  if (published.ok() || absl::IsNotFound(published)) return published;
  // Away, or closed to us, or written by others all the while: no reason to give up on a good copy.
  context.operation.progress.note =
      absl::StrCat("all is done but the record cannot be written: ", published.message());
  context.ReportProgress();
  return absl::UnavailableError(published.message());
}

}  // namespace graft
