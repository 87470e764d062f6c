// clone: the one step that drops data. Sends CLONE INSTANCE once, or adopts the run that an earlier
// process of the agent sent, and stays with it until the server shows how it ended.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/clone_supervisor.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kPollEvery = absl::Milliseconds(500);
constexpr absl::Duration kPreparePatience = absl::Seconds(15);
// The last checks count for so long. After them come calls of the journal, the topology and the
// server, each of which may hang for ten seconds.
constexpr absl::Duration kChecksHold = absl::Seconds(4);
constexpr int kMostRounds = 3;

VariableChange Set(absl::string_view name, absl::string_view value) {
  return {VariableChange::How::kGlobal, std::string(name), std::string(value)};
}

// What a request's settings mean in MySQL's words.
std::vector<VariableChange> SettingChanges(const CloneSettings& settings) {
  std::vector<VariableChange> changes;
  const auto number = [&changes](const char* name, const auto& value) {
    if (value.has_value()) changes.push_back(Set(name, absl::StrCat(*value)));
  };
  const auto flag = [&changes](const char* name, const std::optional<bool>& value) {
    if (value.has_value()) changes.push_back(Set(name, *value ? "ON" : "OFF"));
  };
  number("clone_max_data_bandwidth", settings.max_data_bandwidth_mib);
  number("clone_max_network_bandwidth", settings.max_network_bandwidth_mib);
  number("clone_max_concurrency", settings.max_concurrency);
  flag("clone_enable_compression", settings.compression);
  flag("clone_block_ddl", settings.block_ddl);
  return changes;
}

bool IsNoted(const std::vector<FenceRecord::Persisted>& noted, const std::string& name) {
  return std::any_of(noted.begin(), noted.end(),
                     [&name](const FenceRecord::Persisted& known) { return known.name == name; });
}

CloneRequest MakeRequest(const StepContext& context) {
  CloneRequest request;
  request.donor = context.operation.donor_mysql;
  request.user = context.options.clone.user;
  request.password = context.options.clone.password;
  request.require_ssl = context.options.clone.use_ssl;
  request.lock_wait_timeout = context.options.lock_wait_timeout;
  return request;
}

// An operation that failed may have left its limits on the server: they are not this one's.
absl::Status TakeBackEarlierSettings(StepContext& context) {
  std::vector<VariableChange> changes;
  for (const FenceRecord::Persisted& noted : context.state.fence.clone_settings) {
    changes.push_back(Set(noted.name, noted.value));
  }
  return changes.empty() ? absl::OkStatus() : context.recipient().SetVariables(changes);
}

absl::Status Prepare(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(EndUserSessions(context));
  GRAFT_RETURN_IF_ERROR(TakeBackEarlierSettings(context));
  return ApplyCloneSettings(
      context, WithDefaults(context.deps.owner.throttle(), context.operation.request.settings));
}

// Nothing is sent yet, so all of it may be done again while a server or the store is away. Returns
// when the last checks were over.
absl::StatusOr<absl::Time> PrepareWithRetries(StepContext& context) {
  const absl::Time deadline = context.clock().Now() + kPreparePatience;
  while (true) {
    absl::Status status = LastChecks(context);
    const absl::Time checked = context.clock().Now();
    if (status.ok()) status = Prepare(context);
    if (status.ok()) return checked;
    if (!IsAway(status) || context.clock().Now() >= deadline) return status;
    GRAFT_RETURN_IF_ERROR(context.Wait(kPollEvery));
  }
}

// The marks of a run that is about to be sent. The report is read once before: the first look at
// clone_status after a start completes the row of the run before, and would mix the two.
absl::StatusOr<SentClone> TakeMarks(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(context.recipient().ReadClone().status());
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context.recipient().Describe());
  SentClone clone;
  clone.not_before = facts.now;
  context.operation.progress.clone_sent = facts.now;
  clone.process = facts.process;
  clone.choice = context.operation.request.donor;
  clone.donor = context.operation.donor;
  clone.donor_mysql = context.operation.donor_mysql;
  clone.donor_gtid = context.state.donor_gtid;
  clone.gtid_before = facts.gtid_executed;
  clone.schemas_before = facts.user_schemas;
  return clone;
}

