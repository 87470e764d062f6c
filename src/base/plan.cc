#include "graft/plan.h"

namespace graft {
namespace {

constexpr bool kServes = true;
constexpr bool kOut = false;  // of service
constexpr absl::Duration kNone = absl::ZeroDuration();

Plan Join(const std::vector<const Plan*>& plans) {
  Plan joined;
  for (const Plan* plan : plans) joined.insert(joined.end(), plan->begin(), plan->end());
  return joined;
}

}  // namespace

const Plan& PlanOf(OperationKind kind) {
  // clang-format off
  static const Plan* const reprovision = new Plan{
      // step                zone               serves   may cancel            budget                     data at worst
      {Step::kResolveDonor,  Zone::kBeforeDrop, kServes, MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kPreflight,     Zone::kBeforeDrop, kServes, MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kClaimDonor,    Zone::kBeforeDrop, kServes, MayCancel::kYes,      kNone,                     DataState::kIntact},
      {Step::kFence,         Zone::kBeforeDrop, kOut,    MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kClone,         Zone::kCopying,    kOut,    MayCancel::kYes,      kNone,                     DataState::kEmpty},
      {Step::kAwaitRestart,  Zone::kCopying,    kOut,    MayCancel::kTooLate,  kNone,                     DataState::kEmpty},
      {Step::kVerify,        Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::Hours(1),            DataState::kEmpty},
      {Step::kReplicate,     Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::Hours(1),            DataState::kCloned},
      {Step::kCatchUp,       Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::Minutes(1),          DataState::kCloned},
      // The copy is good and follows its source: a store that is away is waited for, however long.
      {Step::kPublish,       Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::InfiniteDuration(),  DataState::kCloned},
  };
  static const Plan* const release = new Plan{
      {Step::kRelease,       Zone::kBeforeDrop, kOut,    MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kPublish,       Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::InfiniteDuration(),  DataState::kIntact},
  };
  // clang-format on
  return kind == OperationKind::kRelease ? *release : *reprovision;
}

const Plan& PlanOf(const Operation& operation) {
  // clang-format off
  // First asks whether the old data can catch up. It goes on to publish if it has, else to the
  // copy. These steps wait by themselves; the tablet serves as before, with what it has.
  static const Plan& assess = *new Plan{
      {Step::kAssess,        Zone::kBeforeDrop, kServes, MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kRepoint,       Zone::kBeforeDrop, kServes, MayCancel::kYes,      kNone,                     DataState::kIntact},
      {Step::kRejoin,        Zone::kBeforeDrop, kServes, MayCancel::kYes,      kNone,                     DataState::kIntact},
  };
  // Makes the donor first: the backup is restored beside the old data.
  static const Plan& restore = *new Plan{
      {Step::kRestoreBackup, Zone::kBeforeDrop, kServes, MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
  };
  // clang-format on
  const Plan& copy = PlanOf(OperationKind::kReprovision);
  static const Plan& if_needed = *new Plan(Join({&assess, &copy}));
  static const Plan& from_backup = *new Plan(Join({&restore, &copy}));
  static const Plan& if_needed_from_backup = *new Plan(Join({&assess, &restore, &copy}));
  const OperationRequest& request = operation.request;
  if (request.kind != OperationKind::kReprovision) return PlanOf(request.kind);
  if (operation.from_backup) return request.if_needed ? if_needed_from_backup : from_backup;
  return request.if_needed ? if_needed : copy;
}

std::optional<size_t> PlaceIn(const Plan& plan, Step step) {
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].step == step) return i;
  }
  return std::nullopt;
}

const PlanRow& RowOf(const Operation& operation) {
  const Plan& plan = PlanOf(operation);
  return plan[PlaceIn(plan, operation.step).value_or(0)];
}

}  // namespace graft
