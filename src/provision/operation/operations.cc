#include "provision/operation/operations.h"
#include "provision/preflight/preflight.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "provision/operation/decisions.h"

namespace graft {
namespace {

// Sorts by time, and two agents never make the same one.
std::string MakeId(absl::Time now) {
  absl::BitGen random;
  return absl::StrFormat("%s-%08x", absl::FormatTime("%Y%m%dT%H%M%S", now, absl::UTCTimeZone()),
                         absl::Uniform<uint32_t>(random));
}

absl::Status HasEnded(const Operation& operation) {
  return Failure(Reason::kOperationEnded,
                 absl::StrCat("operation ", operation.request.id, " has ended (",
                              OutcomeName(operation.outcome), ")"));
}

absl::Status CheckThrottle(const CloneSettings& settings) {
  if (settings.max_concurrency.has_value() || settings.compression.has_value() ||
      settings.block_ddl.has_value()) {
    return absl::InvalidArgumentError(
        "MySQL reads concurrency, compression and block-ddl when a clone begins; only the "
        "bandwidths can be changed while it runs");
  }
  if (settings == CloneSettings()) return absl::InvalidArgumentError("no bandwidth is given");
  return absl::OkStatus();
}

}  // namespace

struct Operations::Subscriber {
  std::string id;
  std::function<void(const Operation&)> on_change;
  absl::Mutex turn;  // held while on_change runs: one call at a time, and the end waits for it
  bool ended ABSL_GUARDED_BY(turn) = false;

  void Tell(const Operation& operation) {
    absl::MutexLock lock(&turn);
    if (!ended) on_change(operation);
  }
};

class Operations::SubscriptionImpl : public Subscription {
 public:
  SubscriptionImpl(Operations& operations, std::shared_ptr<Subscriber> subscriber)
      : operations_(operations), subscriber_(std::move(subscriber)) {}
  ~SubscriptionImpl() override {
    {
      absl::MutexLock lock(&operations_.mutex_);
      auto& all = operations_.subscribers_;
      all.erase(std::remove(all.begin(), all.end(), subscriber_), all.end());
    }
    absl::MutexLock lock(&subscriber_->turn);
    subscriber_->ended = true;
  }

 private:
  Operations& operations_;
  const std::shared_ptr<Subscriber> subscriber_;
};

Operations::Operations(Clock& clock, TabletOwner& owner, Defaults defaults, Others others)
    : clock_(clock), owner_(owner), defaults_(std::move(defaults)), others_(std::move(others)) {}

void Operations::Open() {
  absl::MutexLock lock(&mutex_);
  opened_ = true;
}

absl::Status Operations::CheckOpen() const {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return Failure(Reason::kAgentStopping, "the agent is stopping");
  if (opened_) return absl::OkStatus();
  return Failure(Reason::kAgentStarting,
                 "the agent is starting and does not know yet how its tablet stands; ask again in "
                 "a moment");
}

void Operations::Queue() {
  absl::MutexLock lock(&mutex_);
  control_ = std::make_shared<OperationControl>();
  if (stopping_) control_->Stop();
  queued_ = true;
}

bool Operations::ResumeUnfinished() {
  const Operation& operation = owner_.state()->operation;
  if (operation.request.id.empty() || operation.outcome != Outcome::kRunning) return false;
  Queue();
  return true;
}

bool Operations::RunQueued(const RunOperation& run) {
  std::shared_ptr<OperationControl> control;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_ || !queued_) return false;
    queued_ = false;
    control = control_;
  }
  TabletState state = *owner_.state();
  run(state, control);
  absl::MutexLock lock(&mutex_);
  if (control_ == control) control_ = nullptr;
  return true;
}

void Operations::Serve(const RunOperation& run) {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](Operations* self)
               ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->stopping_ || self->queued_; },
          this));
    }
    if (!RunQueued(run)) return;
  }
}

void Operations::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  if (control_ != nullptr) control_->Stop();
}

absl::StatusOr<Operation> Operations::Draft(const ReprovisionCall& call) const {
  Operation draft;
  draft.requested = clock_.Now();
  draft.request.id = call.id.empty() ? MakeId(draft.requested) : call.id;
  draft.recipient = defaults_.recipient;
  const std::optional<DonorChoice> donor = call.donor.has_value() ? call.donor : defaults_.donor;
  if (!donor.has_value()) {
    return Failure(Reason::kNoDonorSpecified,
                   "no donor specified: name the primary (--from-primary), a tablet (--from-tablet "
                   "zone1-0000000101), let the shard's best be found (--from-any), or restore a "
                   "backup (--from-backup)");
  }
  if (donor->kind == DonorChoice::Kind::kTablet && donor->tablet == draft.recipient) {
    return Failure(Reason::kDonorIsRecipient,
                   absl::StrCat(draft.recipient.ToString(), " cannot be rebuilt from itself"));
  }
  draft.request.donor = *donor;
  draft.from_backup = donor->kind == DonorChoice::Kind::kBackup;
  draft.step = PlanOf(draft).front().step;
  draft.request.fallback_to_backup = call.fallback_to_backup;
  draft.request.replicate_from =
      call.replicate_from.value_or(defaults_.replicate_from.value_or(UsualSource(*donor)));
  draft.request.settings = WithDefaults(call.settings, defaults_.settings);
  draft.request.allow = WithDefaults(call.allow, defaults_.allow);
  draft.request.if_needed = call.if_needed;
  draft.step = PlanOf(draft).front().step;
  GRAFT_RETURN_IF_ERROR(RequireChecks(draft.request.allow));
  return draft;
}

