#include "cli/watch.h"

#include "absl/status/status.h"
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

}  // namespace

absl::StatusOr<v1::Operation> WatchToEnd(Clock& clock, const Connect& connect,
                                         const WatchOptions& options, const WatchSink& sink,
                                         WatchStop& stop) {
  v1::Operation last;
  v1::WatchOperationRequest request;
  request.set_id(options.id);
  *request.mutable_min_interval() = ToDuration(options.min_interval);
  absl::Time contact = clock.Now();
  std::unique_ptr<AgentClient> agent;
  bool heard = false;
  while (true) {
    absl::Status status;
    // An agent that answers needs no look-up, and no topology.
    if (!heard) {
      absl::StatusOr<std::unique_ptr<AgentClient>> found = connect();
      status = found.status();
      if (found.ok()) agent = *std::move(found);
    }
    heard = false;
    if (agent != nullptr && MayPass(status) && !stop.stopped()) {
      status = agent->WatchOperation(request, stop, [&](const v1::Operation& operation) {
        heard = true;
        contact = clock.Now();
        last = operation;
        request.set_id(operation.id());  // a newer one that starts meanwhile is not meant
        sink.on_update(operation);
      });
    }
    if (HasEnded(last)) return last;
    if (stop.stopped()) return absl::CancelledError("the watch was stopped");
    if (!MayPass(status)) return status;
    if (!heard && sink.on_silence != nullptr) sink.on_silence(contact, status);
    if (clock.Now() - contact >= options.patience) {
      return NoContact(clock.Now() - contact, status, request.id());
    }
    if (clock.Now() >= options.deadline) return NotEnded(last);
    stop.pause().WaitFor(clock, kReconnectPause);
  }
}

}  // namespace graft::cli
