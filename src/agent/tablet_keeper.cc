#include "agent/tablet_keeper.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "agent/shared_uuid.h"
#include "agent/tablet_agent.h"
#include "base/errors.h"
#include "provision/donor/donor_fitness.h"

namespace graft {
namespace {

constexpr absl::Duration kReadEvery = absl::Seconds(5);
constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kPublishProgressEvery = absl::Seconds(5);
constexpr absl::Duration kCheckRecordEvery = absl::Seconds(10);

}  // namespace

TabletKeeper::TabletKeeper(Deps deps, Options options)
    : deps_(std::move(deps)),
      options_(std::move(options)),
      read_(kReadEvery),
      publish_(kPublishProgressEvery),
      check_(kCheckRecordEvery) {
  TabletFacts facts = deps_.record.facts();
  facts.mysql = options_.advertised_mysql;
  deps_.record.Note(facts);
  snapshot_.alias = options_.alias;
  snapshot_.keyspace = options_.keyspace;
  snapshot_.shard = options_.shard;
  snapshot_.mysql_error = "not asked yet";
}

void TabletKeeper::Pace::Done(bool well, absl::Time now) {
  failing_ = !well;
  next_ = now + (well ? every_ : pause_);
  pause_ = well ? kFirstRetry : std::min(2 * pause_, every_);
}

void TabletKeeper::Serve() {
  while (!stop_.cancelled()) stop_.WaitUntil(deps_.clock, Turn());
}

absl::Time TabletKeeper::Turn() {
  const absl::Time now = deps_.clock.Now();
  if (check_.next() == absl::InfinitePast()) check_.Done(true, now);  // it has just been registered
  if (TakeReadNow() || now >= read_.next()) read_.Done(ReadServer(), deps_.clock.Now());
  if (now >= check_.next()) check_.Done(CheckRecord(), deps_.clock.Now());
  const Unpublished unpublished = WhatIsUnpublished();
  // News goes out at once, unless the topology is away; mere progress waits its turn.
  const bool at_once = unpublished == Unpublished::kNews && !publish_.failing();
  if (unpublished != Unpublished::kNothing && (at_once || now >= publish_.next())) {
    const absl::Status published = Publish();
    if (!published.ok()) deps_.log.Warning("tablet not published", FailureFields(published));
    publish_.Done(published.ok(), deps_.clock.Now());
  }
  const absl::Time next = std::min(read_.next(), check_.next());
  return WhatIsUnpublished() == Unpublished::kNothing ? next : std::min(next, publish_.next());
}

LogFields TabletKeeper::FailureFields(const absl::Status& failure) const {
  absl::MutexLock lock(&mutex_);
  const bool runs = operation_.has_value() && operation_->outcome == Outcome::kRunning;
  return StatusFields(failure, runs ? OperationFields(*operation_)
                                    : LogFields{{"tablet", options_.alias.ToString()}});
}

// An operation itself reports its waits.
void TabletKeeper::TellContact(const absl::Status& status) {
  if (!MayHold() || std::exchange(mysql_answers_, status.ok()) == status.ok()) return;
  if (IsAway(status)) return deps_.log.Warning("mysqld does not answer", FailureFields(status));
  if (!status.ok())
    return deps_.log.Warning("mysqld does not let the agent read its state", FailureFields(status));
  deps_.log.Info("mysqld answers again", {{"tablet", options_.alias.ToString()}});
}

bool TabletKeeper::ReadServer() {
  auto facts = deps_.server.Describe();
  auto channels = facts.ok() ? deps_.server.ReadReplication()
                             : absl::StatusOr<std::vector<ReplicationChannel>>(facts.status());
  const absl::Status status = channels.status();
  if (status.ok()) {
    NameSharedUuid({deps_.topology, options_.alias, options_.keyspace, options_.shard},
                   facts->server_uuid, *channels);
  }
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.read_at = deps_.clock.Now();
    snapshot_.mysql_reachable = status.ok();
    snapshot_.mysql_error = std::string(status.message());
    if (status.ok()) {
      snapshot_.mysql_version = facts->version;
      snapshot_.gtid_executed = facts->gtid_executed;
      snapshot_.super_read_only = facts->super_read_only;
      snapshot_.acknowledges = facts->semi_sync.acknowledges;
      snapshot_.replication = *std::move(channels);
    } else {
      snapshot_.donating = std::nullopt;
    }
  }
  TellContact(status);
  if (!status.ok()) return false;
  LookAtDonations();
  HoldServer();
  NoteFacts(*facts);
  FenceHeldBack(*facts);
  NoteContact(*facts);
  return true;
}

