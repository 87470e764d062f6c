// StepContext: what a step may use while it runs, and the helpers that all steps share. Lives for
// one Provisioner::Run, on its thread. StepOutcome: what a step returns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/errors.h"
#include "graft/tablet_state.h"
#include "provision/operation/tablet_owner.h"
#include "provision/progress/progress_model.h"
#include "provision/provisioner.h"

namespace graft {

class StepOutcome {
 public:
  enum class Kind {
    kAdvance,       // to the plan's next row, or to the one named
    kWait,          // not now: look again, while the row's budget lasts
    kNextAttempt,   // this attempt is over; another may do, with another donor if there is a choice
    kStop,          // the operation is over; trying again changes nothing
    kLeaveRunning,  // the agent stops; the next process goes on from here
  };

  static StepOutcome Advance(std::optional<Step> to = std::nullopt) {
    StepOutcome outcome(Kind::kAdvance, absl::OkStatus());
    outcome.to_ = to;
    return outcome;
  }
  static StepOutcome Wait(absl::Status why) { return {Kind::kWait, std::move(why)}; }
  static StepOutcome Stop(absl::Status why) { return {Kind::kStop, std::move(why)}; }
  static StepOutcome LeaveRunning() { return {Kind::kLeaveRunning, absl::OkStatus()}; }

  // UNAVAILABLE and DEADLINE_EXCEEDED mean wait; for other errors the table of reasons decides.
  // NOLINTNEXTLINE(google-explicit-constructor): so that a step may return a plain error.
  StepOutcome(absl::Status status) : kind_(KindOf(status)), why_(std::move(status)) {}

  Kind kind() const { return kind_; }
  const absl::Status& why() const { return why_; }  // OK for kAdvance and kLeaveRunning
  std::optional<Step> to() const { return to_; }

 private:
  StepOutcome(Kind kind, absl::Status why) : kind_(kind), why_(std::move(why)) {}

  static Kind KindOf(const absl::Status& status) {
    if (status.ok()) return Kind::kAdvance;
    if (IsAway(status)) return Kind::kWait;
    return FollowUpOf(status) == FollowUp::kStop ? Kind::kStop : Kind::kNextAttempt;
  }

  Kind kind_;
  absl::Status why_;
  std::optional<Step> to_;
};

struct StepContext {
  const ProvisionerDeps& deps;
  const ProvisionerOptions& options;
  TabletState& state;  // the operation's own draft; Save() makes it the tablet's
  Operation& operation;
  const std::shared_ptr<OperationControl> control;
  const std::shared_ptr<ProgressSampler> sampler;  // may be nullptr
  const std::shared_ptr<KeptPeers> peers;          // other tablets' servers
  const std::shared_ptr<KeptPeers> as_replica;     // the same, as the replication user

  Clock& clock() const { return deps.clock; }
  MysqlServer& recipient() const { return deps.recipient; }

  // Writes the draft to the journal. A step saves before it changes anything outside the agent.
  absl::Status Save() const { return deps.owner.Commit(state); }

  // A CLONE was sent, its end is not known yet, and this operation supervises it.
  bool has_copy_to_end() const {
    return state.clone.has_value() && operation.request.kind == OperationKind::kReprovision;
  }
  // True if a cancel was granted and this attempt has dropped nothing: the step may end at once.
  bool cancelled() const;
  // True if a cancel was granted that also ends a running copy.
  bool cancel_wanted() const { return deps.owner.cancel_granted(); }

  // Waits; CANCELLED when the operation was cancelled or the agent stops, OK otherwise. Samples the
  // progress meanwhile.
  absl::Status Wait(absl::Duration duration) const;

  // Samples the progress and tells the observers.
  void ReportProgress() const;
  // Sets the cause of the wait, for people; empty: the operation does not wait. Tells the observers
  // when the text changes.
  void Note(std::string note) const { Say(std::move(note), /*waits=*/true); }
  // Sets the present work of the operation, for people, while it does not wait.
  void Say(std::string note, bool waits = false) const;

  // This operation in the line of the shard's recipients; `waiting` for a donor, or with one.
  QueueEntry LineEntry(bool waiting) const;
  absl::Time FirstAt(Step step) const;  // when the operation came there first; now: not before
  // Takes a place in the line, at its end; or changes what is said of the one that it has. Codes as
  // of QueueLocks and QueuePlace.
  absl::Status StandInLine(const QueueEntry& entry) const;
  // Joins the queue for the operation's donor, at its end; returns how many places are before this
  // one. Codes likewise.
  absl::StatusOr<int> ClaimDonor() const;
  // The copy is made, or comes to nothing and another is needed: the donor may serve the next.
  // Keeps the place in line.
  void ReleaseDonor(bool copied) const;

  // The records of the recipient's shard and of the recipient itself. Codes as of Topology.
  absl::StatusOr<Shard> ReadShard() const {
    return deps.topology.GetShard(options.keyspace, options.shard);
  }
  absl::StatusOr<Tablet> ReadOwnTablet() const { return deps.topology.GetTablet(options.alias); }
  // Writes the tablet's record as the draft stands; see tablet_record.h.
  absl::Status PublishRecord() const { return deps.record.Publish(state).status(); }
};

}  // namespace graft
