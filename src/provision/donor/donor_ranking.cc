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

using MaybeRefusal = MaybeObjection;

Objection Refusal(Reason reason, std::string text) {
  return {reason, /*certain=*/true, std::move(text)};
}

MaybeRefusal RefuseAnswer(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const std::string text(status.message());
  if (absl::IsUnauthenticated(status)) return Refusal(Reason::kDonorCredentials, text);
  if (absl::IsPermissionDenied(status)) return Refusal(Reason::kDonorPrivilege, text);
  return Refusal(Reason::kDonorUnreachable, text);
}

MaybeRefusal RefuseVersion(const DonorState& state, const DonorSearchFacts& facts) {
  const auto donor = ServerVersion::Parse(state.version);
  const auto recipient = ServerVersion::Parse(facts.recipient_version);
  absl::Status status = donor.ok() ? recipient.status() : donor.status();
  if (status.ok()) status = CheckCloneVersions(*recipient, *donor);
  if (status.ok()) return std::nullopt;
  return Refusal(Reason::kVersions, std::string(status.message()));
}

MaybeRefusal RefuseTransactions(const DonorState& state, const DonorSearchFacts& facts) {
  if (!facts.primary_gtid_executed.has_value()) return std::nullopt;
  const auto errant = GtidDifference(state.gtid_executed, *facts.primary_gtid_executed);
  if (!errant.ok()) {
    return Refusal(Reason::kErrantTransactions, std::string(errant.status().message()));
  }
  if (errant->empty()) return std::nullopt;
  return Refusal(Reason::kErrantTransactions,
                 absl::StrCat("the primary does not have its ", DescribeGtids(*errant)));
}

ShardEvidence EvidenceOf(const std::vector<DonorCandidate>& candidates,
                         const DonorSearchFacts& facts) {
  ShardEvidence shard{facts.primary_gtid_executed, facts.primary_gtid_purged,
                      facts.recipient_executed};
  shard.has_data = !facts.recipient_executed.empty() ||
                   std::any_of(candidates.begin(), candidates.end(), [](const auto& candidate) {
                     return candidate.state.ok() && !candidate.state->gtid_executed.empty();
                   });
  return shard;
}

MaybeRefusal RefuseData(const DonorCandidate& candidate, const ShardEvidence& shard,
                        const DonorSearchFacts& facts) {
  const DonorState& state = *candidate.state;
  const DonorEvidence donor{candidate.is_primary, RecordedUuid(candidate.tablet),
                            state.server_uuid,    state.gtid_executed,
                            state.has_schemas,    state.following};
  for (const auto& judge : {ObjectToIdentity, ObjectToData}) {
    MaybeObjection objection = judge(donor, shard);
    if (objection && (objection->certain || !facts.allow_unchecked)) return objection;
  }
  return std::nullopt;
}

MaybeRefusal RefuseServer(const DonorCandidate& candidate, const ShardEvidence& shard,
                          const DonorSearchFacts& facts) {
  const DonorState& state = *candidate.state;
  if (MaybeRefusal refusal = RefuseVersion(state, facts)) return refusal;
  if (!candidate.is_primary && !state.broken_replication.empty()) {
    return Refusal(Reason::kDonorReplication,
                   absl::StrCat("its replication is broken: ", state.broken_replication));
  }
  if (MaybeRefusal refusal = RefuseData(candidate, shard, facts)) return refusal;
  return candidate.is_primary ? std::nullopt : RefuseTransactions(state, facts);
}

MaybeRefusal Refuse(const DonorCandidate& candidate, const ShardEvidence& shard,
                    const DonorSearchFacts& facts) {
  if (candidate.tablet.alias == facts.recipient) {
    return Refusal(Reason::kDonorIsRecipient, "it cannot be rebuilt from itself");
  }
  if (MaybeRefusal refusal = ObjectToRecord(candidate.tablet, candidate.is_primary)) return refusal;
  if (!candidate.ruled_out.ok()) {
    const Reason reason = ParseReason(ReasonOf(candidate.ruled_out));
    return Refusal(reason == Reason::kNone ? Reason::kDonorFailed : reason,
                   std::string(candidate.ruled_out.message()));
  }
  if (MaybeRefusal refusal = RefuseAnswer(candidate.state.status())) return refusal;
  return RefuseServer(candidate, shard, facts);
}

// Tablets that somebody can repair come first: the list of tablets that are merely away may be
// long.
int PlaceOf(const RefusedDonor& refused) {
  const Reason reason = ParseReason(refused.reason);
  if (reason == Reason::kDonorHasNoAddress) return 2;
  return reason == Reason::kDonorUnreachable ? 1 : 0;
}

void KeepWhatMatters(DonorRanking& ranking) {
  std::vector<RefusedDonor>& refused = ranking.refused;
  const auto by_alias = [](const RefusedDonor& a, const RefusedDonor& b) {
    return a.alias < b.alias;
  };
  std::sort(refused.begin(), refused.end(), [](const RefusedDonor& a, const RefusedDonor& b) {
    return std::make_pair(PlaceOf(a), a.alias) < std::make_pair(PlaceOf(b), b.alias);
  });
  if (refused.size() > kMostRefusals) {
    ranking.refused_more = static_cast<int>(refused.size() - kMostRefusals);
    refused.resize(kMostRefusals);
  }
  std::sort(refused.begin(), refused.end(), by_alias);
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
  const ShardEvidence shard = EvidenceOf(candidates, facts);
  std::vector<const DonorCandidate*> fit;
  for (const DonorCandidate& candidate : candidates) {
    if (MaybeRefusal refusal = Refuse(candidate, shard, facts)) {
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
  KeepWhatMatters(ranking);
  return ranking;
}

}  // namespace graft