void TabletKeeper::NoteFacts(const ServerFacts& facts) {
  TabletFacts noted = deps_.record.facts();
  const TabletFacts before = noted;
  noted.server_uuid = facts.server_uuid;
  noted.health = HealthOf(facts, noted.health.lag);
  // No operation speaks of it, and its server holds nothing at all.
  noted.never_provisioned = deps_.owner.state()->operation.request.id.empty() && noted.health.empty;
  const auto all = [](const TabletFacts& f) {
    return std::tie(f.server_uuid, f.never_provisioned, f.health);
  };
  if (!(all(noted) == all(before))) NoteNews(noted);
}

DonorHealth TabletKeeper::HealthOf(const ServerFacts& facts, LagClass before) const {
  absl::MutexLock lock(&mutex_);
  const bool alone = snapshot_.replication.empty() && snapshot_.type != TabletType::kPrimary;
  return {facts.version, alone ? LagClass::kStopped : JudgeLag(snapshot_.replication, before),
          snapshot_.donating.value_or(false),
          facts.user_schemas.empty() && facts.gtid_executed.empty()};
}

void TabletKeeper::NoteNews(const TabletFacts& facts) {
  deps_.record.Note(facts);
  absl::MutexLock lock(&mutex_);
  unpublished_ = Unpublished::kNews;
}

// While a copy is under way its own connection holds the server, and none of ours may be open.
bool TabletKeeper::MayHold() const {
  const TabletOwner::Snapshot state = deps_.owner.state();
  return !IsUnfinished(*state) && !state->clone.has_value();
}

void TabletKeeper::HoldServer() {
  if (!MayHold()) return;
  const absl::Status held = deps_.holder.HoldServer(/*own_clone=*/0);
  absl::MutexLock lock(&mutex_);
  held_by_other_ = std::string(HasReason(held, Reason::kServerHeld) ? held.message() : "");
}

void TabletKeeper::FenceHeldBack(const ServerFacts& facts) {
  const TabletType type = Snapshot().type;
  const bool held = deps_.record.facts().held_back != Reason::kNone && MayHold();
  const bool known_replica = type != TabletType::kPrimary && type != TabletType::kUnknown;
  if (!held || facts.super_read_only || !known_replica) return;
  const absl::Status done =
      deps_.server.SetVariables({{VariableChange::How::kGlobal, "super_read_only", "ON"}});
  if (!done.ok()) deps_.log.Warning("the server cannot be made read-only", FailureFields(done));
}

bool TabletKeeper::CheckRecord() {
  const auto record = deps_.topology.GetTablet(options_.alias);
  const bool gone = absl::IsNotFound(record.status());
  const absl::Status owner =
      record.ok() && deps_.check_owner ? deps_.check_owner(*record) : record.status();
  const bool other = HasReason(owner, Reason::kTabletHeld);
  bool lost = absl::IsNotFound(owner);
  const bool shut =
      MustNotServe(*deps_.owner.state()) || deps_.record.facts().held_back != Reason::kNone;
  {
    absl::MutexLock lock(&mutex_);
    lost = lost && held_by_other_.empty();
    record_fault_ = std::string(other ? owner.message() : gone ? "its record was deleted" : "");
    if (record.ok()) snapshot_.type = record->type;
    const bool out = snapshot_.type == TabletType::kRestore;
    // Somebody lets dropped data serve.
    if (shut && !out && snapshot_.type != TabletType::kPrimary) unpublished_ = Unpublished::kNews;
  }
  if (other) deps_.log.Warning("the tablet's record is another agent's", FailureFields(owner));
  if (!lost) return true;
  deps_.log.Warning("the tablet's record is made anew", FailureFields(owner));
  if (deps_.register_again == nullptr || !deps_.register_again().ok()) return false;
  absl::MutexLock lock(&mutex_);
  record_fault_.clear();
  unpublished_ = Unpublished::kNews;
  return true;
}

