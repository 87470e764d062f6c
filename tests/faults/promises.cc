#include "promises.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"

namespace graft {
namespace {

// A look at the donor counts for so long.
constexpr absl::Duration kLookHolds = absl::Seconds(5);

// Whether the server's data may be used: the old, or a copy that was proved.
bool IsUsable(const Truth& truth) {
  return !truth.clone_runs && (truth.old_whole || (truth.copy_whole && truth.proved));
}

std::string Words(const Truth& truth) {
  std::string words = truth.old_whole ? "old data whole" : "old data gone";
  const auto add = [&words](bool holds, const char* what) {
    if (holds) absl::StrAppend(&words, ", ", what);
  };
  add(truth.copy_whole, "copy whole");
  add(truth.proved, "proved");
  add(truth.clone_runs, "CLONE runs");
  add(!truth.up, "server down");
  add(truth.read_only, "read-only");
  add(truth.super_read_only, "super-read-only");
  add(truth.fence_persisted, "fence persisted");
  add(truth.replicates, "replicates");
  return words;
}

std::string Words(const Shown& shown) {
  return absl::StrCat(shown.by, " at ", StepName(shown.step), " (", OutcomeName(shown.outcome),
                      ") says ", DataStateName(shown.data),
                      shown.by == "record" ? absl::StrCat(" ", TabletTypeName(shown.type)) : "",
                      " while: ", Words(shown.truth));
}

bool Serves(TabletType type) {
  return type == TabletType::kReplica || type == TabletType::kRdonly ||
         type == TabletType::kPrimary;
}

// Each is told once.
void Tell(Violations& violations, bool broken, const std::string& text) {
  if (broken && std::find(violations.begin(), violations.end(), text) == violations.end()) {
    violations.push_back(text);
  }
}

// The old data has caught up: nothing was sent, and the tablet serves with it.
void CheckSaved(const Story& story, Violations& broken) {
  const OldData& old = story.state.operation.old_data;
  Tell(broken, story.state.operation.data_state != DataState::kIntact, "saved, and not INTACT");
  Tell(broken, !story.truth.old_whole, "saved, and the old data is not there");
  Tell(broken, story.clones_started > 0, "saved, and CLONE was sent");
  Tell(broken, !story.truth.replicates, "saved, and the replica follows nobody");
  Tell(broken, story.truth.persisted_any, "saved, and a fence is up");
  Tell(broken, story.record.type != TabletType::kReplica, "saved, and the record is no REPLICA");
  Tell(broken, old.found.empty() || old.gtid_after.empty(), "saved, without a proof");
}

void CheckDone(const Story& story, Violations& broken) {
  const OldData& old = story.state.operation.old_data;
  if (old.verdict == OldDataVerdict::kCopySaved) return CheckSaved(story, broken);
  const bool asked = story.state.operation.request.if_needed;
  Tell(broken, asked && old.why_copied.empty(), "copied, and nothing says why");
  Tell(broken, story.state.operation.data_state != DataState::kCloned, "DONE without a copy");
  Tell(broken, !story.truth.copy_whole, "DONE, and the donor's data is not there");
  Tell(broken, !story.truth.replicates, "DONE, and the replica follows nobody");
  Tell(broken, story.truth.persisted_any, "DONE, and the fence is still up");
  Tell(broken, story.record.type != TabletType::kReplica, "DONE, and the record is no REPLICA");
  Tell(broken, !story.truth.settings_kept, "DONE, and the delay or a filter is gone");
  const Proof& proof = story.state.operation.proof;
  if (!proof.not_checked.empty()) return;  // it says that events may run
  Tell(broken, story.truth.enabled_events > 0, "DONE, and events are enabled");
  Tell(broken, proof.disabled_events.size() != 2, "DONE, and events that were disabled not named");
}

void CheckPutBack(const Story& story, Violations& broken) {
  if (story.state.fence.up) {  // it could not be taken down: the tablet says so
    Tell(broken, story.record.type != TabletType::kRestore,
         "fenced, and the record says otherwise");
    return;
  }
  Tell(broken, story.could_replicate && !story.truth.replicates,
       "INTACT, and the old replication was not resumed");
  Tell(broken, story.truth.persisted_any, "INTACT, and the fence is still up");
  Tell(broken, story.record.type != TabletType::kReplica, "INTACT, and the record is no REPLICA");
}

void CheckFencedAndMarked(const Story& story, Violations& broken) {
  const DataState data = story.state.operation.data_state;
  const auto tag = story.record.tags.find("graft.data_state");
  Tell(broken, story.record.type != TabletType::kRestore, "dropped, and the record is no RESTORE");
  Tell(broken, tag == story.record.tags.end() || tag->second != DataStateName(data),
       "dropped, and the record does not say so");
  Tell(broken, story.record.tags.count("graft.reason") == 0,
       "dropped, and the record says not why");
  Tell(broken, story.state.operation.error.ok(), "dropped, without an error");
  const bool still_runs = story.truth.clone_runs && story.state.clone.has_value();
  Tell(broken, story.truth.up && !still_runs && !story.truth.super_read_only,
       "dropped, and the server is writable");
}

}  // namespace

Violations NothingIsDroppedUntilAllIsKnownToBeFine(const Story& story) {
  Violations broken;
  for (const Sending& sending : story.sendings) {
    Tell(broken, !sending.looked_at_recipient, "CLONE was sent without a look at the recipient");
    Tell(broken, !sending.looked_at_donor, "CLONE was sent without a look at the donor");
    Tell(broken, sending.since_look > kLookHolds,
         absl::StrCat("CLONE was sent ", absl::FormatDuration(sending.since_look),
                      " after the last look"));
    Tell(broken, !sending.journalled, "CLONE was sent before that was journalled");
  }
  return broken;
}

Violations KillAnythingAndItStillEndsWell(const Story& story) {
  Violations broken;
  const Operation& operation = story.state.operation;
  if (!story.over || operation.outcome == Outcome::kRunning) {
    return {absl::StrCat("it has not ended: ", StepName(operation.step))};
  }
  for (const Sending& sending : story.sendings) {
    Tell(broken, sending.truth.clone_runs, "CLONE was sent while one runs");
  }
  Tell(broken, story.clones_started > operation.attempt,
       absl::StrCat(story.clones_started, " clones in ", operation.attempt, " attempts"));
  if (operation.outcome == Outcome::kDone) {
    CheckDone(story, broken);
  } else if (operation.data_state == DataState::kIntact) {
    CheckPutBack(story, broken);
  } else {
    CheckFencedAndMarked(story, broken);
  }
  // One that is granted in the last moment of the copy finds it made, and a good copy is kept.
  const bool too_late = story.cancelled_at == Step::kClone && operation.outcome == Outcome::kDone;
  Tell(broken,
       story.cancelled_at.has_value() && operation.outcome != Outcome::kCancelled && !too_late,
       absl::StrCat("a granted cancel was forgotten: ", OutcomeName(operation.outcome)));
  Tell(broken, !story.second_succeeded,
       absl::StrCat("a second request does not succeed: ", story.second_failure));
  return broken;
}

Violations TheVerdictIsTheTruth(const Story& story) {
  Violations broken;
  for (const Shown& shown : story.shown) {
    const Truth& truth = shown.truth;
    const bool better =
        (shown.data == DataState::kIntact && (!truth.old_whole || truth.clone_runs)) ||
        (shown.data == DataState::kCloned && (!truth.copy_whole || truth.clone_runs));
    // A record is published after the act. Until then its type is RESTORE.
    const bool is_on_its_way = shown.by == "record" && shown.type == TabletType::kRestore;
    Tell(broken, better && !is_on_its_way, absl::StrCat("better than the truth: ", Words(shown)));
    const bool serves = shown.by == "record" && Serves(shown.type);
    Tell(broken, serves && !IsUsable(truth), absl::StrCat("served from: ", Words(shown)));
  }
  // PARTIAL is said as well of what nobody can know: a clone that was ended while it dropped.
  const bool called_empty = story.state.operation.data_state == DataState::kEmpty;
  Tell(broken, called_empty && story.truth.old_whole && !story.truth.clone_runs,
       absl::StrCat("EMPTY at the end: ", Words(story.truth)));
  return broken;
}

Violations APrimaryIsNeverARecipient(const Story& story) {
  Violations broken;
  for (const Sending& sending : story.sendings) {
    Tell(broken, sending.is_primary || sending.record == TabletType::kPrimary,
         "CLONE was sent to the primary");
  }
  return broken;
}

Violations OneClonePerDonor(const Story& story) {
  Violations broken;
  for (const Sending& sending : story.sendings) {
    Tell(broken, !sending.first_in_queue, "CLONE was sent without the claim on the donor");
  }
  Tell(broken, story.places_left != 0, "a claim is left behind");
  return broken;
}

Violations FencedAcrossTheRestart(const Story& story) {
  Violations broken;
  for (const Sending& sending : story.sendings) {
    Tell(broken, !sending.truth.fence_persisted || sending.truth.replicates,
         absl::StrCat("CLONE was sent to a server without a fence: ", Words(sending.truth)));
    Tell(broken, sending.record != TabletType::kRestore,
         "CLONE was sent before the record said so");
  }
  for (const Shown& shown : story.shown) {
    const Truth& truth = shown.truth;
    if (IsUsable(truth)) continue;
    Tell(broken, !truth.fence_persisted || (truth.up && !truth.read_only) || truth.replicates,
         absl::StrCat("unfenced: ", Words(shown)));
  }
  return broken;
}

Violations AHealthyCopyIsNeverThrownAway(const Story& story) {
  Violations broken;
  for (const Sending& sending : story.sendings) {
    Tell(broken, sending.truth.copy_whole, "a whole copy was copied again");
  }
  return broken;
}

Violations NoSecretIsTold(const Story& story) {
  Violations broken;
  const std::string error = story.state.operation.error.ToString();
  Tell(broken, story.journal.empty(), "the journal was not looked at");
  for (const std::string* text : {&story.log, &story.raw_record, &story.journal, &error}) {
    Tell(broken, absl::StrContains(*text, "hush"),
         "a password stands in a log, record, journal or error");
  }
  return broken;
}

Violations VitessCanReadEveryRecord(const Story& story) {
  Violations broken;
  Tell(broken, story.record.mysql.port != 3320, "the record lost its address");
  Tell(broken, !absl::StrContains(story.raw_record, "keep-me"), "a field of others is gone");
  for (const std::string& key : story.tablet_keys) {
    Tell(broken, !absl::EndsWith(key, "/Tablet"), absl::StrCat("a key that is no record: ", key));
  }
  return broken;
}

Violations BrokenPromises(const Story& story) {
  const std::pair<const char*, Violations (*)(const Story&)> promises[] = {
      {"nothing is dropped until all is known to be fine", NothingIsDroppedUntilAllIsKnownToBeFine},
      {"kill anything and it still ends well", KillAnythingAndItStillEndsWell},
      {"the verdict is the truth", TheVerdictIsTheTruth},
      {"a primary is never a recipient", APrimaryIsNeverARecipient},
      {"one clone per donor", OneClonePerDonor},
      {"fenced across the restart", FencedAcrossTheRestart},
      {"a healthy copy is never thrown away", AHealthyCopyIsNeverThrownAway},
      {"no secret is told", NoSecretIsTold},
      {"Vitess can read every record", VitessCanReadEveryRecord},
  };
  Violations all;
  for (const auto& [name, promise] : promises) {
    for (const std::string& text : promise(story)) all.push_back(absl::StrCat(name, ": ", text));
  }
  return all;
}

}  // namespace graft
