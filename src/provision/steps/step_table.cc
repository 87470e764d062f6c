#include "provision/steps/step_table.h"

#include "provision/steps/steps.h"

namespace graft {
namespace {

// clang-format off
constexpr std::array<StepRow, kStepCount> kTable = {{
    // step                 next                  budget                     data at worst       run
    {Step::kResolveDonor,   Step::kPreflight,     absl::Seconds(15),         DataState::kIntact, ResolveDonorStep},
    {Step::kPreflight,      Step::kClaimDonor,    absl::Seconds(15),         DataState::kIntact, PreflightStep},
    {Step::kClaimDonor,     Step::kFence,         absl::ZeroDuration(),      DataState::kIntact, ClaimDonorStep},
    {Step::kFence,          Step::kClone,         absl::Seconds(15),         DataState::kIntact, FenceStep},
    {Step::kClone,          Step::kAwaitRestart,  absl::ZeroDuration(),      DataState::kEmpty,  CloneStep},
    {Step::kAwaitRestart,   Step::kVerify,        absl::ZeroDuration(),      DataState::kEmpty,  AwaitRestartStep},
    {Step::kVerify,         Step::kReplicate,     absl::Minutes(1),          DataState::kEmpty,  VerifyStep},
    {Step::kReplicate,      Step::kCatchUp,       absl::Minutes(1),          DataState::kCloned, ReplicateStep},
    {Step::kCatchUp,        Step::kPublish,       absl::Minutes(1),          DataState::kCloned, CatchUpStep},
    // The copy is good and follows its source: a store that is away is waited for, however long.
    {Step::kPublish,        std::nullopt,         absl::InfiniteDuration(),  DataState::kCloned, PublishStep},
}};
// clang-format on

constexpr bool EveryStepHasItsRow() {
  for (int i = 0; i < kStepCount; ++i) {
    if (static_cast<int>(kTable[i].step) != i || kTable[i].run == nullptr) return false;
  }
  return true;
}
static_assert(EveryStepHasItsRow(), "a step without a row, or out of order");

}  // namespace

const std::array<StepRow, kStepCount>& StepTable() {
  return kTable;
}

}  // namespace graft
