// Which donor an operation takes and refuses, and that it looks again right before CLONE.

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "gmock/gmock.h"
#include "provision/provisioner.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const DonorChoice kOther{DonorChoice::Kind::kTablet, {"zone1", 102}};

void Empty(FakeMysqlServer& server) {
  server.Edit([](FakeMysqlState& state) {
    state.facts.gtid_executed.clear();
    state.facts.user_schemas.clear();
  });
}

void BecomeForeign(FakeMysqlServer& server) {
  Empty(server);
  server.Edit([](FakeMysqlState& state) {
    state.facts.server_uuid = "99999999-71ca-11e1-9e33-c80aa9429562";
    state.channels.clear();
  });
}

void ExpectUntouched(const ProvisionWorld& world, const Operation& operation) {
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_THAT(world.recipient.state().facts.user_schemas, ::testing::ElementsAre("old"));
}

// The primary being busy, an empty tablet was the best there was.
TEST(ProvisionerDonorTest, AnEmptyTabletIsNoDonor) {
  for (const bool named : {true, false}) {
    ProvisionWorld world;
    world.AddOther();
    Empty(world.other_server);
    world.donor.Edit([](FakeMysqlState& state) {
      ServerSession session;
      session.connection_id = 9;
      session.command = "clone";
      state.sessions.push_back(session);
    });
    world.clock.At(world.clock.Now() + absl::Minutes(1), [&world] {
      world.donor.Edit([](FakeMysqlState& state) { state.sessions.clear(); });
    });
    Operation operation = world.Request(named ? kOther : kAny);
    world.Run(operation);
    if (named) {
      ExpectUntouched(world, operation);
      EXPECT_EQ(ReasonOf(operation.error), "DONOR_EMPTY") << operation.error;
    } else {
      EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
      EXPECT_EQ(operation.donor, world.primary);
    }
  }
}

// A port that was re-used: another server answers under a tablet's record.
TEST(ProvisionerDonorTest, AForeignServerOnTheDonorsPort) {
  for (const bool tagged : {true, false}) {
    ProvisionWorld world;
    world.AddOther();
    BecomeForeign(world.other_server);
    // As of a vttablet; the recipient's own data then has to speak.
    if (!tagged) EditRecord(world, world.other, [](Tablet& t) { t.tags.clear(); });
    Operation named = world.Request(kOther);
    world.Run(named);
    ExpectUntouched(world, named);
    EXPECT_EQ(ReasonOf(named.error), tagged ? "OTHER_SERVER" : "DONOR_EMPTY") << named.error;
    EXPECT_THAT(std::string(named.error.message()), HasSubstr("zone1-0000000102"));
    world.control = std::make_shared<OperationControl>();
    Operation any = world.Request(kAny);
    any.request.id = "op-2";
    world.Run(any);
    EXPECT_EQ(any.outcome, Outcome::kDone) << any.error;
    EXPECT_EQ(any.donor, world.primary);
  }
}

TEST(ProvisionerDonorTest, AForeignServerOnThePrimarysPort) {
  for (const bool tagged : {true, false}) {
    for (const DonorChoice& choice : {DonorChoice{}, kOther, kAny}) {
      ProvisionWorld world;
      world.AddOther();
      BecomeForeign(world.donor);
      world.donor.Edit([](FakeMysqlState& state) { state.facts.user_schemas = {"theirs"}; });
      if (!tagged) EditRecord(world, world.primary, [](Tablet& t) { t.tags.clear(); });
      world.recipient.Edit([](FakeMysqlState& state) {
        state.facts.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-50";
      });
      Operation operation = world.Request(choice);
      world.Run(operation);
      ExpectUntouched(world, operation);
    }
  }
}

struct Change {
  const char* what;
  std::function<void(ProvisionWorld&)> make;
  const char* reason;
};

