#include "provision/operation/operations.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "provision/operation/take_over.h"

namespace graft {
namespace {

// Sorts by time, and two agents never make the same one.
std::string MakeId(absl::Time now) {
  absl::BitGen random;
  return absl::StrFormat("%s-%08x", absl::FormatTime("%Y%m%dT%H%M%S", now, absl::UTCTimeZone()),
                         absl::Uniform<uint32_t>(random));
}

CloneSettings WithDefaults(CloneSettings settings, const CloneSettings& defaults) {
  const auto fill = [](auto& value, const auto& from) {
    if (!value.has_value()) value = from;
  };
  fill(settings.max_data_bandwidth_mib, defaults.max_data_bandwidth_mib);
  fill(settings.max_network_bandwidth_mib, defaults.max_network_bandwidth_mib);
  fill(settings.max_concurrency, defaults.max_concurrency);
  fill(settings.compression, defaults.compression);
  fill(settings.block_ddl, defaults.block_ddl);
  return settings;
}

absl::Status HasEnded(const Operation& operation) {
  return WithReason(
      absl::FailedPreconditionError(absl::StrCat("operation ", operation.request.id, " has ended (",
                                                 OutcomeName(operation.outcome), ")")),
      Reason::kOperationEnded);
}

absl::Status Refused(const Operation& operation, CancelAnswer answer) {
  if (answer == CancelAnswer::kDataDropped) {
    const char* what = operation.data_state == DataState::kEmpty
                           ? "the old data is already dropped"
                           : "CLONE has been sent, and its first act is to drop the old data";
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          what,
                          ": a cancel would leave the tablet empty, fenced and marked; say "
                          "so if that is meant (--even-if-dropped)")),
                      Reason::kDataDropped);
  }
  const char* what = operation.data_state == DataState::kCloned
                         ? "too late: the new data is in place"
                         : "too late: the copy is made, and the server is restarting on it";
  return WithReason(absl::FailedPreconditionError(what), Reason::kTooLate);
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

Operations::Operations(Clock& clock, Journal& journal, Defaults defaults,
                       std::vector<Operation> history, Others others)
    : clock_(clock),
      journal_(journal),
      defaults_(std::move(defaults)),
      others_(std::move(others)),
      operations_(std::move(history)) {}

void Operations::Serve(const RunOperation& run) {
  while (true) {
    Operation operation;
    std::shared_ptr<OperationControl> control;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](Operations* self) ABSL_NO_THREAD_SAFETY_ANALYSIS {
            return self->stopping_ || self->queued_.has_value();
          },
          this));
      if (stopping_) return;
      operation = *std::exchange(queued_, std::nullopt);
      control = control_;
    }
    run(operation, control);
  }
}

void Operations::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  if (control_ != nullptr) control_->Stop();
}

bool Operations::ResumeUnfinished() {
  absl::MutexLock lock(&mutex_);
  if (operations_.empty() || operations_.back().outcome != Outcome::kRunning) return false;
  running_ = operations_.back().request.id;
  control_ = std::make_shared<OperationControl>();
  ++operations_.back().resumptions;
  queued_ = operations_.back();
  return true;
}

absl::StatusOr<Operation> Operations::Draft(const ReprovisionCall& call) const {
  Operation draft;
  draft.requested = clock_.Now();
  draft.request.id = call.id.empty() ? MakeId(draft.requested) : call.id;
  draft.recipient = defaults_.recipient;
  draft.request.replicate_from = call.replicate_from.value_or(defaults_.replicate_from);
  const std::optional<DonorChoice> donor = call.donor.has_value() ? call.donor : defaults_.donor;
  if (!donor.has_value()) {
    return WithReason(absl::InvalidArgumentError(
                          "no donor specified: name the primary (--from-primary), a tablet "
                          "(--from-tablet zone1-0000000101), or let the shard's best be found "
                          "(--from-any)"),
                      Reason::kNoDonorSpecified);
  }
  draft.request.donor = *donor;
  draft.request.settings = WithDefaults(call.settings, defaults_.settings);
  draft.request.allow.non_innodb = call.allow.non_innodb || defaults_.allow.non_innodb;
  draft.request.allow.unchecked = call.allow.unchecked || defaults_.allow.unchecked;
  return draft;
}

// Makes `draft` the running operation, or answers the known one with its id.
absl::StatusOr<Operation> Operations::Reserve(const Operation& draft) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the agent is stopping");
  if (const Operation* known = Find(draft.request.id)) {
    if (known->request == draft.request) return *known;
    return WithReason(
        absl::AlreadyExistsError(absl::StrCat("operation ", draft.request.id,
                                              " exists with other parameters; use another id")),
        Reason::kOperationDiffers);
  }
  if (!running_.empty()) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "operation ", running_, " is running; watch it, or cancel it first")),
                      Reason::kOperationRunning);
  }
  running_ = draft.request.id;
  control_ = std::make_shared<OperationControl>();
  Operation reserved = draft;
  if (!operations_.empty()) TakeOver(operations_.back(), reserved);
  operations_.push_back(reserved);
  return reserved;
}

