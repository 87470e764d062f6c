#include <array>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "graft/operation.h"
#include "graft/reason.h"
#include "graft/tablet_state.h"

namespace graft {
namespace {

// The names of an enum's values, in the enum's order.
template <size_t n>
using Names = std::array<absl::string_view, n>;

constexpr Names<kStepCount> kStepNames = {
    "resolve_donor", "preflight", "claim_donor", "fence",    "clone",
    "await_restart", "verify",    "replicate",   "catch_up", "publish",
    "release",       "assess",    "repoint",     "rejoin",   "restore_backup"};
constexpr Names<4> kOutcomeNames = {"running", "done", "failed", "cancelled"};
constexpr Names<4> kVerdictNames = {"not_judged", "catching_up", "copy_saved", "copy_needed"};
constexpr Names<4> kDataStateNames = {"INTACT", "PARTIAL", "EMPTY", "CLONED"};
constexpr Names<4> kCheckOutcomeNames = {"PASSED", "WARNING", "UNCHECKED", "FATAL"};
constexpr Names<4> kCloneStateNames = {"Not Started", "In Progress", "Completed", "Failed"};
// With those of CLONE's stages, which are phases too.
constexpr Names<kPhaseCount> kPhaseNames = {"RESTORE BACKUP", "PREPARE",   "DROP DATA", "FILE COPY",
                                            "PAGE COPY",      "REDO COPY", "FILE SYNC", "RESTART",
                                            "RECOVERY",       "FINISH"};

template <typename Enum, size_t n>
absl::string_view NameOf(const Names<n>& names, Enum value) {
  return names[static_cast<size_t>(value)];
}

template <typename Enum, size_t n>
std::optional<Enum> Find(const Names<n>& names, absl::string_view name) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

absl::string_view StepName(Step step) {
  return NameOf(kStepNames, step);
}
std::optional<Step> ParseStep(absl::string_view name) {
  return Find<Step>(kStepNames, name);
}
absl::string_view OutcomeName(Outcome outcome) {
  return NameOf(kOutcomeNames, outcome);
}
absl::string_view OldDataVerdictName(OldDataVerdict verdict) {
  return NameOf(kVerdictNames, verdict);
}
absl::string_view DataStateName(DataState state) {
  return NameOf(kDataStateNames, state);
}
absl::string_view CheckOutcomeName(CheckOutcome outcome) {
  return NameOf(kCheckOutcomeNames, outcome);
}
absl::string_view CloneStateName(CloneState state) {
  return NameOf(kCloneStateNames, state);
}
std::optional<CloneState> ParseCloneState(absl::string_view name) {
  return Find<CloneState>(kCloneStateNames, name);
}
absl::string_view PhaseName(Phase phase) {
  return NameOf(kPhaseNames, phase);
}
std::optional<Phase> ParsePhase(absl::string_view name) {
  return Find<Phase>(kPhaseNames, name);
}
absl::string_view CloneStageName(CloneStage stage) {
  return PhaseName(PhaseOf(stage));
}
std::optional<CloneStage> ParseCloneStage(absl::string_view name) {
  for (int i = 0; i < kCloneStageCount; ++i) {
    if (CloneStageName(static_cast<CloneStage>(i)) == name) return static_cast<CloneStage>(i);
  }
  return std::nullopt;
}

bool IsOlder(const TabletState& a, const TabletState& b) {
  const auto order = [](const TabletState& state) {
    const Operation& operation = state.operation;
    return std::make_tuple(state.sequence, operation.outcome == Outcome::kRunning,
                           operation.requested, operation.request.id);
  };
  return order(a) < order(b);
}

bool Allowances::Unchecked(absl::string_view check) const {
  return unchecked.count(kAllChecks) > 0 || unchecked.count(std::string(check)) > 0;
}

absl::Status AllowUnchecked(const std::vector<std::string>& checks, Allowances& allow) {
  for (const std::string& check : checks) {
    if (check == kAllChecks || ParseReason(check) != Reason::kNone) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("\"", check,
                     "\" is no check of preflight: take the words that graftctl preflight shows, "
                     "e.g. DISK_SPACE, or ",
                     kAllChecks));
  }
  allow.unchecked.insert(checks.begin(), checks.end());
  if (allow.unchecked.count(kAllChecks) > 0) allow.unchecked = {kAllChecks};
  return absl::OkStatus();
}

absl::StatusOr<PrimaryAsDonor> ParseDonors(absl::string_view text) {
  bool primary = false;
  bool replica = false;
  for (const absl::string_view role : absl::StrSplit(text, ',')) {
    const bool is_primary = absl::EqualsIgnoreCase(role, "primary");
    if (!is_primary && !absl::EqualsIgnoreCase(role, "replica")) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", role, "\" is no kind of donor: write primary,replica or replica"));
    }
    (is_primary ? primary : replica) = true;
  }
  if (!replica) {
    return absl::InvalidArgumentError(
        "write primary,replica or replica; for the primary alone there is --from-primary");
  }
  return primary ? PrimaryAsDonor::kLikeOthers : PrimaryAsDonor::kNever;
}

absl::string_view DonorsText(PrimaryAsDonor primary) {
  if (primary == PrimaryAsDonor::kIfNobodyElse) return "";
  return primary == PrimaryAsDonor::kNever ? "replica" : "primary,replica";
}

absl::string_view ReplicateFromText(ReplicateFrom from) {
  switch (from) {
    case ReplicateFrom::kDonor:
      return "donor";
    case ReplicateFrom::kPrimary:
      return "primary";
    case ReplicateFrom::kPrimaryOrDonor:
      break;
  }
  return "primary-or-donor";
}

absl::StatusOr<ReplicateFrom> ParseReplicateFrom(absl::string_view text) {
  for (const ReplicateFrom from :
       {ReplicateFrom::kDonor, ReplicateFrom::kPrimary, ReplicateFrom::kPrimaryOrDonor}) {
    if (text == ReplicateFromText(from)) return from;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no source: write donor, primary or primary-or-donor"));
}

ReplicateFrom UsualSource(const DonorChoice& donor) {
  if (donor.kind == DonorChoice::Kind::kBackup) return ReplicateFrom::kPrimary;
  return donor.kind == DonorChoice::Kind::kAny ? ReplicateFrom::kPrimaryOrDonor
                                               : ReplicateFrom::kDonor;
}

Allowances WithDefaults(Allowances allow, const Allowances& defaults) {
  allow.non_innodb |= defaults.non_innodb;
  allow.lost_replication_settings |= defaults.lost_replication_settings;
  allow.unchecked.insert(defaults.unchecked.begin(), defaults.unchecked.end());
  if (allow.unchecked.count(kAllChecks) > 0) allow.unchecked = {kAllChecks};
  return allow;
}

CloneSettings WithDefaults(CloneSettings settings, const CloneSettings& defaults) {
  const auto fill = [](auto& value, const auto& from) {
    if (!value.has_value()) value = from;
  };
  fill(settings.max_data_bandwidth_mib, defaults.max_data_bandwidth_mib);
  fill(settings.max_network_bandwidth_mib, defaults.max_network_bandwidth_mib);
  fill(settings.max_concurrency, defaults.max_concurrency);
  fill(settings.compression, defaults.compression);
  fill(settings.block_ddl, defaults.block_ddl);
  return settings;
}

bool IsRefusal(const Operation& operation) {
  const Reason reason = ParseReason(ReasonOf(operation.error));
  return operation.outcome == Outcome::kFailed && operation.data_state == DataState::kIntact &&
         reason != Reason::kNone && RowOf(reason).side == Side::kRequest;
}

}  // namespace graft