// Between its choice and CLONE the donor waits in its queue, and the world goes on.
TEST(ProvisionerDonorTest, TheDonorsRecordIsReadAgainRightBeforeClone) {
  const auto record = [](const std::function<void(Tablet&)>& edit) {
    return [edit](ProvisionWorld& world) { EditRecord(world, world.other, edit); };
  };
  const Change changes[] = {
      {"restoring", record([](Tablet& t) { t.type = TabletType::kRestore; }), "DONOR_IS_RESTORING"},
      {"drained", record([](Tablet& t) { t.type = TabletType::kDrained; }), "DONOR_TYPE"},
      {"backup", record([](Tablet& t) { t.type = TabletType::kBackup; }), "DONOR_TYPE"},
      {"emptied",
       record([](Tablet& t) { t.tags["graft.data_state"] = t.tags["graft.operation"] = "EMPTY"; }),
       "DONOR_DATA_STATE"},
      {"stopped", record([](Tablet& t) { t.mysql = {}; }), "DONOR_HAS_NO_ADDRESS"},
      {"spoilt", record([](Tablet& t) { t.mysql.port = 70000; }), "DONOR_HAS_NO_ADDRESS"},
      {"another server", [](ProvisionWorld& world) { BecomeForeign(world.other_server); },
       "OTHER_SERVER"},
      {"another uuid in the record",
       record([](Tablet& t) { t.tags["graft.server_uuid"] = "another"; }), "OTHER_SERVER"},
      {"another server under a record without a uuid",
       [record](ProvisionWorld& world) {
         record([](Tablet& t) { t.tags.clear(); })(world);
         world.other_server.Edit([](FakeMysqlState& s) { s.facts.server_uuid = "another"; });
       },
       "OTHER_SERVER"},
      {"emptied server", [](ProvisionWorld& world) { Empty(world.other_server); }, "DONOR_EMPTY"},
  };
  for (const Change& change : changes) {
    for (const bool any : {false, true}) {
      SCOPED_TRACE(change.what);
      ProvisionWorld world;
      world.AddOther();
      bool changed = false;
      world.journal.on_save = [&](const TabletState& saving) {
        [[maybe_unused]] const Operation& saved = saving.operation;
        if (saved.step != Step::kFence || changed) return;
        changed = true;
        EXPECT_EQ(saved.donor, world.other);
        change.make(world);
      };
      Operation operation = world.Request(any ? kAny : kOther);
      world.Run(operation);
      ASSERT_TRUE(changed);
      if (!any) {
        ExpectUntouched(world, operation);
        EXPECT_EQ(ReasonOf(operation.error), change.reason) << operation.error;
        continue;
      }
      EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
      EXPECT_EQ(operation.donor, world.primary);
      ASSERT_THAT(operation.failed_attempts, SizeIs(1));
      EXPECT_EQ(operation.failed_attempts[0].donor, world.other);
      EXPECT_EQ(world.recipient.clones_started(), 1);
    }
  }
}

// The same server at another address: a port was changed and the agent has said so.
TEST(ProvisionerDonorTest, AMovedDonorIsFollowed) {
  ProvisionWorld world;
  world.AddOther();
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step != Step::kFence) return;
    EditRecord(world, world.other, [](Tablet& t) { t.mysql.host = "moved.example"; });
  };
  Operation operation = world.Request(kOther);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(world.recipient.state().clones, SizeIs(1));
  EXPECT_EQ(world.recipient.state().clones[0].donor.ToString(), "moved.example:3330");
  EXPECT_EQ(operation.source_mysql.ToString(), "moved.example:3330");
}

// However many preflight refuses: nothing is dropped for it, and none is asked twice.
TEST(ProvisionerDonorTest, RefusedDonorsCountAsNoAttempt) {
  ProvisionWorld world;
  world.AddOther();
  world.options.max_attempts = 1;
  world.other_server.Edit([](FakeMysqlState& state) {
    ReplicationChannel channel;
    channel.receiver_running = channel.applier_running = true;
    channel.filters = {"REPLICATE_IGNORE_TABLE=(shop.ign)"};
    state.channels = {channel};
  });
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world.primary);
  ASSERT_EQ(operation.failed_attempts.size(), 1u);
  EXPECT_EQ(ReasonOf(operation.failed_attempts.front().error), "DONOR_UNFIT");
}

// The other tablet follows a server of no tablet's, which follows the primary.
struct ChainWorld {
  ChainWorld() {
    world.AddOther();
    middle.Edit([](FakeMysqlState& state) { state.channels = {From(3310)}; });
    world.other_server.Edit([](FakeMysqlState& state) { state.channels = {From(3350)}; });
    world.open_peer = [this](const HostPort& address) {
      FakeMysqlServer& shards = address.port == 3330 ? world.other_server : world.donor;
      return std::make_unique<BorrowedServer>(address.port == 3350 ? middle : shards);
    };
  }
  static ReplicationChannel From(int port) {
    ReplicationChannel channel;
    channel.source = {"127.0.0.1", port};
    channel.source_uuid = "a server's";
    channel.receiver_running = channel.applier_running = true;
    channel.lag = absl::ZeroDuration();
    return channel;
  }
  Operation Run(const DonorChoice& choice) {
    Operation operation = world.Request(choice);
    world.Run(operation);
    return operation;
  }

  ProvisionWorld world;
  FakeMysqlServer middle{world.clock};
};

TEST(ProvisionerDonorTest, AFilterAboveTheDonor) {
  ChainWorld chain;
  chain.middle.Edit([](FakeMysqlState& state) {
    state.channels[0].filters = {"REPLICATE_IGNORE_TABLE=(shop.ign)"};
  });
  const Operation operation = chain.Run(kAny);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, chain.world.primary);
  ASSERT_EQ(operation.failed_attempts.size(), 1u);
  EXPECT_THAT(std::string(operation.failed_attempts.front().error.message()),
              HasSubstr("the server 127.0.0.1:3350, from which the donor has its data"));
}

