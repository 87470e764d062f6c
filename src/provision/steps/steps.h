// The steps: one function for each step of the plans in graft/plan.h. A step looks, acts, looks
// again, so that it can run twice. The definition of each step describes its work and its outcomes.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "graft/preflight.h"
#include "graft/server_facts.h"
#include "provision/donor/donor_search.h"
#include "provision/donor/peers.h"
#include "provision/operation/step_context.h"
#include "provision/preflight/preflight.h"

namespace graft {

StepOutcome ResolveDonorStep(StepContext& context);
StepOutcome PreflightStep(StepContext& context);
StepOutcome ClaimDonorStep(StepContext& context);
StepOutcome FenceStep(StepContext& context);
StepOutcome CloneStep(StepContext& context);
StepOutcome AwaitRestartStep(StepContext& context);
StepOutcome VerifyStep(StepContext& context);
StepOutcome ReplicateStep(StepContext& context);
StepOutcome CatchUpStep(StepContext& context);
StepOutcome PublishStep(StepContext& context);
StepOutcome ReleaseStep(StepContext& context);
StepOutcome RestoreBackupStep(StepContext& context);

// The alias of the server that serves a backup for `recipient`; no record has it.
TabletAlias BackupDonorAlias(const TabletAlias& recipient);
// No tablet can be the donor; true: the operation restores a backup instead, as its request says.
bool FallsBack(StepContext& context);
// What its record would be. DONOR_UNREACHABLE: it does not run.
absl::StatusOr<Tablet> BackupDonorRecord(const StepContext& context);
StepOutcome AssessStep(StepContext& context);
StepOutcome RepointStep(StepContext& context);
StepOutcome RejoinStep(StepContext& context);

// Refuses a primary; notes the type that the tablet comes back to.
absl::Status NoteOwnTablet(StepContext& context, const Shard& shard);

// Finds donor and source, and makes all checks. For an operation that is not to run.
absl::StatusOr<PreflightReport> MakePreflight(StepContext& context);

// Donor and source into the operation, from the topology and the shard's servers.
absl::Status ResolveDonor(StepContext& context);

// Finds the shard's donors as `wish` says; the operation notes the refused ones and the reasons.
absl::StatusOr<FoundDonors> SearchDonors(StepContext& context, const Shard& shard,
                                         const DonorWish& wish);
// NO_DONOR: none of the shard's tablets can be it, and why.
absl::Status NoDonor(const Operation& operation, const Shard& shard, const FoundDonors& found);

// DONOR_WAIT_TIMEOUT.
absl::Status WaitedTooLong(const StepContext& context, const ShardLine& line);

// SEMI_SYNC once more, right before the fence goes up.
absl::Status CheckAcknowledgers(StepContext& context);

// Whether the recipient acknowledges its source's commits, for its place in the line. Two of those
// are rebuilt one after the other: for up to a minute the source counts one that has gone.
void NoteAcknowledger(StepContext& context);
std::string AwaitsAcknowledger(const ShardLine& line);

// The shard's line as this recipient sees it.
absl::StatusOr<ShardLine> ReadLine(const StepContext& context);

// Another recipient of the shard has begun and does not stand in the line yet, by its record: there
// may be another donor soon. False too: the topology is away.
bool AnotherBegins(const StepContext& context);

// The donor is being cloned for somebody who does not stand in the line: by another tool, or for an
// agent that has died. The note says so. False too: it does not answer, or the tablet is out of
// service, and trying costs nothing more (it may be its own broken attempt).
bool ServesAnother(StepContext& context);

// All of preflight, the records of donor and source, the claim and RefusePrimary once more, right
// before CLONE is sent.
absl::Status LastChecks(StepContext& context);

// Copies the present addresses of donor and source from their records into the operation.
// FAILED_PRECONDITION: a record rules its tablet out; NOT_FOUND: a record is gone.
absl::Status ReadDonorAndSource(StepContext& context, const Shard& shard, const TabletAlias& donor);

// How the operation asks other tablets' servers.
Peers PeersOf(const StepContext& context);

// FAILED_PRECONDITION: the topology says that `tablet` is its shard's primary. graft asks when the
// operation begins and again right before CLONE.
absl::Status RefusePrimary(const Tablet& tablet, const Shard& shard);

// Sets the clone_* variables that a request or an operator wants for the copy; first journals their
// old values, which LiftFence restores.
absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings);

// LOCKED_OUT_AFTER_CLONE: after the copy the agent is denied, with `look`.
absl::Status LockedOut(const absl::Status& look);

// Reads what preflight judges: both servers, the source, the primary, the recipient's machine. For
// an operation whose donor and source are resolved. Only reads. Codes are those of the recipient's
// server and of a topology that is away; CANCELLED. If another server does not answer, the facts
// hold its status.

absl::StatusOr<PreflightFacts> GatherFacts(const StepContext& context);

// What SEMI_SYNC alone needs. `recipient`: as it is now.
absl::StatusOr<PreflightFacts> GatherAcknowledgers(const StepContext& context,
                                                   ServerFacts recipient);

// A variable of @@global; "" if the server does not have it.
std::string ValueOf(const ServerSurvey& survey, const std::string& name);

// The fence: keeps the recipient from serving, replicating and running events while its data is not
// the data it should have. Holds across CLONE's restart, because persisted variables survive CLONE.

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
