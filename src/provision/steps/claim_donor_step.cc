// claim_donor: one clone per donor across the whole topology, and one line for all the shard's
// recipients. Waits in it, with the tablet still serving and replicating: nothing is fenced yet.

#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/donor/claim_keeper.h"
#include "provision/donor/donor_search.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// So many at the front of the line look for donors at the same time. Those behind them only look at
// the line, and only when it has become so much shorter that they may be at the front.
constexpr int kFront = 4;
constexpr absl::Duration kLook = absl::Seconds(30);  // at what no change of the line tells
constexpr absl::Duration kLooksApart = absl::Milliseconds(100);
constexpr absl::Duration kLookUntold = absl::Seconds(1);  // while the line cannot be watched
// A free donor that those before this recipient do not take for so long is left over.
constexpr absl::Duration kLeftOverAfter = absl::Seconds(3);
// A donor that somebody outside the line holds is left alone for so long.
constexpr absl::Duration kForeignClaim = absl::Seconds(5);
// Others that have begun, by their records, come to the line within so long, or have died.
constexpr absl::Duration kBeginnersPatience = absl::Minutes(2);  // in each attempt
// The store may be away for so long before the wait is given up.
constexpr absl::Duration kStorePatience = absl::Seconds(15);

class DonorWait {
 public:
  explicit DonorWait(StepContext& context)
      : context_(context),
        name_(ShardLineName(context.options.keyspace, context.options.shard)),
        began_(context.FirstAt(Step::kClaimDonor)),
        moved_(Now()),
        mine_(context.LineEntry(/*waiting=*/true)) {}

  StepOutcome Run() {
    while (true) {
      const auto donor = Look();
      if (donor.ok() && donor->has_value()) return Take(**donor);
      const bool away = IsAway(donor.status());
      failing_since_ = donor.ok() ? absl::InfiniteFuture() : std::min(failing_since_, Now());
      if (!donor.ok() && (!away || Now() - failing_since_ >= kStorePatience)) {
        return donor.status();
      }
      if (away) searched_.reset();
      if (donor.ok() && Now() - moved_ >= context_.options.donor_wait_timeout) {
        return WaitedTooLong(context_, line_);
      }
      if (donor.ok() && stands_) ShowPlace(line_.ahead + 1);
      GRAFT_RETURN_IF_ERROR(AwaitNews());
    }
  }

 private:
  absl::Time Now() const { return context_.clock().Now(); }
  Operation& operation() const { return context_.operation; }
  bool TakesAny() const { return TakesAnyDonor(operation()); }

  // The donor whose claim is held now; nullopt: none yet. UNAVAILABLE and DEADLINE_EXCEEDED: the
  // store is away.
  absl::StatusOr<std::optional<TabletAlias>> Look() {
    GRAFT_RETURN_IF_ERROR(Annotate(Stand(), "the line for a donor"));
    seen_changes_ = *changes_;
    const auto entries = context_.deps.locks.List(name_);
    if (!entries.ok()) return Annotate(entries.status(), "the line for a donor");
    const int before = line_.ahead;
    line_ = LineFrom(*entries, mine_);
    stands_ = line_.there;
    if (!stands_) return std::nullopt;  // it was lost: to its end, at the next look
    if (line_.ahead < before) moved_ = Now();
    if (mine_.acknowledges && !line_.acknowledger.empty()) {
      context_.Note(AwaitsAcknowledger(line_));
      return std::nullopt;
    }
    std::optional<TabletAlias> donor;
    if (TakesAny()) {
      GRAFT_ASSIGN_OR_RETURN(donor, Choose());
    } else if (IsTurnFor(operation().donor) && ServesAnother(context_)) {
      LeaveAlone(operation().donor);
    } else if (IsTurnFor(operation().donor)) {
      donor = operation().donor;
    }
    if (!donor.has_value()) return std::nullopt;
    GRAFT_ASSIGN_OR_RETURN(const bool claimed, Claim(*donor));
    if (!claimed || *donor == operation().donor) return claimed ? donor : std::nullopt;
    const absl::Status adopted = Adopt(*donor);
    if (adopted.ok()) return donor;
    GRAFT_RETURN_IF_ERROR(context_.deps.claims.Leave());
    if (IsAway(adopted)) return adopted;
    LeaveAlone(*donor);  // its record has changed since
    return std::nullopt;
  }

