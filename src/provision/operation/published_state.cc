#include "provision/operation/published_state.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

TabletType PublishedType(const Operation& operation) {
  switch (operation.outcome) {
    case Outcome::kRunning:
      return operation.step < Step::kFence && operation.data_state == DataState::kIntact
                 ? operation.type_before
                 : TabletType::kRestore;
    case Outcome::kDone:
      return operation.type_after;
    case Outcome::kFailed:
    case Outcome::kCancelled:
      break;
  }
  // A fence that could not be taken down keeps the old data from serving, whole as it is.
  return operation.data_state == DataState::kIntact && !operation.fence.up ? operation.type_before
                                                                           : TabletType::kRestore;
}

// The record of an operation that has ended names it, but no step.
bool ShowsAsEnded(const Tablet& tablet, const Operation& operation) {
  const auto shown = tablet.tags.find("graft.operation");
  return shown != tablet.tags.end() && shown->second == operation.request.id &&
         tablet.tags.count("graft.step") == 0;
}

void ClearOurTags(Tablet& tablet) {
  for (auto tag = tablet.tags.begin(); tag != tablet.tags.end();) {
    tag = absl::StartsWith(tag->first, "graft.") ? tablet.tags.erase(tag) : std::next(tag);
  }
}

}  // namespace

void ApplyPublishedState(const Operation& operation, Tablet& tablet) {
  // Two threads publish: the operation's, and the keeper's, which may be a moment behind.
  if (operation.outcome == Outcome::kRunning && ShowsAsEnded(tablet, operation)) return;
  // Somebody made it the primary meanwhile: that is theirs to say, and stops the operation.
  if (operation.type_before != TabletType::kUnknown && tablet.type != TabletType::kPrimary) {
    tablet.type = PublishedType(operation);
  }
  ClearOurTags(tablet);
  tablet.tags["graft.operation"] = operation.request.id;
  tablet.tags["graft.data_state"] = std::string(DataStateName(operation.data_state));
  if (!operation.donor.empty()) tablet.tags["graft.donor"] = operation.donor.ToString();
  if (operation.outcome == Outcome::kRunning) {
    tablet.tags["graft.step"] = std::string(StepName(operation.step));
    if (operation.queue_place > 0) {
      tablet.tags["graft.queue_place"] = absl::StrCat(operation.queue_place);
    }
    tablet.tags["graft.progress"] = absl::StrCat(static_cast<int>(operation.progress.percent), "%");
  } else if (!operation.error.ok()) {
    const std::string reason = ReasonOf(operation.error);
    tablet.tags["graft.reason"] =
        reason.empty() ? absl::StatusCodeToString(operation.error.code()) : reason;
  }
}

}  // namespace graft
