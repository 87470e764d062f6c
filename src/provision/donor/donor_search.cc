#include "provision/donor/donor_search.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

// How many are asked at the same time, and for how long: a host that swallows packets lets a
// connection wait for five seconds. The last round asks all the others, and once more those that
// did not answer before.
struct Round {
  size_t most;
  absl::Duration patience;
  bool last = false;
};
constexpr std::array<Round, 3> kRounds = {
    {{2, absl::Seconds(1)}, {8, absl::Seconds(1)}, {SIZE_MAX, absl::Seconds(3), true}}};

void NoteReplication(const std::vector<ReplicationChannel>& channels, DonorState& state) {
  for (const ReplicationChannel& channel : channels) {
    if (!channel.applier_running && channel.applier_errno != 0) {
      state.broken_replication =
          absl::StrCat("applier error ", channel.applier_errno, ": ", channel.applier_error);
    }
    if (channel.lacks_binlogs()) {
      state.broken_replication =
          absl::StrCat("receiver error ", channel.receiver_errno, ": ", channel.receiver_error);
    }
    if (!channel.lag.has_value()) continue;
    state.lag = std::max(state.lag.value_or(*channel.lag), *channel.lag);
  }
}

// Facts that the clone account may not read stay unknown. Preflight reports them for the chosen
// donor.
absl::StatusOr<DonorState> AskTablet(MysqlServer& server, const std::vector<HostPort>& shard) {
  DonorState state;
  GRAFT_ASSIGN_OR_RETURN(state.server, server.Describe());
  const auto channels = server.ReadReplication();
  state.following = JudgeFollowing(channels, shard);
  if (channels.ok()) NoteReplication(*channels, state);
  if (const auto sessions = server.ReadSessions(); sessions.ok()) {
    state.donating =
        std::any_of(sessions->begin(), sessions->end(),
                    [](const ServerSession& session) { return session.command == "clone"; });
  }
  return state;
}

void NoteFailures(const std::vector<FailedAttempt>& attempts, bool of_this_operation,
                  DonorCandidate& candidate) {
  for (const FailedAttempt& attempt : attempts) {
    if (attempt.donor != candidate.tablet.alias) continue;
    // Trouble before the copy that was not the donor's says nothing of it.
    const Reason reason = ParseReason(ReasonOf(attempt.error));
    const bool its_own = reason == Reason::kNone || RowOf(reason).side == Side::kDonor;
    if (reason == Reason::kClaimLost || (!its_own && attempt.step != Step::kClone)) continue;
    ++candidate.failures;
    candidate.last_failure = std::max(candidate.last_failure, attempt.ended);
    // No attempt with this donor can succeed: wrong password, wrong version.
    if (of_this_operation && FollowUpOf(attempt.error) == FollowUp::kNextDonor) {
      candidate.ruled_out = attempt.error;
    }
  }
}

class Search {
 public:
  Search(const DonorSearchDeps& deps, const TabletState& state, const Shard& shard,
         const DonorWish& wish)
      : deps_(deps), state_(state), operation_(state.operation), shard_(shard), wish_(wish) {}

  absl::StatusOr<FoundDonors> Run() {
    GRAFT_RETURN_IF_ERROR(DescribeRecipient());
    GRAFT_ASSIGN_OR_RETURN(TabletList listed,
                           deps_.topology.ListShardTablets(shard_.keyspace, shard_.name));
    for (Tablet& tablet : listed.tablets) AddCandidate(std::move(tablet));
    const Candidates pool = MakePool();
    FoundDonors found;
    found.missing = listed.MissingText();
    found.left_to_others = left_to_others_.size();
    for (const Round& round : kRounds) {
      GRAFT_RETURN_IF_ERROR(AskSome(pool, round));
      const bool all_known = round.last || std::none_of(pool.begin(), pool.end(), IsSilent);
      found.ranking = Rank(all_known);
      if (!found.ranking.order.empty() || all_known) break;
    }
    return found;
  }

 private:
  using Candidates = std::vector<DonorCandidate*>;

  static bool IsSilent(const DonorCandidate* one) {
    return IsUnasked(*one) || absl::IsDeadlineExceeded(one->state.status());
  }

  // Whom to ask, in this order.
  Candidates MakePool() {
    Candidates pool = OrderByRecords(candidates_, facts_);
    SparePrimary(facts_, pool);
    const auto last = std::find_if(pool.begin(), pool.end(), [this](const DonorCandidate* one) {
      return IsLastResort(*one, facts_);
    });
    const auto busy = std::stable_partition(pool.begin(), last, [this](const DonorCandidate* one) {
      return wish_.line.IsFree(one->tablet.alias);
    });
    const auto others = static_cast<ptrdiff_t>(LeftToOthers(wish_.line, wish_.left_over));
    const auto left = pool.begin() + std::min(others, busy - pool.begin());
    for (auto one = pool.begin(); one != left; ++one) left_to_others_.insert((*one)->tablet.alias);
    pool.erase(pool.begin(), left);
    return pool;
  }

