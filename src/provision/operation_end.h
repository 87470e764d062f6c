// Ends an operation after success, failure or cancel, and retries the writes that this needs. Part
// of the provisioner, on the operation's thread.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "provision/operation/step_context.h"

namespace graft {

// Every wait shows its cause and its beginning.
void NoteWait(const StepContext& context, const absl::Status& why, absl::Time since);

// How long to try what is still to be done.
inline constexpr absl::Duration kEndPatience = absl::Seconds(3);

// Repeats the call, for `patience`, while it returns that a server or store is away. Waits on a
// Cancellation of its own, because the operation's may be cancelled already. Does not wait when the
// agent stops.
void TryFor(const StepContext& context, absl::Duration patience,
            const std::function<absl::Status()>& call);

// After a failure or a cancel: leaves the server as it was or fenced, and says which.
void ConcludeOperation(StepContext& context, const absl::Status& status);
// All rows are done.
void FinishOperation(StepContext& context);

}  // namespace graft
