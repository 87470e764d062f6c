#include "graft/plan.h"

namespace graft {
namespace {

constexpr bool kServes = true;
constexpr bool kOut = false;  // of service
constexpr absl::Duration kNone = absl::ZeroDuration();

}  // namespace

const Plan& PlanOf(OperationKind kind, bool from_backup) {
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
  // The same copy, of a donor that is made first: the backup is restored beside the old data.
  static const Plan* const restore = [] {
    auto* plan = new Plan(*reprovision);
    plan->insert(plan->begin(),
      {Step::kRestoreBackup, Zone::kBeforeDrop, kServes, MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact});
    return plan;
  }();
  static const Plan* const release = new Plan{
      {Step::kRelease,       Zone::kBeforeDrop, kOut,    MayCancel::kYes,      absl::Seconds(15),         DataState::kIntact},
      {Step::kPublish,       Zone::kAfterCopy,  kOut,    MayCancel::kTooLate,  absl::InfiniteDuration(),  DataState::kIntact},
  };
  // clang-format on
  if (kind == OperationKind::kRelease) return *release;
  return from_backup ? *restore : *reprovision;
}

const Plan& PlanOf(const Operation& operation) {
  return PlanOf(operation.request.kind, operation.from_backup);
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