// The server that the donor follows does not answer: the next donor may be one that can be judged.
TEST(ProvisionerDonorTest, ADonorThatCannotBeJudgedIsPassedOver) {
  for (const DonorChoice& choice : {kAny, kOther}) {
    ChainWorld chain;
    chain.middle.SetDown(true);
    const Operation operation = chain.Run(choice);
    const bool any = choice.kind == DonorChoice::Kind::kAny;
    EXPECT_EQ(operation.donor, any ? chain.world.primary : chain.world.other);
    EXPECT_EQ(ReasonOf(operation.error), any ? "" : "PREFLIGHT_UNCHECKED") << operation.error;
    EXPECT_EQ(operation.outcome, any ? Outcome::kDone : Outcome::kFailed);
  }
}

TEST(ProvisionerDonorTest, AChannelThatWasNeverConnectedBroughtNothing) {
  ChainWorld chain;
  chain.middle.SetDown(true);
  chain.world.other_server.Edit([](FakeMysqlState& state) {
    state.channels = {ChainWorld::From(3310), ChainWorld::From(3350)};
    state.channels[1].name = "unused";
    state.channels[1].source_uuid.clear();
  });
  const Operation operation = chain.Run(kOther);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, chain.world.other);
}

TEST(ProvisionerDonorTest, WithoutAnyThatFitsItEnds) {
  ProvisionWorld world;
  world.AddOther();
  for (FakeMysqlServer* server : {&world.donor, &world.other_server}) {
    server->Edit([](FakeMysqlState& state) { state.variables["innodb_page_size"] = "8192"; });
  }
  Operation operation = world.Request(kAny);
  world.Run(operation);
  ExpectUntouched(world, operation);
  EXPECT_LE(operation.attempt, 2 + world.options.max_attempts);
  EXPECT_LT(operation.ended - operation.requested, absl::Minutes(1)) << operation.error;
}

TEST(ProvisionerDonorTest, AMovedPrimaryIsTheSource) {
  ProvisionWorld world;
  world.AddOther();
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step != Step::kFence) return;
    EditRecord(world, world.primary, [](Tablet& t) { t.mysql.host = "moved.example"; });
  };
  Operation operation = world.Request(kOther);
  operation.request.replicate_from = ReplicateFrom::kPrimary;
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source_mysql.ToString(), "moved.example:3310");
}

// The agent's journal could not be read any more, at every start.
TEST(ProvisionerDonorTest, APortThatIsNoneNeverReachesTheJournal) {
  for (const int port : {70000, 65536, 0, -1}) {
    for (const DonorChoice& choice : {kOther, kAny}) {
      ProvisionWorld world;
      world.AddOther();
      EditRecord(world, world.other, [port](Tablet& t) { t.mysql.port = port; });
      world.journal.on_save = [](const TabletState& saving) {
        [[maybe_unused]] const Operation& saved = saving.operation;
        EXPECT_GE(saved.donor_mysql.port, 0);
        EXPECT_LE(saved.donor_mysql.port, 65535);
      };
      Operation operation = world.Request(choice);
      world.Run(operation);
      if (choice == kAny) {
        EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
        EXPECT_EQ(operation.donor, world.primary);
        continue;
      }
      ExpectUntouched(world, operation);
      EXPECT_EQ(ReasonOf(operation.error), "DONOR_HAS_NO_ADDRESS");
      EXPECT_THAT(std::string(operation.error.message()),
                  HasSubstr("mysql_port is " + std::to_string(port)));
    }
  }
}

// Nothing is waited for that somebody does not want any more.
TEST(ProvisionerDonorTest, ACancelEndsTheSearch) {
  ProvisionWorld world;
  world.AddOther();
  world.ask_all = [&world](std::vector<std::function<void()>>,
                           const std::shared_ptr<Cancellation>& cancellation, absl::Duration,
                           const std::function<void()>&) {
    EXPECT_TRUE(world.Cancel(CancelWish::kIfNothingDropped).ok());
    return cancellation->cancelled() ? absl::CancelledError("cancelled") : absl::OkStatus();
  };
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kCancelled) << operation.error;
  EXPECT_EQ(operation.step, Step::kResolveDonor);
}

// The donor's connection is made while the recipient is asked. A transaction that the primary
// commits and the recipient gets meanwhile is none that the copy will lack.
TEST(ProvisionerDonorTest, TheDonorIsReadAfterTheRecipient) {
  ProvisionWorld world;
  int last = 100;
  world.ask_all = [&](const std::vector<std::function<void()>>& questions,
                      const std::shared_ptr<Cancellation>&, absl::Duration,
                      const std::function<void()>& meanwhile) {
    for (const auto& question : questions) question();
    const std::string one_more = absl::StrCat("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-", ++last);
    for (FakeMysqlServer* server : {&world.donor, &world.recipient}) {
      server->Edit([&](FakeMysqlState& state) { state.facts.gtid_executed = one_more; });
    }
    meanwhile();
    return absl::OkStatus();
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_NE(operation.step, Step::kPreflight) << operation.error;
  for (const CheckResult& result : operation.findings) ADD_FAILURE() << result.found;
}

}  // namespace
}  // namespace graft
