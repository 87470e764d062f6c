#include "provision/donor/donor_ranking.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "base/server_version.h"

namespace graft {
namespace {

MaybeObjection RefuseAnswer(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  Reason reason = Reason::kDonorUnreachable;
  if (absl::IsUnauthenticated(status)) reason = Reason::kDonorCredentials;
  if (absl::IsPermissionDenied(status)) reason = Reason::kDonorPrivilege;
  return Objection{reason, std::string(status.message())};
}

MaybeObjection RefuseVersion(const ServerFacts& server, const DonorSearchFacts& facts) {
  const auto donor = ServerVersion::Parse(server.version);
  const auto recipient = ServerVersion::Parse(facts.recipient_version);
  absl::Status status = donor.ok() ? recipient.status() : donor.status();
  if (status.ok()) status = CheckCloneVersions(*recipient, *donor);
  if (status.ok()) return std::nullopt;
  return Objection{Reason::kVersions, std::string(status.message())};
}

MaybeObjection RefuseTransactions(const ServerFacts& server, const ShardEvidence& shard) {
  if (!shard.primary.has_value()) return std::nullopt;
  const auto errant = GtidDifference(server.gtid_executed, shard.primary->gtid_executed);
  if (!errant.ok()) {
    return Objection{Reason::kErrantTransactions, std::string(errant.status().message())};
  }
  if (errant->empty()) return std::nullopt;
  return Objection{Reason::kErrantTransactions,
                   absl::StrCat("the primary does not have its ", DescribeGtids(*errant))};
}

ShardEvidence EvidenceOf(const std::vector<DonorCandidate>& candidates,
                         const DonorSearchFacts& facts) {
  ShardEvidence shard = facts.shard;
  shard.has_data = !shard.recipient_executed.empty() ||
                   std::any_of(candidates.begin(), candidates.end(), [](const auto& candidate) {
                     return candidate.state.ok() && !candidate.state->server.gtid_executed.empty();
                   });
  return shard;
}

MaybeObjection RefuseData(const DonorCandidate& candidate, const ShardEvidence& shard,
                          const DonorSearchFacts& facts) {
  const DonorEvidence donor{candidate.is_primary, RecordedUuid(candidate.tablet),
                            candidate.state->server, candidate.state->following};
  for (const auto& judge : {ObjectToIdentity, ObjectToData}) {
    MaybeObjection objection = judge(donor, shard);
    if (!objection) continue;
    if (objection->certain || !facts.allow.Unchecked(RowOf(objection->reason).word)) {
      return objection;
    }
  }
  return std::nullopt;
}

MaybeObjection RefuseServer(const DonorCandidate& candidate, const ShardEvidence& shard,
                            const DonorSearchFacts& facts) {
  const DonorState& state = *candidate.state;
  if (MaybeObjection refusal = RefuseVersion(state.server, facts)) return refusal;
  if (!candidate.is_primary && !state.broken_replication.empty()) {
    return Objection{Reason::kDonorReplication,
                     absl::StrCat("its replication is broken: ", state.broken_replication)};
  }
  if (MaybeObjection refusal = RefuseData(candidate, shard, facts)) return refusal;
  return candidate.is_primary ? std::nullopt : RefuseTransactions(state.server, shard);
}

// What needs no answer of its server.
MaybeObjection RefuseUnasked(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  if (candidate.tablet.alias == facts.recipient) {
    return Objection{Reason::kDonorIsRecipient, "it cannot be rebuilt from itself"};
  }
  if (MaybeObjection refusal = ObjectToRecord(candidate.tablet, candidate.is_primary)) {
    return refusal;
  }
  if (candidate.is_primary && facts.primary == PrimaryAsDonor::kNever) {
    return Objection{Reason::kDonorType, "it is the primary, and only replicas may be donor"};
  }
  if (candidate.ruled_out.ok()) return std::nullopt;
  const Reason reason = ParseReason(ReasonOf(candidate.ruled_out));
  return Objection{reason == Reason::kNone ? Reason::kDonorFailed : reason,
                   std::string(candidate.ruled_out.message())};
}

MaybeObjection Refuse(const DonorCandidate& candidate, const ShardEvidence& shard,
                      const DonorSearchFacts& facts) {
  if (MaybeObjection refusal = RefuseUnasked(candidate, facts)) return refusal;
  if (MaybeObjection refusal = RefuseAnswer(candidate.state.status())) return refusal;
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

int RecentFailures(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  return facts.now - candidate.last_failure > kFailureMemory ? 0 : candidate.failures;
}

bool IsOfOtherCell(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  return candidate.tablet.alias.cell != facts.recipient.cell;
}

// The lesser is the better; see the header.
auto RankOf(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  const DonorState& state = *candidate.state;
  const absl::Duration lag =
      candidate.is_primary ? absl::ZeroDuration() : state.lag.value_or(absl::InfiniteDuration());
  return std::make_tuple(RecentFailures(candidate, facts), candidate.held || state.donating,
                         lag > kLongLag, candidate.is_primary, IsOfOtherCell(candidate, facts), lag,
                         candidate.tablet.alias);
}

// The same, as far as the record says.
auto RecordRankOf(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  const DonorHealth health = ReadHealth(candidate.tablet);
  const LagClass lag = candidate.is_primary ? LagClass::kCurrent : health.lag;
  return std::make_tuple(IsLastResort(candidate, facts), RecentFailures(candidate, facts),
                         candidate.held, lag >= LagClass::kFarBehind, candidate.is_primary,
                         health.donates, IsOfOtherCell(candidate, facts), lag,
                         candidate.tablet.alias);
}

bool IsPrimary(const DonorCandidate* candidate) {
  return candidate->is_primary;
}

}  // namespace

bool IsLastResort(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  const DonorHealth health = ReadHealth(candidate.tablet);
  const auto donor = ServerVersion::Parse(health.version);
  const auto own = ServerVersion::Parse(facts.recipient_version);
  const bool other_version = donor.ok() && own.ok() && !CheckCloneVersions(*own, *donor).ok();
  const bool stopped = health.lag == LagClass::kStopped && !candidate.is_primary;
  return other_version || health.empty || stopped;
}

void SparePrimary(const DonorSearchFacts& facts, std::vector<DonorCandidate*>& candidates) {
  const auto can_be_instead = [&facts](const DonorCandidate* candidate) {
    return !candidate->is_primary && RecentFailures(*candidate, facts) == 0;
  };
  if (facts.primary != PrimaryAsDonor::kIfNobodyElse ||
      std::none_of(candidates.begin(), candidates.end(), can_be_instead)) {
    return;
  }
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(), IsPrimary),
                   candidates.end());
}

