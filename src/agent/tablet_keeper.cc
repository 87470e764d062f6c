#include "agent/tablet_keeper.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/errors.h"
#include "log/log_observer.h"
#include "provision/operation/published_state.h"

namespace graft {
namespace {

constexpr absl::Duration kReadEvery = absl::Seconds(5);
constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kPublishProgressEvery = absl::Seconds(5);

// When something is due again: after a while if it went well, soon and ever later if not.
class Pace {
 public:
  explicit Pace(absl::Duration every) : every_(every) {}

  void Done(bool well, absl::Time now) {
    failing_ = !well;
    next_ = now + (well ? every_ : pause_);
    pause_ = well ? kFirstRetry : std::min(2 * pause_, every_);
  }
  absl::Time next() const { return next_; }
  bool failing() const { return failing_; }

 private:
  const absl::Duration every_;
  absl::Duration pause_ = kFirstRetry;
  absl::Time next_ = absl::InfinitePast();
  bool failing_ = false;
};

}  // namespace

TabletKeeper::TabletKeeper(Deps deps, Options options)
    : deps_(deps), options_(std::move(options)), mysql_(options_.advertised_mysql) {
  snapshot_.alias = options_.alias;
  snapshot_.keyspace = options_.keyspace;
  snapshot_.shard = options_.shard;
  snapshot_.mysql_error = "not asked yet";
}

void TabletKeeper::Serve() {
  Pace read(kReadEvery);
  Pace publish(kPublishProgressEvery);
  while (!stop_.cancelled()) {
    const absl::Time now = deps_.clock.Now();
    if (TakeReadNow() || now >= read.next()) read.Done(ReadServer(), deps_.clock.Now());
    const Unpublished unpublished = WhatIsUnpublished();
    // News goes out at once, unless the topology is away; mere progress waits its turn.
    const bool at_once = unpublished == Unpublished::kNews && !publish.failing();
    if (unpublished != Unpublished::kNothing && (at_once || now >= publish.next())) {
      const absl::Status published = Publish();
      if (!published.ok()) deps_.log.Warning("tablet not published", FailureFields(published));
      publish.Done(published.ok(), deps_.clock.Now());
    }
    const bool wanted = WhatIsUnpublished() != Unpublished::kNothing;
    stop_.WaitUntil(deps_.clock, wanted ? std::min(read.next(), publish.next()) : read.next());
  }
}

LogFields TabletKeeper::FailureFields(const absl::Status& failure) const {
  LogFields fields = {{"tablet", options_.alias.ToString()}};
  {
    absl::MutexLock lock(&mutex_);
    const bool runs = operation_.has_value() && operation_->outcome == Outcome::kRunning;
    if (runs) fields = OperationFields(*operation_);
  }
  for (auto& field : StatusFields(failure)) fields.push_back(std::move(field));
  return fields;
}

TabletKeeper::Unpublished TabletKeeper::WhatIsUnpublished() const {
  absl::MutexLock lock(&mutex_);
  return unpublished_;
}

bool TabletKeeper::TakeReadNow() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(read_now_, false);
}

bool TabletKeeper::ReadServer() {
  auto facts = deps_.server.Describe();
  auto channels = facts.ok() ? deps_.server.ReadReplication()
                             : absl::StatusOr<std::vector<ReplicationChannel>>(facts.status());
  const absl::Status status = facts.ok() ? channels.status() : facts.status();
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.read_at = deps_.clock.Now();
    snapshot_.mysql_reachable = status.ok();
    snapshot_.mysql_error = std::string(status.message());
    if (status.ok()) {
      snapshot_.mysql_version = facts->version;
      snapshot_.gtid_executed = facts->gtid_executed;
      snapshot_.super_read_only = facts->super_read_only;
      snapshot_.replication = *std::move(channels);
    } else {
      snapshot_.donating = std::nullopt;
    }
  }
  if (status.ok()) {
    LookAtDonations();
    NoteContact(*facts);
  }
  return status.ok();
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
  bool port_unknown = false;
  {
    absl::MutexLock lock(&mutex_);
    first_contact = std::exchange(on_first_contact_, nullptr);
    port_unknown = mysql_.port == 0;
  }
  if (port_unknown) {
    const auto port = deps_.server.ReadVariables({"port"});
    int number = 0;
    if (port.ok() && absl::SimpleAtoi(port->front().value, &number)) {
      absl::MutexLock lock(&mutex_);
      mysql_.port = number;
      unpublished_ = Unpublished::kNews;
    }
  }
  if (first_contact) first_contact(facts);
}

absl::Status TabletKeeper::Publish() {
  HostPort mysql;
  std::optional<Operation> operation;
  std::optional<TabletType> type;
  {
    absl::MutexLock lock(&mutex_);
    mysql = mysql_;
    operation = operation_;
    type = type_;
    unpublished_ = Unpublished::kNothing;
  }
  TabletType published = TabletType::kUnknown;
  absl::Status status = deps_.topology.UpdateTablet(options_.alias, [&](Tablet& tablet) {
    if (!mysql.empty()) tablet.mysql = mysql;
    if (type.has_value() && tablet.type != TabletType::kPrimary) tablet.type = *type;
    if (operation.has_value()) ApplyPublishedState(*operation, tablet);
    published = tablet.type;
    return absl::OkStatus();
  });
  absl::MutexLock lock(&mutex_);
  if (status.ok()) {
    snapshot_.type = published;
  } else {
    unpublished_ = Unpublished::kNews;
  }
  return status;
}

void TabletKeeper::OnFirstContact(std::function<void(const ServerFacts&)> call) {
  absl::MutexLock lock(&mutex_);
  on_first_contact_ = std::move(call);
}

TabletSnapshot TabletKeeper::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return snapshot_;
}

void TabletKeeper::SetType(TabletType type) {
  {
    absl::MutexLock lock(&mutex_);
    type_ = type;
    unpublished_ = Unpublished::kNews;
  }
  stop_.Wake();
}

void TabletKeeper::Note(const Operation& operation) {
  {
    absl::MutexLock lock(&mutex_);
    const bool no_news = operation_.has_value() && operation_->step == operation.step &&
                         operation_->outcome == operation.outcome &&
                         operation_->data_state == operation.data_state &&
                         operation_->queue_place == operation.queue_place;
    operation_ = operation;
    type_ = std::nullopt;  // the operation's word counts from now on
    unpublished_ = std::max(unpublished_, no_news ? Unpublished::kProgress : Unpublished::kNews);
    read_now_ = read_now_ || operation.outcome != Outcome::kRunning;
  }
  stop_.Wake();
}

}  // namespace graft