  absl::Status Stand() {
    if (watch_ == nullptr) {
      auto watch =
          context_.deps.locks.WatchQueue(name_, [changes = changes_, control = context_.control] {
            ++*changes;
            control->Wake();
          });
      if (watch.ok()) watch_ = *std::move(watch);
    }
    const bool lost = context_.deps.line.state() == ClaimKeeper::State::kLost;
    if (stands_ && !lost) return absl::OkStatus();
    GRAFT_RETURN_IF_ERROR(context_.StandInLine(mine_));
    stands_ = true;
    return absl::OkStatus();
  }

  // The named donor is free, and nobody before this recipient is about to take it.
  bool IsTurnFor(const TabletAlias& donor) {
    if (StandsFor(donor)) return true;
    if (!line_.IsFree(donor)) {
      IsLeftOver(false);
      context_.Note(line_.Holders());
      return false;
    }
    return line_.ahead_for_any == 0 || IsLeftOver(true);
  }

  // The best donor that is free for this recipient.
  absl::StatusOr<std::optional<TabletAlias>> Choose() {
    // Who comes behind changes nothing here.
    const bool same = searched_.has_value() && *searched_ == line_;
    const bool behind = line_.ahead >= kFront;
    const bool due = !same || Now() >= search_again_;
    // Those at the front may want other donors: now and then they are not waited for.
    if (behind ? !same || !due : !due) {
      if (!same) search_again_ = Now() + PauseBehind();
      searched_ = line_;
      context_.Note(line_.Holders());
      return std::nullopt;
    }
    searched_ = line_;
    if (const absl::Status own = context_.recipient().Describe().status(); IsAway(own)) {
      context_.Note(absl::StrCat("mysqld does not answer: ", own.message()));
      searched_.reset();
      return std::nullopt;
    }
    GRAFT_ASSIGN_OR_RETURN(const Shard shard, context_.ReadShard());
    DonorWish wish{line_, behind || IsLeftOver(left_to_others_), operation().request.donor.primary};
    for (auto it = foreign_.begin(); it != foreign_.end();) {
      const bool past = Now() - it->second >= kForeignClaim;
      if (!past) wish.line.held.emplace(it->first, TabletAlias());
      it = past ? foreign_.erase(it) : std::next(it);
    }
    const absl::Duration after = context_.options.primary_donor_after;
    const bool long_wait = after > absl::ZeroDuration() && Now() - began_ >= after;
    if (long_wait && wish.primary == PrimaryAsDonor::kIfNobodyElse) {
      wish.primary = PrimaryAsDonor::kLikeOthers;
    }
    GRAFT_ASSIGN_OR_RETURN(const FoundDonors found, SearchDonors(context_, shard, wish));
    left_to_others_ = found.left_to_others > 0;
    if (!left_to_others_) IsLeftOver(false);
    search_again_ = Now() + (behind ? PauseBehind() : left_to_others_ ? kLookUntold : kLook);
    for (const TabletAlias& donor : found.ranking.order) {
      if (!wish.line.IsFree(donor)) continue;
      if (found.ranking.donating.count(donor) == 0) return donor;
      LeaveAlone(donor);
    }
    if (IsHopeless(found)) return NoDonor(operation(), shard, found);
    context_.Note(line_.Holders());
    return std::nullopt;
  }

  // No tablet can be the donor, and none is about to become one.
  bool IsHopeless(const FoundDonors& found) {
    const bool none =
        found.ranking.order.empty() && !left_to_others_ && !line_.others_work() && foreign_.empty();
    hopeless_since_ = none ? std::min(hopeless_since_, Now()) : absl::InfiniteFuture();
    return none && (Now() - hopeless_since_ >= kBeginnersPatience || !AnotherBegins(context_));
  }

  bool IsLeftOver(bool others_have_one) {
    if (!others_have_one) {
      left_since_ = absl::InfiniteFuture();
      return false;
    }
    left_since_ = std::min(left_since_, Now());
    return Now() - left_since_ >= kLeftOverAfter;
  }

  // False: somebody else has it. A named donor is waited for in its own queue then: its holder does
  // not stand in the line.
  absl::StatusOr<bool> Claim(const TabletAlias& donor) {
    ClaimKeeper& claims = context_.deps.claims;
    const TabletAlias before = operation().donor;
    operation().donor = donor;
    absl::StatusOr<int> ahead = StandsFor(donor) ? claims.Ahead() : absl::AbortedError("");
    if (absl::IsAborted(ahead.status())) ahead = context_.ClaimDonor();
    operation().donor = before;
    if (ahead.ok() && *ahead == 0) return true;
    // No claim stays that nobody uses; one that cannot be given up ends with its lease.
    if (TakesAny()) claims.Leave().IgnoreError();
    if (!ahead.ok()) return Annotate(ahead.status(), "claim of the donor");
    if (TakesAny()) LeaveAlone(donor);
    return false;
  }

