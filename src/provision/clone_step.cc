// clone: the one step that drops data. Sends CLONE INSTANCE once, or adopts the run that an earlier
// process of the agent sent, and stays with it until the statement has ended.

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/clone_watch.h"
#include "provision/fence.h"
#include "provision/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(20);
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

// Carries the statement's end from its own thread to the operation's. Outlives both.
class StatementEnd {
 public:
  void Set(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  std::optional<absl::Status> Get() const {
    absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);
};

// What could have changed since preflight and must never be got wrong.
absl::Status LastChecks(StepContext& context) {
  const ProvisionerOptions& options = context.options;
  GRAFT_ASSIGN_OR_RETURN(const Shard shard,
                         context.deps.topology.GetShard(options.keyspace, options.shard));
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(options.alias));
  return RefusePrimary(own, shard);
}

CloneRequest MakeRequest(const StepContext& context) {
  CloneRequest request;
  request.donor = context.operation.donor_mysql;
  request.user = context.options.clone_user;
  request.password = context.options.clone_password;
  request.require_ssl = context.options.clone_use_ssl;
  request.lock_wait_timeout = context.options.lock_wait_timeout;
  return request;
}

// Journals the marks of the run, seals the operation against cancel, and sends the statement.
absl::Status Send(StepContext& context, const std::shared_ptr<StatementEnd>& end) {
  Operation& operation = context.operation;
  GRAFT_RETURN_IF_ERROR(LastChecks(context));
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context.recipient().Describe());
  operation.run = CloneRun();
  operation.run.not_before = facts.now;
  GRAFT_RETURN_IF_ERROR(context.Save());
  if (!context.control->Seal()) return absl::CancelledError("cancelled before CLONE was sent");
  GRAFT_RETURN_IF_ERROR(OpenForClone(context));

  const std::shared_ptr<OperationControl> control = context.control;
  const auto id =
      context.recipient().StartClone(MakeRequest(context), [end, control](absl::Status status) {
        end->Set(std::move(status));
        control->wait().Wake();
      });
  if (!id.ok()) return id.status();
  operation.run.connection_id = *id;
  // Until the server has been asked, the worst is assumed.
  operation.data_state = DataState::kPartial;
  // It runs: a journal that fails now must not end it. The marks saved above are enough to know it.
  context.Save().IgnoreError();
  return absl::OkStatus();
}

// Only an answer of the server's counts; the loss of the connection decides nothing.
bool DecidesNothing(const absl::Status& ended) {
  return ended.ok() || (absl::IsUnavailable(ended) && ReasonOf(ended) == kReasonMysqlGone);
}

// The statement failed: what it said, and what it left behind.
absl::Status StatementFailed(StepContext& context, CloneWatch& watch, const absl::Status& said) {
  absl::Duration pause = kFirstLook;
  auto verdict = watch.Look();
  for (int tries = 0; !verdict.ok() && tries < 8; ++tries) {
    GRAFT_RETURN_IF_ERROR(context.Wait(pause));
    pause *= 2;
    verdict = watch.Look();
  }
  return Annotate(said, absl::StrCat("clone from ", context.operation.donor.ToString()));
}

absl::Status StayWithIt(StepContext& context, const std::shared_ptr<StatementEnd>& end) {
  CloneWatch watch(context);
  absl::Duration pause = kFirstLook;
  while (true) {
    if (const std::optional<absl::Status> ended = end->Get()) {
      return DecidesNothing(*ended) ? absl::OkStatus() : StatementFailed(context, watch, *ended);
    }
    const auto verdict = watch.Look();
    if (!verdict.ok() && ReasonOf(verdict.status()) == kReasonMysqlGone) return absl::OkStatus();
    if (verdict.ok() && *verdict != CloneVerdict::kRunning && *verdict != CloneVerdict::kNoTrace) {
      if (*verdict != CloneVerdict::kFailed) return absl::OkStatus();  // await_restart judges it
      if (!end->Get().has_value()) {
        // The statement's own words come in a moment; without them the report's have to do.
        GRAFT_RETURN_IF_ERROR(context.Wait(kLookEvery));
        if (!end->Get().has_value()) return watch.Failure(*verdict);
      }
      continue;
    }
    GRAFT_RETURN_IF_ERROR(context.Wait(pause));
    pause = std::min(pause * 3 / 2, kLookEvery);
  }
}

// Is the run of an earlier process of the agent there? NOT_FOUND: it left no trace.
absl::Status Adopt(StepContext& context) {
  if (context.operation.run.not_before.empty()) return absl::NotFoundError("never sent");
  CloneWatch watch(context);
  const auto verdict = watch.Look();
  if (!verdict.ok()) {
    return ReasonOf(verdict.status()) == kReasonMysqlGone ? absl::OkStatus() : verdict.status();
  }
  if (*verdict == CloneVerdict::kNoTrace) return absl::NotFoundError("no trace of it");
  return absl::OkStatus();
}

}  // namespace

// OK: the statement has ended, or its server went away; clone_status has the truth.
// Any other: CLONE was refused or failed; operation.data_state says what is left.
absl::Status CloneStep(StepContext& context) {
  const auto end = std::make_shared<StatementEnd>();
  absl::Status adopted = Adopt(context);
  if (absl::IsNotFound(adopted)) {
    GRAFT_RETURN_IF_ERROR(Send(context, end));
  } else if (!adopted.ok()) {
    return adopted;
  }
  return StayWithIt(context, end);
}

}  // namespace graft
