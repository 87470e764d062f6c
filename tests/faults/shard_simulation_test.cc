// A whole shard on fakes: every recipient is the real operation with the real line, claims, search
// and ranking, on one simulated clock. How many rounds a shard needs, that nobody starves, that no
// donor serves two, and what all of it costs the store.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/ask_in_order.h"
#include "fakes/crowd_clock.h"
#include "fakes/fake_journal.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/fake_server_host.h"
#include "fakes/fake_store.h"
#include "fakes/shop_tablets.h"
#include "provision/provisioner.h"
#include "topo/queue_locks.h"
#include "topo/vitess_topology.h"

namespace graft {
namespace {

constexpr char kRoot[] = "/vitess/global";
constexpr absl::Duration kCopy = absl::Minutes(1);

// A store whose watches are told by the thread that writes.
class ToldStore : public KeyValueStore {
 public:
  ToldStore(CrowdClock& clock, FakeStore& store) : clock_(clock), store_(store) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override { return store_.Get(key); }
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    auto created = store_.Create(key, value, lease);
    if (created.ok()) keys_[lease] = std::string(key);
    Tell(key);
    return created;
  }
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    auto updated = store_.Update(key, value, expected);
    Tell(key);
    return updated;
  }
  absl::Status Delete(absl::string_view key, Version expected) override {
    const absl::Status deleted = store_.Delete(key, expected);
    Tell(key);
    return deleted;
  }
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override {
    return store_.List(prefix, suffix);
  }
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version /*after*/,
      std::function<void(const KeyEvent&)> on_event) override {
    ++watches_;
    return std::unique_ptr<Watch>(
        std::make_unique<Told>(*this, std::string(prefix), std::move(on_event)));
  }
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override { return store_.GrantLease(ttl); }
  absl::Status KeepLeaseAlive(LeaseId lease) override { return store_.KeepLeaseAlive(lease); }
  absl::Status RevokeLease(LeaseId lease) override {
    const absl::Status revoked = store_.RevokeLease(lease);
    Tell(keys_[lease]);
    return revoked;
  }
  int watches() const { return watches_; }

 private:
  class Told : public Watch {
   public:
    Told(ToldStore& store, std::string prefix, std::function<void(const KeyEvent&)> on_event)
        : prefix(std::move(prefix)), on_event(std::move(on_event)), store_(store) {
      store_.told_.push_back(this);
    }
    ~Told() override {
      auto& told = store_.told_;
      told.erase(std::remove(told.begin(), told.end(), this), told.end());
    }
    const std::string prefix;
    const std::function<void(const KeyEvent&)> on_event;

   private:
    ToldStore& store_;
  };

  void Tell(absl::string_view key) {
    for (Told* told : told_) {
      if (absl::StartsWith(key, told->prefix)) told->on_event({});
    }
    clock_.NoteWake();
  }

  CrowdClock& clock_;
  FakeStore& store_;
  std::map<LeaseId, std::string> keys_;
  std::vector<Told*> told_;
  int watches_ = 0;
};

struct Copy {
  TabletAlias recipient;
  int donor_port = 0;
  absl::Time began;
  absl::Time ended = absl::InfiniteFuture();
};

class Shard {
 public:
  struct Plan {
    int recipients = 0;
    int donors = 0;  // replicas that are well; beside them there is a primary
    double failing_copies = 0;
    double dying_agents = 0;
    PrimaryAsDonor primary = PrimaryAsDonor::kIfNobodyElse;
  };

  explicit Shard(const Plan& plan) : plan_(plan) {
    EXPECT_TRUE(topology_.AddCell({"zone1", "fake", "/vitess/zone1"}).ok());
    AddTablet(100, kDonorUuid);
    EXPECT_TRUE(topology_.SetPrimary("shop", "0", {"zone1", 100}).ok());
    for (int i = 0; i < plan.donors; ++i) AddHealthy(101 + static_cast<uint32_t>(i));
    for (int i = 0; i < plan.recipients; ++i) AddRecipient(Recipient(i));
  }

  void Run() {
    const int before = store_.calls();
    began_ = clock_.Now();
    for (int i = 0; i < plan_.recipients; ++i) {
      Start(Recipient(i), clock_.Now() + absl::Milliseconds(10) * i);
    }
    clock_.Run();
    calls_ = store_.calls() + told_.watches() - before;
  }

  uint32_t Recipient(int i) const { return 2000 + static_cast<uint32_t>(i); }
  const std::vector<Copy>& copies() const { return copies_; }
  const Operation& operation(int i) const { return agents_.at(Recipient(i))->state.operation; }
  int calls() const { return calls_; }
  absl::Duration lasted() const { return clock_.Now() - began_; }
  size_t PlacesLeft() {
    size_t places = 0;
    const std::vector<KeyValue> kept = *store_.List(absl::StrCat(kRoot, "/internal/"));
    for (const KeyValue& item : kept) places += item.value.empty() ? 0 : 1;
    return places;
  }