  bool StandsFor(const TabletAlias& donor) const {
    return context_.deps.claims.In(DonorLockName(donor));
  }

  // Preflight is to judge this one.
  absl::Status Adopt(const TabletAlias& donor) {
    GRAFT_ASSIGN_OR_RETURN(const Shard shard, context_.ReadShard());
    GRAFT_RETURN_IF_ERROR(ReadDonorAndSource(context_, shard, donor));
    context_.state.donor_uuid.clear();  // preflight says both
    context_.state.source_uuid.clear();
    judge_first_ = true;
    return absl::OkStatus();
  }

  // The farther back, the less often.
  absl::Duration PauseBehind() const { return kLook * (1 + line_.ahead / kFront); }

  // It serves somebody who does not stand in the line.
  void LeaveAlone(const TabletAlias& donor) {
    foreign_[donor] = Now();
    search_again_ = std::min(search_again_, Now() + kForeignClaim);
  }

  // The donor that preflight has looked at, or another one that it must look at first.
  StepOutcome Take(const TabletAlias& donor) {
    QueueEntry entry = context_.LineEntry(/*waiting=*/false);
    entry.holds = donor;
    context_.StandInLine(entry).IgnoreError();  // the claim itself is what counts
    ShowPlace(0);
    return judge_first_ ? StepOutcome::Advance(Step::kPreflight) : StepOutcome::Advance();
  }

  // Until the line has changed enough to matter here, or it is time to look anyway.
  absl::Status AwaitNews() {
    const bool front = line_.ahead < kFront;
    absl::Duration pause = foreign_.empty() ? kLook : kForeignClaim;
    const bool soon = watch_ == nullptr || !stands_ || (TakesAny() && !searched_.has_value()) ||
                      failing_since_ != absl::InfiniteFuture() ||
                      left_since_ != absl::InfiniteFuture() ||
                      context_.deps.claims.state() == ClaimKeeper::State::kWaiting;
    if (soon) pause = kLookUntold;
    const absl::Time soonest = Now() + kLooksApart;  // many may come or go at once
    const absl::Time until = Now() + pause;
    const int enough = front ? 1 : line_.ahead - kFront + 1;  // each departure is a change
    while (Now() < soonest || (Now() < until && *changes_ - seen_changes_ < enough)) {
      GRAFT_RETURN_IF_ERROR(context_.Wait((Now() < soonest ? soonest : until) - Now()));
    }
    return absl::OkStatus();
  }

  void ShowPlace(int place) {
    if (operation().queue_place == place) return;
    operation().queue_place = place;
    context_.Save().IgnoreError();
    context_.ReportProgress();
  }

  StepContext& context_;
  const std::string name_;
  const absl::Time began_;
  absl::Time moved_;  // when the place in line became a better one
  absl::Time failing_since_ = absl::InfiniteFuture();
  const QueueEntry mine_;
  bool stands_ = false;
  bool judge_first_ = false;  // the donor that was taken is another one than preflight has judged
  ShardLine line_;
  std::optional<ShardLine> searched_;  // how it was at the last search
  absl::Time search_again_;            // at the same line
  absl::Time hopeless_since_ = absl::InfiniteFuture();
  bool left_to_others_ = false;  // a free donor, at the last search
  absl::Time left_since_ = absl::InfiniteFuture();
  std::map<TabletAlias, absl::Time> foreign_;  // claims of those that do not stand in the line
  // Changes of the line; the watch's thread counts them, and ends before this does.
  const std::shared_ptr<std::atomic<int>> changes_ = std::make_shared<std::atomic<int>>(0);
  int seen_changes_ = 0;
  std::unique_ptr<Watch> watch_;
};

}  // namespace

// Advance: this operation holds the claim on its donor. To preflight: on another donor than the one
// that was looked at. DEADLINE_EXCEEDED: no donor was free in time. UNAVAILABLE: the store is away.
StepOutcome ClaimDonorStep(StepContext& context) {
  if (context.deps.claims.Holds(DonorLockName(context.operation.donor))) {
    return StepOutcome::Advance();
  }
  NoteAcknowledger(context);
  return DonorWait(context).Run();
}

}  // namespace graft
