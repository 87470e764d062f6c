#include "cli/watch.h"

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr absl::Duration kReconnectPause = absl::Milliseconds(250);

bool HasEnded(const v1::Operation& operation) {
  return operation.outcome() != v1::RUNNING && operation.outcome() != v1::OUTCOME_UNSPECIFIED;
}

// Errors that a restart of the agent explains.
bool MayPass(const absl::Status& status) {
  return status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status);
}

absl::Status NoContact(absl::Duration since, const absl::Status& status, const std::string& id) {
  return absl::UnavailableError(absl::StrCat(
      "no contact for ", HumanDuration(since), ": ", status.message(),
      id.empty() ? ""
                 : "; the operation goes on without this watch; look again with graftctl watch"));
}

absl::Status NotEnded(const v1::Operation& last) {
  return absl::DeadlineExceededError(
      absl::StrCat("operation ", last.id(), " has not ended yet; it is in ", last.step()));
}

// One watch. Run() is called once.
class Watch {
 public:
  Watch(Clock& clock, const Connect& connect, const WatchOptions& options, const WatchSink& sink,
        WatchStop& stop)
      : clock_(clock),
        connect_(connect),
        options_(options),
        sink_(sink),
        stop_(stop),
        contact_(clock.Now()) {
    request_.set_id(options.id);
    *request_.mutable_min_interval() = ToDuration(options.min_interval);
  }

  absl::StatusOr<v1::Operation> Run() {
    while (true) {
      const absl::Status status = Listen();
      if (HasEnded(last_)) return last_;
      if (stop_.stopped()) return absl::CancelledError("the watch was stopped");
      if (!MayPass(status)) return status;
      const absl::Duration silence = clock_.Now() - contact_;
      if (!heard_ && sink_.on_silence != nullptr) sink_.on_silence(silent_since_, status);
      if (!heard_ && silence >= options_.patience) return NoContact(silence, status, request_.id());
      if (clock_.Now() >= options_.deadline) return NotEnded(last_);
      stop_.pause().WaitFor(clock_, kReconnectPause);
    }
  }

 private:
  // To the end of one stream.
  absl::Status Listen() {
    // An agent that answers needs no look-up, and no topology.
    if (!heard_) {
      absl::StatusOr<std::unique_ptr<AgentClient>> found = connect_();
      if (found.ok()) agent_ = *std::move(found);
      if (agent_ == nullptr || !MayPass(found.status())) return found.status();
    }
    heard_ = false;
    if (stop_.stopped()) return absl::OkStatus();
    const absl::Status status =
        agent_->WatchOperation(request_, options_.deadline - clock_.Now(), stop_,
                               [this](const v1::Operation& operation) { Hear(operation); });
    // A stream lives until it breaks; one that says nothing any more has died before.
    if (heard_ && !absl::IsDeadlineExceeded(status)) silent_since_ = contact_ = clock_.Now();
    // An agent that is starting answers, and will tell more soon.
    if (HasReason(status, Reason::kAgentStarting)) contact_ = clock_.Now();
    return status;
  }

  void Hear(const v1::Operation& operation) {
    silent_since_ = contact_ = clock_.Now();
    // A heartbeat is the state before once more.
    const bool news = !heard_ || operation.SerializeAsString() != last_.SerializeAsString();
    heard_ = true;
    if (!news) return;
    last_ = operation;
    request_.set_id(operation.id());  // a newer one that starts meanwhile is not meant
    sink_.on_update(operation);
  }

  Clock& clock_;
  const Connect& connect_;
  const WatchOptions& options_;
  const WatchSink& sink_;
  WatchStop& stop_;
  v1::WatchOperationRequest request_;
  std::unique_ptr<AgentClient> agent_;
  v1::Operation last_;
  bool heard_ = false;                  // of the operation, in the last stream
  absl::Time contact_;                  // the agent's last sign of life
  absl::Time silent_since_ = contact_;  // the operation's
};

}  // namespace

absl::StatusOr<v1::Operation> WatchToEnd(Clock& clock, const Connect& connect,
                                         const WatchOptions& options, const WatchSink& sink,
                                         WatchStop& stop) {
  return Watch(clock, connect, options, sink, stop).Run();
}

}  // namespace graft::cli