void TabletKeeper::LookAtDonations() {
  const auto sessions = deps_.server.ReadSessions();
  if (!sessions.ok()) {
    absl::MutexLock lock(&mutex_);
    snapshot_.donating = std::nullopt;
    return;
  }
  // A donor has several for one clone and serves one clone at a time; the first of them stays until
  // its end.
  std::set<int64_t> ids;
  bool known = false;
  for (const ServerSession& session : *sessions) {
    if (session.command != "clone") continue;
    ids.insert(session.connection_id);
    known = known || donating_sessions_.count(session.connection_id) > 0;
  }
  donating_sessions_ = std::move(ids);
  absl::MutexLock lock(&mutex_);
  snapshot_.donating = !donating_sessions_.empty();
  if (*snapshot_.donating && !known) ++snapshot_.donations_seen;
}

void TabletKeeper::NoteContact(const ServerFacts& facts) {
  std::function<void(const ServerFacts&)> first_contact;
  {
    absl::MutexLock lock(&mutex_);
    first_contact = std::exchange(on_first_contact_, nullptr);
  }
  if (TabletFacts noted = deps_.record.facts(); noted.mysql.port == 0) {
    const auto port = deps_.server.ReadVariables({"port"});
    int number = 0;
    if (port.ok() && absl::SimpleAtoi(port->front().value, &number)) {
      noted.mysql.port = number;
      NoteNews(noted);
    }
  }
  if (first_contact) first_contact(facts);
}

absl::Status TabletKeeper::Publish() {
  {
    absl::MutexLock lock(&mutex_);
    // Another agent works on this server, or under this alias: the record is its to write.
    const std::string& why = held_by_other_.empty() ? record_fault_ : held_by_other_;
    if (!why.empty()) return absl::FailedPreconditionError(why);
    unpublished_ = Unpublished::kNothing;
  }
  const auto published = deps_.record.Publish(*deps_.owner.state());
  absl::MutexLock lock(&mutex_);
  if (published.ok()) snapshot_.type = *published;
  if (!published.ok()) unpublished_ = Unpublished::kNews;
  return published.status();
}

TabletSnapshot TabletKeeper::Snapshot() const {
  const TabletFacts facts = deps_.record.facts();
  const TabletOwner::Snapshot state = deps_.owner.state();
  absl::MutexLock lock(&mutex_);
  TabletSnapshot snapshot = snapshot_;
  snapshot.fenced = state->fence.up;
  for (const std::string& why : {held_by_other_, record_fault_}) {
    if (!why.empty()) snapshot.held_back.push_back(why);
  }
  if (facts.held_back != Reason::kNone) snapshot.held_back.push_back(held_back_);
  if (facts.never_provisioned && snapshot.type != TabletType::kPrimary) {
    snapshot.held_back.emplace_back(
        "it was never provisioned and holds no data: graftctl reprovision");
  }
  return snapshot;
}

void TabletKeeper::SetType(TabletType type) {
  TabletFacts facts = deps_.record.facts();
  facts.type = type;
  NoteNews(facts);
  stop_.Wake();
}

void TabletKeeper::HoldBack(Reason reason, std::string why) {
  TabletFacts facts = deps_.record.facts();
  facts.held_back = reason;
  {
    absl::MutexLock lock(&mutex_);
    held_back_ = std::move(why);
  }
  NoteNews(facts);
  stop_.Wake();
}

void TabletKeeper::Note(const Operation& operation) {
  TabletFacts facts = deps_.record.facts();
  if (operation.outcome == Outcome::kRunning) {
    facts.type = std::nullopt;  // it begins, and its word counts from now on
    facts.held_back = Reason::kNone;
    deps_.record.Note(facts);
  }
  {
    absl::MutexLock lock(&mutex_);
    const bool no_news = operation_.has_value() && operation_->step == operation.step &&
                         operation_->outcome == operation.outcome &&
                         operation_->data_state == operation.data_state &&
                         operation_->queue_place == operation.queue_place;
    operation_ = operation;
    unpublished_ = std::max(unpublished_, no_news ? Unpublished::kProgress : Unpublished::kNews);
    read_now_ = read_now_ || operation.outcome != Outcome::kRunning;
  }
  stop_.Wake();
}

}  // namespace graft