absl::StatusOr<Operation> Operations::Reprovision(const ReprovisionCall& call) {
  GRAFT_ASSIGN_OR_RETURN(const Operation draft, Draft(call));
  GRAFT_ASSIGN_OR_RETURN(const Operation reserved, Reserve(draft));
  if (reserved.requested != draft.requested) return reserved;  // it was known already
  const absl::Status saved = journal_.Save(reserved);
  absl::MutexLock lock(&mutex_);
  if (!saved.ok()) {
    running_.clear();
    control_ = nullptr;
    operations_.pop_back();
    return Annotate(saved, "journal");
  }
  queued_ = reserved;
  return reserved;
}

absl::StatusOr<Operation> Operations::Get(absl::string_view id) {
  absl::MutexLock lock(&mutex_);
  if (const Operation* operation = Find(id)) return *operation;
  return absl::NotFoundError(id.empty() ? "there has been no operation yet"
                                        : absl::StrCat("no operation ", id));
}

std::vector<Operation> Operations::List() {
  absl::MutexLock lock(&mutex_);
  return {operations_.rbegin(), operations_.rend()};
}

std::shared_ptr<OperationControl> Operations::ControlOf(const Operation& operation) const {
  absl::MutexLock lock(&mutex_);
  return running_ == operation.request.id ? control_ : nullptr;
}

absl::StatusOr<Operation> Operations::Cancel(absl::string_view id, CancelWish wish) {
  GRAFT_ASSIGN_OR_RETURN(const Operation operation, Get(id));
  const std::shared_ptr<OperationControl> control = ControlOf(operation);
  if (control == nullptr) return HasEnded(operation);
  const CancelAnswer answer = control->Cancel(wish);
  if (answer != CancelAnswer::kGranted) return Refused(operation, answer);
  return Get(operation.request.id);
}

absl::StatusOr<Operation> Operations::Throttle(absl::string_view id,
                                               const CloneSettings& settings) {
  GRAFT_RETURN_IF_ERROR(CheckThrottle(settings));
  GRAFT_ASSIGN_OR_RETURN(const Operation operation, Get(id));
  const std::shared_ptr<OperationControl> control = ControlOf(operation);
  if (control == nullptr) return HasEnded(operation);
  if (!control->Throttle(settings)) return Refused(operation, CancelAnswer::kTooLate);
  return Get(operation.request.id);
}

void Operations::Preflight(const ReprovisionCall& call, PreflightDone on_done) {
  absl::StatusOr<Operation> draft = Draft(call);
  if (!draft.ok()) return on_done(draft.status());
  others_.preflight(*draft, std::move(on_done));
}

absl::StatusOr<std::unique_ptr<Subscription>> Operations::Subscribe(
    absl::string_view id, std::function<void(const Operation&)> on_change) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->on_change = std::move(on_change);
  // Changes made from now on wait for this first call.
  absl::MutexLock turn(&subscriber->turn);
  Operation present;
  {
    absl::MutexLock lock(&mutex_);
    const Operation* operation = Find(id);
    if (operation == nullptr) {
      return absl::NotFoundError(id.empty() ? "there has been no operation yet"
                                            : absl::StrCat("no operation ", id));
    }
    present = *operation;
    subscriber->id = present.request.id;
    subscribers_.push_back(subscriber);
  }
  subscriber->on_change(present);
  return std::unique_ptr<Subscription>(new SubscriptionImpl(*this, subscriber));
}

void Operations::Changed(const Operation& operation) {
  std::vector<std::shared_ptr<Subscriber>> interested;
  {
    absl::MutexLock lock(&mutex_);
    for (Operation& known : operations_) {
      if (known.request.id == operation.request.id) known = operation;
    }
    if (operation.outcome != Outcome::kRunning && running_ == operation.request.id) {
      running_.clear();
      control_ = nullptr;
    }
    for (const auto& subscriber : subscribers_) {
      if (subscriber->id == operation.request.id) interested.push_back(subscriber);
    }
  }
  for (const auto& subscriber : interested) subscriber->Tell(operation);
}

const Operation* Operations::Find(absl::string_view id) const {
  if (id.empty()) return operations_.empty() ? nullptr : &operations_.back();
  for (const Operation& operation : operations_) {
    if (operation.request.id == id) return &operation;
  }
  return nullptr;
}

}  // namespace graft
