// The fence: keeps the recipient from serving, replicating and running events while its data is not
// the data it should have. Holds across CLONE's restart, because persisted variables survive CLONE.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "provision/operation/step_context.h"

namespace graft {

// Notes the old settings in the state, journals them, then stops replication and makes the server
// read-only, now and at its next start. Runs twice without harm.
absl::Status RaiseFence(StepContext& context);

// A connection that was ended, into the operation; beyond kMostEndedSessions it is only counted.
void NoteEndedSession(const ServerSession& session, Operation& operation);

// Ends every user's connection to the recipient, and notes its account: one idle transaction holds
// up DROP DATA. The agent's own account is left alone. FAILED_PRECONDITION with RECIPIENT_DONATES
// or RECIPIENT_HAS_REPLICAS, and no connection is ended: another tablet copies or replicates from
// the recipient.
absl::Status EndUserSessions(StepContext& context);

// Turns super_read_only off, only for CLONE, which otherwise refuses to drop anything (1290).
absl::Status OpenForClone(StepContext& context);

// Turns super_read_only on again, once CLONE has dropped the data; the copy goes on.
absl::Status CloseAgain(StepContext& context);

// Restores the values that RaiseFence and ApplyCloneSettings noted. With `keep_read_only` the
// running server stays read-only.
absl::Status LiftFence(StepContext& context, bool keep_read_only);

// Whether a fence of graft is up: the state describes it, or the server shows the fence of an agent
// whose journal is lost. FindFence puts such a fence into the state, and LiftFence takes it down.
absl::StatusOr<bool> FindFence(StepContext& context);

// After a failure or a cancel: lifts the fence and resumes replication if the old data is whole;
// else makes the server read-only at once, and puts the whole fence up again after a release.
absl::Status LeaveServerSafe(StepContext& context);

}  // namespace graft