  // By how many copies, one after the other, the last tablet came to be.
  int Rounds() const {
    std::map<int, int> round_of;  // of the last copy to or from this server
    std::vector<Copy> by_begin = copies_;
    std::sort(by_begin.begin(), by_begin.end(),
              [](const Copy& a, const Copy& b) { return a.began < b.began; });
    int most = 0;
    for (const Copy& copy : by_begin) {
      const int round = round_of[copy.donor_port] + 1;
      round_of[copy.donor_port] = round_of[static_cast<int>(copy.recipient.uid)] = round;
      most = std::max(most, round);
    }
    return most;
  }
  bool AnyDonorServedTwo() const {
    for (const Copy& a : copies_) {
      for (const Copy& b : copies_) {
        if (&a != &b && a.donor_port == b.donor_port && a.began < b.ended && b.began < a.ended) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  // Notes when its copies begin and end.
  class CountedServer : public FakeMysqlServer {
   public:
    CountedServer(Shard& shard, TabletAlias alias)
        : FakeMysqlServer(shard.clock_), shard_(shard), alias_(std::move(alias)) {}
    absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                       std::function<void(absl::Status)> on_end) override {
      const size_t index = shard_.copies_.size();
      shard_.copies_.push_back({alias_, request.donor.port, shard_.clock_.Now()});
      FakeMysqlServer& donor = shard_.agents_.at(static_cast<uint32_t>(request.donor.port))->server;
      const int64_t session = 5000 + static_cast<int64_t>(index);
      donor.Edit([session](FakeMysqlState& server) {
        ServerSession clone;
        clone.connection_id = session;
        clone.command = "clone";
        server.sessions.push_back(clone);
      });
      const auto end = [this, index, session, &donor] {
        Copy& copy = shard_.copies_[index];
        copy.ended = std::min(copy.ended, shard_.clock_.Now());
        donor.Edit([session](FakeMysqlState& server) {
          auto& all = server.sessions;
          all.erase(std::remove_if(all.begin(), all.end(),
                                   [session](const ServerSession& one) {
                                     return one.connection_id == session;
                                   }),
                    all.end());
        });
      };
      // Also if nobody is there to hear of it.
      const FakeMysqlState now = state();
      shard_.clock_.At(shard_.clock_.Now() + now.script.drop + now.script.copy, end);
      auto started = FakeMysqlServer::StartClone(
          request, [end, on_end = std::move(on_end)](absl::Status status) {
            end();
            on_end(std::move(status));
          });
      Edit([](FakeMysqlState& server) { server.script.fail_with = absl::OkStatus(); });
      return started;
    }

   private:
    Shard& shard_;
    const TabletAlias alias_;
  };

  // One process of an agent. A dead one is kept: it gives nothing up.
  struct Process : Observer {
    Process(VitessQueueLocks& locks, Topology& topology, const TabletAlias& alias,
            CrowdClock& clock, Journal& journal)
        : claims(locks), line(locks), owner(clock, journal), record(topology, alias) {}
    void OnStep(const Operation& operation) override {
      TabletFacts facts = record.facts();
      facts.health.empty =
          operation.data_state != DataState::kCloned;  // as the keeper's look says it
      record.Note(facts);
      record.Publish(*owner.state()).status().IgnoreError();
    }
    void OnProgress(const Operation&) override {}
    void OnEnd(const Operation&) override {}
    ClaimKeeper claims;
    ClaimKeeper line;
    TabletOwner owner;
    TabletRecord record;
    std::shared_ptr<OperationControl> control = std::make_shared<OperationControl>();
    bool alive = true;
  };
  struct Agent {
    explicit Agent(Shard& shard, const TabletAlias& alias) : server(shard, alias) {}
    CountedServer server;
    FakeServerHost host;
    FakeJournal journal;
    TabletState state;
    std::vector<std::unique_ptr<Process>> processes;
  };

  void AddTablet(uint32_t uid, const std::string& uuid) {
    const TabletAlias alias{"zone1", uid};
    EXPECT_TRUE(topology_.RegisterTablet(MakeShopTablet(alias, static_cast<int>(uid), uuid)).ok());
    auto agent = std::make_unique<Agent>(*this, alias);
    agent->server.Edit([&](FakeMysqlState& server) {
      server.facts.server_uuid = uuid;
      server.facts.gtid_executed = server.donor.gtid_executed;
      server.config["server_id"] = server.variables["server_id"] = absl::StrCat(uid);
    });
    agents_[uid] = std::move(agent);
  }
  static std::string UuidOf(uint32_t uid) {
    return absl::StrCat("00000000-71ca-11e1-9e33-00000000", absl::Dec(uid, absl::kZeroPad4));
  }
  void AddHealthy(uint32_t uid) {
    AddTablet(uid, UuidOf(uid));
    agents_[uid]->server.Edit([](FakeMysqlState& server) {
      ReplicationChannel channel;
      channel.source = {"127.0.0.1", 100};
      channel.receiver_running = channel.applier_running = channel.auto_position = true;
      channel.lag = absl::ZeroDuration();
      server.channels = {channel};
    });
  }
  void AddRecipient(uint32_t uid) {
    AddTablet(uid, UuidOf(uid));
    agents_[uid]->server.Edit([&](FakeMysqlState& server) {
      server.facts.gtid_executed.clear();
      server.facts.user_schemas.clear();
      for (const char* name : {"read_only", "super_read_only", "skip_replica_start"}) {
        server.config[name] = server.variables[name] = "ON";
      }
      server.script.copy = kCopy;
      if (absl::Bernoulli(random_, plan_.failing_copies)) {
        server.script.fail_with =
            WithReason(absl::UnavailableError("the donor went away"), "DONOR_LOST");
        server.script.fail_in = CloneStage::kFileCopy;
      }
    });
    EXPECT_TRUE(topology_
                    .UpdateTablet({"zone1", uid},
                                  [](Tablet& tablet) {
                                    tablet.type = TabletType::kSpare;
                                    tablet.tags["graft.empty"] = "yes";
                                    return absl::OkStatus();
                                  })
                    .ok());
  }

  void Start(uint32_t uid, absl::Time when) {
    Agent& agent = *agents_[uid];
    agent.processes.push_back(std::make_unique<Process>(
        locks_, topology_, TabletAlias{"zone1", uid}, clock_, agent.journal));
    Process& process = *agent.processes.back();
    clock_.Spawn(when, [this, uid, &agent, &process] { Live(uid, agent, process); });
    KeepAlive(process, when);
    if (absl::Bernoulli(random_, plan_.dying_agents) && agent.processes.size() < 4) {
      Die(uid, when + absl::Seconds(absl::Uniform(random_, 1, 3000)));
    }
  }
  void KeepAlive(Process& process, absl::Time now) {
    clock_.At(now + absl::Seconds(10), [this, &process] {
      if (!process.alive) return;
      process.claims.KeepAliveOnce().IgnoreError();
      process.line.KeepAliveOnce().IgnoreError();
      KeepAlive(process, clock_.Now());
    });
  }
  void Die(uint32_t uid, absl::Time when) {
    clock_.At(when, [this, uid] {
      Agent& agent = *agents_[uid];
      if (!std::exchange(agent.processes.back()->alive, false)) return;
      agent.processes.back()->control->Stop();
      agent.server.AbandonClone();
      Start(uid, clock_.Now() + absl::Seconds(absl::Uniform(random_, 1, 90)));
    });
  }

  void Live(uint32_t uid, Agent& agent, Process& process) {
    const TabletAlias alias{"zone1", uid};
    process.owner.TakeUp(agent.journal.Load()->states);
    if (process.owner.state()->operation.request.id.empty()) {
      Operation operation;
      operation.request.id = absl::StrCat("op-", uid);
      operation.request.donor = {DonorChoice::Kind::kAny, {}, plan_.primary};
      operation.recipient = alias;
      operation.requested = clock_.Now();
      ASSERT_TRUE(process.owner.Begin(operation).ok());
    }
    TabletState state = *process.owner.state();
    const auto open = [this](const HostPort& address) -> std::shared_ptr<MysqlServer> {
      return {std::shared_ptr<void>(), &agents_.at(static_cast<uint32_t>(address.port))->server};
    };
    ProvisionerOptions options;
    options.alias = alias;
    options.keyspace = "shop";
    options.shard = "0";
    Provisioner({clock_,
                 agent.server,
                 agent.server,
                 open,
                 open,
                 topology_,
                 locks_,
                 process.claims,
                 process.line,
                 agent.host,
                 process.owner,
                 process.record,
                 {&process},
                 nullptr,
                 nullptr,
                 AskInOrder(clock_),
                 nullptr},
                options)
        .Run(state, process.control);
    if (!process.alive) return;  // it has died, and another one has begun where it stood
    process.alive = false;
    agent.state = state;
    process.record.Publish(*process.owner.state()).status().IgnoreError();
  }

  const Plan plan_;
  std::mt19937 random_{1};  // the same story each time
  CrowdClock clock_;
  FakeStore store_{clock_};
  ToldStore told_{clock_, store_};
  VitessTopology topology_{{clock_, told_, kRoot, "fake", [](const std::string& address) {
                              return absl::StatusOr<std::shared_ptr<KeyValueStore>>(
                                  absl::NotFoundError(address));
                            }}};
  VitessQueueLocks locks_{{clock_, told_, kRoot}, {"127.0.0.1", "graft"}};
  std::map<uint32_t, std::unique_ptr<Agent>> agents_;
  std::vector<Copy> copies_;
  absl::Time began_;
  int calls_ = 0;
};

int BestRounds(int recipients, int donors) {
  return static_cast<int>(std::ceil(std::log2(static_cast<double>(recipients) / donors + 1)));
}

void ExpectAllDone(Shard& shard, int recipients) {
  for (int i = 0; i < recipients; ++i) {
    ASSERT_EQ(shard.operation(i).outcome, Outcome::kDone)
        << shard.operation(i).recipient.ToString() << ": " << shard.operation(i).error;
  }
  EXPECT_FALSE(shard.AnyDonorServedTwo());
}

void Say(const char* what, int recipients, int donors, const Shard& shard) {
  std::printf(
      "%s: %d recipients, %d donors: %d rounds (at best %d), %s, %.1f store requests each\n", what,
      recipients, donors, shard.Rounds(), BestRounds(recipients, donors),
      absl::FormatDuration(shard.lasted()).c_str(),
      static_cast<double>(shard.calls()) / recipients);
}

class RoundsTest : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(RoundsTest, AreAsFewAsTheyCanBe) {
  const auto [recipients, donors] = GetParam();
  Shard::Plan plan;
  plan.recipients = recipients;
  plan.donors = donors;
  Shard shard(plan);
  shard.Run();
  Say("well", recipients, donors, shard);
  ExpectAllDone(shard, recipients);
  EXPECT_EQ(shard.copies().size(), static_cast<size_t>(recipients));
  EXPECT_LE(shard.Rounds(), BestRounds(recipients, donors) + 1);
  EXPECT_EQ(shard.PlacesLeft(), 0u);
  for (const Copy& copy : shard.copies()) EXPECT_NE(copy.donor_port, 100) << "the primary";
  // In the order of arrival, as far as four may look at the same time.
  std::vector<uint32_t> order;
  for (const Copy& copy : shard.copies()) order.push_back(copy.recipient.uid - 2000);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_NEAR(order[i], i, 16);
}

// GRAFT_SIMULATED_TABLETS=1000 adds a shard of so many, which takes some minutes.
std::vector<std::pair<int, int>> Sizes() {
  std::vector<std::pair<int, int>> sizes = {{1, 1}, {7, 1}, {31, 1}, {100, 3}, {200, 5}};
  const char* const more = std::getenv("GRAFT_SIMULATED_TABLETS");
  int tablets = 0;
  if (more != nullptr && absl::SimpleAtoi(more, &tablets)) sizes.emplace_back(tablets, 5);
  return sizes;
}
INSTANTIATE_TEST_SUITE_P(Sizes, RoundsTest, testing::ValuesIn(Sizes()));

// With nobody but the primary, it serves the first; then its first replica is there.
TEST(ShardSimulationTest, ThePrimaryServesTheFirst) {
  Shard::Plan plan;
  plan.recipients = 7;
  Shard shard(plan);
  shard.Run();
  Say("primary", 7, 1, shard);
  ExpectAllDone(shard, 7);
  int by_primary = 0;
  for (const Copy& copy : shard.copies()) by_primary += copy.donor_port == 100 ? 1 : 0;
  EXPECT_EQ(by_primary, 1);
  EXPECT_LE(shard.Rounds(), BestRounds(7, 1) + 1);
}

TEST(ShardSimulationTest, ThePrimaryAmongTheOthers) {
  Shard::Plan plan;
  plan.recipients = 7;
  plan.primary = PrimaryAsDonor::kLikeOthers;
  Shard shard(plan);
  shard.Run();
  Say("primary too", 7, 1, shard);
  ExpectAllDone(shard, 7);
  EXPECT_EQ(shard.Rounds(), 3);
}

// One copy in twenty fails in the middle, one agent in five dies and comes back, up to three times.
TEST(ShardSimulationTest, NobodyStarvesWhenThingsGoWrong) {
  Shard::Plan plan;
  plan.recipients = 60;
  plan.donors = 2;
  plan.failing_copies = 0.05;
  plan.dying_agents = 0.2;
  Shard shard(plan);
  shard.Run();
  Say("with failures", plan.recipients, plan.donors, shard);
  ExpectAllDone(shard, plan.recipients);
  EXPECT_LE(shard.lasted(), 2 * (BestRounds(plan.recipients, plan.donors) + 1) * kCopy);
}

}  // namespace
}  // namespace graft