// Nothing has reached the server.
absl::Status NotSent(StepContext& context, absl::Status why) {
  context.state.clone.reset();
  context.operation.data_state = context.state.data_before;
  CloseAgain(context).IgnoreError();
  context.Save().IgnoreError();
  return why;
}

// Looks at everything once more, journals the marks and the worst that can come of it, and opens
// the server for CLONE. If that takes so long that the checks no longer count, all of it is done
// again: meanwhile the tablet may have become the primary, the donor may have moved, or somebody
// may have cancelled. Any error: nothing was sent.
absl::Status GetReady(StepContext& context) {
  for (int round = 1; round <= kMostRounds; ++round) {
    GRAFT_ASSIGN_OR_RETURN(const absl::Time checked, PrepareWithRetries(context));
    GRAFT_ASSIGN_OR_RETURN(context.state.clone, TakeMarks(context));
    absl::Status status = context.deps.owner.CommitUnlessCancelled(context.state);
    // The next process finds the marks, and no trace of the run.
    if (context.control->stopped()) return absl::CancelledError("the agent is stopping");
    // From here on the record must not say INTACT. The copy begins also if the store is away.
    if (status.ok() && round == 1) context.PublishRecord().IgnoreError();
    if (status.ok()) status = OpenForClone(context);
    if (!status.ok()) return NotSent(context, std::move(status));
    if (context.clock().Now() - checked <= kChecksHold) return absl::OkStatus();
    NotSent(context, absl::OkStatus()).IgnoreError();
  }
  return absl::UnavailableError(absl::StrCat(
      "nothing was sent: the journal, the topology or the server answers so slowly that the last "
      "checks are older than ",
      absl::FormatDuration(kChecksHold), " whenever CLONE could be sent"));
}

// nullptr: the statement was not sent, for `why`.
std::shared_ptr<StatementEnd> Send(StepContext& context, absl::Status& why) {
  why = GetReady(context);
  if (!why.ok()) return nullptr;
  // The statement's own connection holds the server from here on; one of ours would hold up the
  // restart.
  context.deps.holder.ReleaseServer();
  auto end = std::make_shared<StatementEnd>();
  const auto id = context.recipient().StartClone(
      MakeRequest(context), [end, control = context.control](absl::Status status) {
        end->Set(std::move(status));
        control->Wake();
      });
  if (!id.ok()) {
    why = NotSent(context, id.status());
    return nullptr;
  }
  context.state.clone->connection_id = *id;
  // It runs: a journal that fails now must not end it. The marks saved above are enough.
  context.Save().IgnoreError();
  return end;
}

// "A clone runs here already" (3634): the one that an earlier process sent before it could note
// more than that it would.
bool IsTheEarlierOnes(const StepOutcome& outcome, const std::optional<SentClone>& earlier) {
  return earlier.has_value() && HasReason(outcome.why(), Reason::kCloneRunningHere);
}

}  // namespace

absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings) {
  const std::vector<VariableChange> changes = SettingChanges(settings);
  std::vector<FenceRecord::Persisted>& noted = context.state.fence.clone_settings;
  for (const VariableChange& change : changes) {
    if (IsNoted(noted, change.name)) continue;
    GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> before,
                           context.recipient().ReadVariables({change.name}));
    noted.push_back({change.name, before.front().value, before.front().persisted});
  }
  if (changes.empty()) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.Save());
  return context.recipient().SetVariables(changes);
}

// Advance: all is copied. Any other: CLONE was refused or failed; operation.data_state says what is
// left.
StepOutcome CloneStep(StepContext& context) {
  std::optional<SentClone> earlier = context.state.clone;
  if (earlier.has_value()) {
    if (auto outcome = SuperviseClone(context, nullptr)) return *std::move(outcome);
  }
  absl::Status why;
  const std::shared_ptr<StatementEnd> end = Send(context, why);
  if (end == nullptr) return why;
  std::optional<StepOutcome> outcome = SuperviseClone(context, end);
  if (outcome.has_value() && IsTheEarlierOnes(*outcome, earlier)) {
    context.state.clone = std::move(earlier);
    context.operation.data_state = DataState::kPartial;
    context.Save().IgnoreError();
    outcome = SuperviseClone(context, nullptr, /*runs_here=*/true);
  }
  if (outcome.has_value()) return *std::move(outcome);
  return Failure(Reason::kCloneNotStarted, "the server shows no trace of the clone");
}

}  // namespace graft
