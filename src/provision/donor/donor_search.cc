#include "provision/donor/donor_search.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

// A host that swallows packets lets a connection wait for five seconds.
constexpr absl::Duration kPatience = absl::Seconds(6);
constexpr absl::Duration kPatienceWithPrimary = absl::Seconds(4);

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
  Search(const DonorSearchDeps& deps, const TabletState& state, const Shard& shard)
      : deps_(deps), state_(state), operation_(state.operation), shard_(shard) {}

  absl::StatusOr<FoundDonors> Run() {
    GRAFT_RETURN_IF_ERROR(DescribeRecipient());
    GRAFT_ASSIGN_OR_RETURN(TabletList listed,
                           deps_.topology.ListShardTablets(shard_.keyspace, shard_.name));
    for (Tablet& tablet : listed.tablets) AddCandidate(std::move(tablet));
    const auto is_primary = [](const DonorCandidate& candidate) { return candidate.is_primary; };
    // The primary is read last, so that it has every transaction that the others got from it.
    const auto primary =
        std::stable_partition(candidates_.begin(), candidates_.end(), std::not_fn(is_primary));
    GRAFT_RETURN_IF_ERROR(Ask(candidates_.begin(), primary, kPatience));
    GRAFT_RETURN_IF_ERROR(Ask(primary, candidates_.end(), kPatienceWithPrimary));
    if (primary != candidates_.end()) NotePrimary(*primary);
    GRAFT_RETURN_IF_ERROR(CountWaiting());
    return FoundDonors{RankDonors(candidates_, facts_), listed.MissingText()};
  }

 private:
  using Candidates = std::vector<DonorCandidate>;

  absl::Status DescribeRecipient() {
    const auto own = deps_.recipient.Describe();
    if (!own.ok()) return Annotate(own.status(), "recipient");
    facts_.recipient = operation_.recipient;
    facts_.recipient_version = own->version;
    facts_.shard.recipient_executed = WithoutOwn(own->gtid_executed, own->server_uuid);
    facts_.allow = operation_.request.allow;
    facts_.now = deps_.clock.Now();
    return absl::OkStatus();
  }

  void AddCandidate(Tablet tablet) {
    DonorCandidate candidate;
    candidate.is_primary = tablet.alias == shard_.primary;
    if (!tablet.mysql.empty()) addresses_.push_back(tablet.mysql);
    candidate.tablet = std::move(tablet);
    NoteFailures(state_.earlier_failures, /*of_this_operation=*/false, candidate);
    NoteFailures(operation_.failed_attempts, /*of_this_operation=*/true, candidate);
    candidates_.push_back(std::move(candidate));
  }

  // Those whose records do not refuse them already; the recipient's cell first, if time is short.
  absl::Status Ask(Candidates::iterator begin, Candidates::iterator end, absl::Duration patience) {
    std::vector<DonorCandidate*> asked;
    for (auto candidate = begin; candidate != end; ++candidate) {
      const Tablet& tablet = candidate->tablet;
      if (tablet.alias == facts_.recipient || ObjectToRecord(tablet, candidate->is_primary)) {
        continue;
      }
      asked.push_back(&*candidate);
    }
    std::stable_partition(asked.begin(), asked.end(), [this](const DonorCandidate* candidate) {
      return candidate->tablet.alias.cell == facts_.recipient.cell;
    });
    std::vector<std::shared_ptr<MysqlServer>> servers;
    servers.reserve(asked.size());
    for (const DonorCandidate* candidate : asked) {
      servers.push_back(deps_.peers.open(candidate->tablet.mysql));
    }
    GRAFT_ASSIGN_OR_RETURN(auto answers, AskServers<DonorState>(
                                             deps_.peers, servers,
                                             [shard = addresses_](MysqlServer& server) {
                                               return AskTablet(server, shard);
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

  // The queue of each tablet that answered, without this recipient. Empty if the store is away.
  absl::Status CountWaiting() {
    for (DonorCandidate& candidate : candidates_) {
      if (deps_.peers.cancellation->cancelled()) return absl::CancelledError("cancelled");
      if (!candidate.state.ok()) continue;
      const auto queue = deps_.locks.List(DonorLockName(candidate.tablet.alias));
      if (!queue.ok()) return absl::OkStatus();
      candidate.waiting = static_cast<int>(std::count_if(
          queue->begin(), queue->end(),
          [this](const QueueEntry& entry) { return entry.tablet != facts_.recipient; }));
    }
    return absl::OkStatus();
  }

  const DonorSearchDeps& deps_;
  const TabletState& state_;
  const Operation& operation_;
  const Shard& shard_;
  DonorSearchFacts facts_;
  Candidates candidates_;
  std::vector<HostPort> addresses_;  // of all the shard's servers
};

}  // namespace

absl::StatusOr<FoundDonors> FindDonors(const DonorSearchDeps& deps, const TabletState& state,
                                       const Shard& shard) {
  return Search(deps, state, shard).Run();
}

}  // namespace graft
