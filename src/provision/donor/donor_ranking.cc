#include "provision/donor/donor_ranking.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/server_version.h"
#include "provision/donor/gtid_difference.h"

namespace graft {
namespace {

constexpr absl::Duration kLongLag = absl::Minutes(10);

struct Refusal {
  Reason reason;
  std::string text;
};
using MaybeRefusal = std::optional<Refusal>;

// By the tablet's record: needs no server.
MaybeRefusal RefuseRecord(const DonorCandidate& candidate) {
  const Tablet& tablet = candidate.tablet;
  switch (tablet.type) {
    case TabletType::kPrimary:
      if (candidate.is_primary) break;
      return Refusal{Reason::kDonorIsOldPrimary,
                     "its record says PRIMARY, and the shard has another primary"};
    case TabletType::kReplica:
    case TabletType::kRdonly:
    case TabletType::kSpare:
    case TabletType::kExperimental:
      break;
    case TabletType::kRestore:
      return Refusal{Reason::kDonorIsRestoring, "it is being rebuilt itself (RESTORE)"};
    case TabletType::kDrained:  // by a human, or by VTOrc for its errant transactions
    case TabletType::kBackup:   // its replication is stopped
    case TabletType::kUnknown:
      return Refusal{Reason::kDonorType,
                     absl::StrCat("its record says ", TabletTypeName(tablet.type))};
  }
  const auto data_state = tablet.tags.find("graft.data_state");
  if (data_state != tablet.tags.end() &&
      (data_state->second == "PARTIAL" || data_state->second == "EMPTY")) {
    return Refusal{Reason::kDonorDataState, absl::StrCat("its data is ", data_state->second)};
  }
  if (tablet.mysql.empty()) {
    return Refusal{Reason::kDonorHasNoAddress, "it has no MySQL address in the topology"};
  }
  return std::nullopt;
}

MaybeRefusal RefuseAnswer(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const std::string text(status.message());
  if (absl::IsUnauthenticated(status)) return Refusal{Reason::kDonorCredentials, text};
  if (absl::IsPermissionDenied(status)) return Refusal{Reason::kDonorPrivilege, text};
  return Refusal{Reason::kDonorUnreachable, text};
}

MaybeRefusal RefuseVersion(const DonorState& state, const DonorSearchFacts& facts) {
  const auto donor = ServerVersion::Parse(state.version);
  const auto recipient = ServerVersion::Parse(facts.recipient_version);
  absl::Status status = donor.ok() ? recipient.status() : donor.status();
  if (status.ok()) status = CheckCloneVersions(*recipient, *donor);
  if (status.ok()) return std::nullopt;
  return Refusal{Reason::kVersions, std::string(status.message())};
}

MaybeRefusal RefuseTransactions(const DonorState& state, const DonorSearchFacts& facts) {
  if (!facts.primary_gtid_executed.has_value()) return std::nullopt;
  const auto errant = GtidDifference(state.gtid_executed, *facts.primary_gtid_executed);
  if (!errant.ok()) {
    return Refusal{Reason::kErrantTransactions, std::string(errant.status().message())};
  }
  if (errant->empty()) return std::nullopt;
  return Refusal{Reason::kErrantTransactions,
                 absl::StrCat("the primary does not have its ", DescribeGtids(*errant))};
}

MaybeRefusal Refuse(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  if (candidate.tablet.alias == facts.recipient) {
    return Refusal{Reason::kDonorIsRecipient, "it cannot be rebuilt from itself"};
  }
  if (MaybeRefusal refusal = RefuseRecord(candidate)) return refusal;
  if (!candidate.ruled_out.ok()) {
    const Reason reason = ParseReason(ReasonOf(candidate.ruled_out));
    return Refusal{reason == Reason::kNone ? Reason::kDonorFailed : reason,
                   std::string(candidate.ruled_out.message())};
  }
  if (MaybeRefusal refusal = RefuseAnswer(candidate.state.status())) return refusal;
  const DonorState& state = *candidate.state;
  if (MaybeRefusal refusal = RefuseVersion(state, facts)) return refusal;
  if (candidate.is_primary) return std::nullopt;
  if (!state.broken_replication.empty()) {
    return Refusal{Reason::kDonorReplication,
                   absl::StrCat("its replication is broken: ", state.broken_replication)};
  }
  return RefuseTransactions(state, facts);
}

// The lesser is the better; see the header.
auto RankOf(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  const DonorState& state = *candidate.state;
  const bool forgotten = facts.now - candidate.last_failure > kFailureMemory;
  const int failures = forgotten ? 0 : candidate.failures;
  const absl::Duration lag =
      candidate.is_primary ? absl::ZeroDuration() : state.lag.value_or(absl::InfiniteDuration());
  const int queue = std::max(candidate.waiting, state.donating ? 1 : 0);
  const bool other_cell = candidate.tablet.alias.cell != facts.recipient.cell;
  return std::make_tuple(failures, queue, lag > kLongLag, candidate.is_primary, other_cell, lag,
                         candidate.tablet.alias);
}

}  // namespace

DonorRanking RankDonors(const std::vector<DonorCandidate>& candidates,
                        const DonorSearchFacts& facts) {
  DonorRanking ranking;
  std::vector<const DonorCandidate*> fit;
  for (const DonorCandidate& candidate : candidates) {
    if (MaybeRefusal refusal = Refuse(candidate, facts)) {
      ranking.refused.push_back({candidate.tablet.alias, std::string(RowOf(refusal->reason).word),
                                 std::move(refusal->text)});
    } else {
      fit.push_back(&candidate);
    }
  }
  std::sort(fit.begin(), fit.end(), [&](const DonorCandidate* a, const DonorCandidate* b) {
    return RankOf(*a, facts) < RankOf(*b, facts);
  });
  for (const DonorCandidate* candidate : fit) ranking.order.push_back(candidate->tablet.alias);
  std::sort(ranking.refused.begin(), ranking.refused.end(),
            [](const RefusedDonor& a, const RefusedDonor& b) { return a.alias < b.alias; });
  return ranking;
}

}  // namespace graft