std::optional<absl::StatusOr<Operation>> Operations::Known(const Operation& draft) const {
  for (const TabletOwner::Snapshot& known : owner_.history()) {
    if (known->operation.request.id != draft.request.id) continue;
    if (known->operation.request == draft.request) return known->operation;
    return Failure(Reason::kOperationDiffers,
                   absl::StrCat("operation ", draft.request.id,
                                " exists with other parameters; use another id"));
  }
  return std::nullopt;
}

absl::StatusOr<Operation> Operations::Begin(const Operation& draft) {
  if (const auto known = Known(draft)) return *known;
  absl::StatusOr<TabletOwner::Snapshot> begun = owner_.Begin(draft);
  // The same request twice at once: the other one came first.
  if (!begun.ok()) return Known(draft).value_or(begun.status());
  if (others_.begun != nullptr) others_.begun();
  Queue();
  return (*begun)->operation;
}

absl::StatusOr<Operation> Operations::Reprovision(const ReprovisionCall& call) {
  GRAFT_RETURN_IF_ERROR(CheckOpen());
  GRAFT_ASSIGN_OR_RETURN(const Operation draft, Draft(call));
  return Begin(draft);
}

absl::StatusOr<Operation> Operations::Release(const ReleaseCall& call) {
  GRAFT_RETURN_IF_ERROR(CheckOpen());
  Operation draft;
  draft.requested = clock_.Now();
  draft.request.id = call.id.empty() ? MakeId(draft.requested) : call.id;
  draft.request.kind = OperationKind::kRelease;
  draft.request.release = call.word;
  draft.recipient = defaults_.recipient;
  draft.step = PlanOf(draft).front().step;
  if (const auto known = Known(draft)) return *known;
  const Operation present = owner_.state()->operation;
  if (present.outcome != Outcome::kRunning) {
    GRAFT_RETURN_IF_ERROR(CheckVouched(draft, present.data_state));
  }
  return Begin(draft);
}

absl::StatusOr<Operation> Operations::Get(absl::string_view id) {
  for (const TabletOwner::Snapshot& known : owner_.history()) {
    if (id.empty() || known->operation.request.id == id) return known->operation;
  }
  GRAFT_RETURN_IF_ERROR(CheckOpen());
  return absl::NotFoundError(id.empty() ? "there has been no operation yet"
                                        : absl::StrCat("no operation ", id));
}

std::vector<Operation> Operations::List() {
  std::vector<Operation> operations;
  for (const auto& known : owner_.history()) operations.push_back(known->operation);
  return operations;
}

std::shared_ptr<OperationControl> Operations::control() const {
  absl::MutexLock lock(&mutex_);
  return control_;
}

absl::StatusOr<Operation> Operations::Cancel(absl::string_view id, CancelWish wish) {
  GRAFT_RETURN_IF_ERROR(CheckOpen());
  GRAFT_ASSIGN_OR_RETURN(const Operation operation, Get(id));
  if (operation.outcome != Outcome::kRunning) return HasEnded(operation);
  GRAFT_RETURN_IF_ERROR(owner_.GrantCancel(operation.request.id, wish));
  const TabletOwner::Snapshot now = owner_.state();
  // A running copy has to end first, and its end takes waits.
  const bool ends = now->operation.request.kind == OperationKind::kReprovision &&
                    RowOf(now->operation).zone == Zone::kBeforeDrop && !now->clone.has_value();
  if (const auto running = control()) ends ? running->EndWaits() : running->Wake();
  return Get(operation.request.id);
}

absl::StatusOr<Operation> Operations::Throttle(absl::string_view id,
                                               const CloneSettings& settings) {
  GRAFT_RETURN_IF_ERROR(CheckOpen());
  GRAFT_RETURN_IF_ERROR(CheckThrottle(settings));
  GRAFT_ASSIGN_OR_RETURN(const Operation operation, Get(id));
  GRAFT_RETURN_IF_ERROR(owner_.GrantThrottle(operation.request.id, settings));
  if (const auto running = control()) running->Wake();
  return operation;
}

void Operations::Preflight(const ReprovisionCall& call, PreflightDone on_done) {
  const absl::Status open = CheckOpen();
  absl::StatusOr<Operation> draft = open.ok() ? Draft(call) : open;
  if (!draft.ok()) return on_done(draft.status());
  if (draft->from_backup) {
    return on_done(absl::UnimplementedError(
        "only a server can be judged, and a backup has none until reprovision --from-backup has "
        "restored it, which makes all checks before it drops anything; look at the backup with "
        "graftctl backups verify"));
  }
  others_.preflight(*draft, std::move(on_done));
}

absl::StatusOr<std::unique_ptr<Subscription>> Operations::Subscribe(
    absl::string_view id, std::function<void(const Operation&)> on_change) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->on_change = std::move(on_change);
  // Changes made from now on wait for this first call.
  absl::MutexLock turn(&subscriber->turn);
  GRAFT_ASSIGN_OR_RETURN(const Operation present, Get(id));
  {
    absl::MutexLock lock(&mutex_);
    subscriber->id = present.request.id;
    subscribers_.push_back(subscriber);
  }
  // A change in between is delivered at once.
  const absl::StatusOr<Operation> newest = Get(present.request.id);
  subscriber->on_change(newest.ok() ? *newest : present);
  return std::unique_ptr<Subscription>(new SubscriptionImpl(*this, subscriber));
}

void Operations::Changed(const Operation& operation) {
  std::vector<std::shared_ptr<Subscriber>> interested;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& subscriber : subscribers_) {
      if (subscriber->id == operation.request.id) interested.push_back(subscriber);
    }
  }
  for (const auto& subscriber : interested) subscriber->Tell(operation);
}

}  // namespace graft