  // The next of `pool`, and after them the primary, the measure of all: then it has every
  // transaction that the others got from it.
  absl::Status AskSome(const Candidates& pool, const Round& round) {
    Candidates asked;
    for (DonorCandidate* one : pool) {
      const bool due = round.last ? IsSilent(one) : IsUnasked(*one);
      if (due && !one->is_primary && asked.size() < round.most) asked.push_back(one);
    }
    GRAFT_RETURN_IF_ERROR(Ask(asked, round.patience));
    const auto primary = std::find_if(candidates_.begin(), candidates_.end(),
                                      [](const DonorCandidate& one) { return one.is_primary; });
    const bool may_be_asked = primary != candidates_.end() && !primary->tablet.mysql.empty() &&
                              primary->tablet.alias != facts_.recipient;
    if (!may_be_asked) return absl::OkStatus();
    GRAFT_RETURN_IF_ERROR(Ask({&*primary}, round.patience));
    NotePrimary(*primary);
    return absl::OkStatus();
  }

  // Of all but those that nobody has asked yet. Whether somebody else than the primary can be donor
  // shows when all are known, and nobody is about to be one.
  DonorRanking Rank(bool all_known) const {
    std::vector<DonorCandidate> known;
    for (const DonorCandidate& one : candidates_) {
      if (!IsUnasked(one) || RefusesUnasked(one, facts_)) known.push_back(one);
    }
    DonorRanking ranking = RankDonors(known, facts_);
    const bool spared = facts_.primary == PrimaryAsDonor::kIfNobodyElse &&
                        (!all_known || !left_to_others_.empty() || wish_.line.finishing > 0);
    const auto is_left = [&](const TabletAlias& one) {
      return left_to_others_.count(one) > 0 || (spared && one == shard_.primary);
    };
    ranking.order.erase(std::remove_if(ranking.order.begin(), ranking.order.end(), is_left),
                        ranking.order.end());
    return ranking;
  }

  absl::Status DescribeRecipient() {
    const auto own = deps_.recipient.Describe();
    if (!own.ok()) return Annotate(own.status(), "recipient");
    facts_.recipient = operation_.recipient;
    facts_.recipient_version = own->version;
    facts_.shard.recipient_executed = WithoutOwn(own->gtid_executed, own->server_uuid);
    facts_.allow = operation_.request.allow;
    facts_.primary = wish_.primary;
    facts_.now = deps_.clock.Now();
    return absl::OkStatus();
  }

  void AddCandidate(Tablet tablet) {
    DonorCandidate candidate;
    candidate.is_primary = tablet.alias == shard_.primary;
    if (!tablet.mysql.empty()) addresses_->push_back(tablet.mysql);
    candidate.held = wish_.line.held.count(tablet.alias) > 0;
    candidate.tablet = std::move(tablet);
    NoteFailures(state_.earlier_failures, /*of_this_operation=*/false, candidate);
    NoteFailures(operation_.failed_attempts, /*of_this_operation=*/true, candidate);
    candidates_.push_back(std::move(candidate));
  }

  absl::Status Ask(const Candidates& asked, absl::Duration patience) {
    std::vector<std::shared_ptr<MysqlServer>> servers;
    servers.reserve(asked.size());
    for (const DonorCandidate* candidate : asked) {
      servers.push_back(deps_.peers.open(candidate->tablet.mysql));
    }
    GRAFT_ASSIGN_OR_RETURN(auto answers, AskServers<DonorState>(
                                             deps_.peers, servers,
                                             [shard = addresses_](MysqlServer& server) {
                                               return AskTablet(server, *shard);
                                             },
                                             patience));
    for (size_t i = 0; i < asked.size(); ++i) asked[i]->state = std::move(answers[i]);
    return absl::OkStatus();
  }

  // The measure for the others, unless another server answers in its place.
  void NotePrimary(const DonorCandidate& primary) {
    if (!primary.state.ok()) return;
    const ServerFacts& server = primary.state->server;
    const DonorEvidence evidence{true, RecordedUuid(primary.tablet), server, {}};
    if (!ObjectToIdentity(evidence, facts_.shard)) facts_.shard.primary = server;
  }

  const DonorSearchDeps& deps_;
  const TabletState& state_;
  const Operation& operation_;
  const Shard& shard_;
  const DonorWish& wish_;
  DonorSearchFacts facts_;
  std::vector<DonorCandidate> candidates_;
  std::set<TabletAlias> left_to_others_;
  // Of all the shard's servers; a question that hangs keeps it.
  const std::shared_ptr<std::vector<HostPort>> addresses_ =
      std::make_shared<std::vector<HostPort>>();
};

}  // namespace

absl::StatusOr<FoundDonors> FindDonors(const DonorSearchDeps& deps, const TabletState& state,
                                       const Shard& shard, const DonorWish& wish) {
  return Search(deps, state, shard, wish).Run();
}

}  // namespace graft
