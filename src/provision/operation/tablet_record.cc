#include "provision/operation/tablet_record.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"

namespace graft {
namespace {

constexpr char kTypeBefore[] = "graft.type_before";

bool SpeaksOf(const TabletState& state) {
  return !state.operation.request.id.empty() && state.type_before != TabletType::kUnknown;
}

// A fence that could not be taken down keeps the old data from serving, whole as it is.
bool IsOutOfService(const TabletState& state) {
  const Operation& operation = state.operation;
  if (operation.request.id.empty() || operation.outcome == Outcome::kDone) return false;
  const bool whole = operation.data_state == DataState::kIntact && !state.fence.up;
  const bool caught_up = operation.old_data.verdict == OldDataVerdict::kCopySaved;
  const bool running = SpeaksOf(state) && operation.outcome == Outcome::kRunning && !caught_up;
  return !whole || (running && !RowOf(operation).serves);
}

// The type of a tablet that may serve, whose record says RESTORE or nothing. An operation that
// found RESTORE leaves it unless all is well.
TabletType TypeBack(const TabletState& state, const TabletFacts& facts, const Tablet& tablet) {
  const bool done = state.operation.outcome == Outcome::kDone;
  if (!SpeaksOf(state) && !facts.type.has_value()) return tablet.type;
  if (SpeaksOf(state) && !done && state.type_before == TabletType::kRestore) return tablet.type;
  const TabletType replaced = ReplacedType(tablet);
  if (replaced != TabletType::kUnknown) return replaced;
  return facts.type.value_or(done ? state.type_after : state.type_before);
}

// Changes the type to RESTORE, and from RESTORE back. A type that somebody else sets meanwhile
// stays, also PRIMARY. A backup has ended by the time that RESTORE ends.
void ApplyType(const TabletState& state, const TabletFacts& facts, Tablet& tablet) {
  if (tablet.type == TabletType::kPrimary) return;
  const bool restores = tablet.type == TabletType::kRestore;
  if (facts.held_back != Reason::kNone || IsOutOfService(state)) {
    if (!restores) tablet.tags[kTypeBefore] = std::string(TabletTypeName(tablet.type));
    if (tablet.type == TabletType::kBackup) tablet.tags.erase(kTypeBefore);
    tablet.type = TabletType::kRestore;
  } else if (restores || tablet.type == TabletType::kUnknown) {
    tablet.type = TypeBack(state, facts, tablet);
  }
  if (tablet.type != TabletType::kRestore) tablet.tags.erase(kTypeBefore);
}

void ClearOurTags(Tablet& tablet) {
  for (auto tag = tablet.tags.begin(); tag != tablet.tags.end();) {
    tag = absl::StartsWith(tag->first, "graft.") ? tablet.tags.erase(tag) : std::next(tag);
  }
}

void AddOperation(const TabletState& state, Tablet& tablet) {
  const Operation& operation = state.operation;
  tablet.tags["graft.operation"] = operation.request.id;
  tablet.tags["graft.data_state"] = std::string(DataStateName(operation.data_state));
  if (!operation.donor.empty()) tablet.tags["graft.donor"] = operation.donor.ToString();
  if (operation.outcome == Outcome::kRunning) {
    tablet.tags["graft.step"] = std::string(StepName(operation.step));
    if (operation.queue_place > 0) {
      tablet.tags["graft.queue_place"] = absl::StrCat(operation.queue_place);
    }
    tablet.tags["graft.progress"] = absl::StrCat(static_cast<int>(operation.progress.percent), "%");
  } else if (!operation.error.ok() && !IsRefusal(operation)) {
    tablet.tags["graft.reason"] = ReasonOrCode(operation.error);
  }
}

int64_t SequenceOf(const Tablet& tablet) {
  int64_t sequence = 0;
  return absl::SimpleAtoi(tablet.Tag("graft.sequence"), &sequence) ? sequence : 0;
}

}  // namespace

TabletType ReplacedType(const Tablet& tablet) {
  return ParseTabletType(tablet.Tag(kTypeBefore)).value_or(TabletType::kUnknown);
}

void ApplyPublishedState(const TabletState& state, const TabletFacts& facts, Tablet& tablet) {
  const bool spoken_of = !state.operation.request.id.empty();
  ApplyType(state, facts, tablet);
  const TabletType replaced = ReplacedType(tablet);
  const std::string data_state = tablet.Tag("graft.data_state");
  ClearOurTags(tablet);
  if (replaced != TabletType::kUnknown) {
    tablet.tags[kTypeBefore] = std::string(TabletTypeName(replaced));
  }
  if (spoken_of) {
    AddOperation(state, tablet);
  } else if (facts.never_provisioned && tablet.type != TabletType::kPrimary) {
    tablet.tags["graft.data_state"] = std::string(DataStateName(DataState::kEmpty));
  } else if (!data_state.empty() && tablet.type == TabletType::kRestore) {
    tablet.tags["graft.data_state"] = data_state;  // of an agent whose journal is gone
  }
  if (facts.held_back != Reason::kNone) {
    tablet.tags["graft.reason"] = std::string(RowOf(facts.held_back).word);
  }
  if (!facts.server_uuid.empty()) tablet.tags["graft.server_uuid"] = facts.server_uuid;
  WriteHealth(facts.health, tablet);
  tablet.tags["graft.sequence"] = absl::StrCat(state.sequence);
  if (!facts.mysql.empty()) tablet.mysql = facts.mysql;
}

absl::StatusOr<TabletType> TabletRecord::Publish(const TabletState& state) {
  absl::MutexLock turn(&turn_);
  TabletType type = TabletType::kUnknown;
  const int64_t published = published_;
  const absl::Status written = topology_.UpdateTablet(alias_, [&](Tablet& tablet) {
    type = tablet.type;
    const int64_t newest = std::max(published, SequenceOf(tablet));
    if (state.sequence < newest) return absl::AlreadyExistsError("a newer state is published");
    ApplyPublishedState(state, facts(), tablet);
    type = tablet.type;
    return absl::OkStatus();
  });
  if (absl::IsAlreadyExists(written)) return type;
  GRAFT_RETURN_IF_ERROR(written);
  published_ = state.sequence;
  return type;
}

}  // namespace graft