bool RefusesUnasked(const DonorCandidate& candidate, const DonorSearchFacts& facts) {
  return RefuseUnasked(candidate, facts).has_value();
}

std::vector<DonorCandidate*> OrderByRecords(std::vector<DonorCandidate>& candidates,
                                            const DonorSearchFacts& facts) {
  std::vector<DonorCandidate*> order;
  for (DonorCandidate& candidate : candidates) {
    if (!RefuseUnasked(candidate, facts)) order.push_back(&candidate);
  }
  std::sort(order.begin(), order.end(), [&](const DonorCandidate* a, const DonorCandidate* b) {
    return RecordRankOf(*a, facts) < RecordRankOf(*b, facts);
  });
  return order;
}

DonorRanking RankDonors(std::vector<DonorCandidate> candidates, const DonorSearchFacts& facts) {
  DonorRanking ranking;
  const ShardEvidence shard = EvidenceOf(candidates, facts);
  std::vector<DonorCandidate*> fit;
  for (DonorCandidate& candidate : candidates) {
    if (MaybeObjection refusal = Refuse(candidate, shard, facts)) {
      ranking.refused.push_back({candidate.tablet.alias, std::string(RowOf(refusal->reason).word),
                                 std::move(refusal->text)});
    } else {
      fit.push_back(&candidate);
    }
  }
  std::sort(fit.begin(), fit.end(), [&](const DonorCandidate* a, const DonorCandidate* b) {
    return RankOf(*a, facts) < RankOf(*b, facts);
  });
  SparePrimary(facts, fit);
  for (const DonorCandidate* candidate : fit) {
    ranking.order.push_back(candidate->tablet.alias);
    if (candidate->state->donating) ranking.donating.insert(candidate->tablet.alias);
  }
  KeepWhatMatters(ranking);
  return ranking;
}

}  // namespace graft
