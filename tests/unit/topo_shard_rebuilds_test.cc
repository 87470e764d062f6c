// Rebuilds of a shard as they are stored.
#include "graft/shard_rebuild.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_replace.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

constexpr char kKey[] = "/g/graft/rebuilds/shop/-80";

ShardRebuild Sample(const std::string& id = "rebuild-1") {
  ShardRebuild rebuild;
  rebuild.call.id = id;
  rebuild.call.donor = DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 100}};
  rebuild.call.replicate_from = ReplicateFrom::kPrimary;
  rebuild.call.settings = {10, 0, 128, true, false};
  rebuild.call.allow = {true, {"DISK_SPACE", "SEMI_SYNC"}, true};
  rebuild.requested = absl::FromUnixMillis(1'800'000'000'250);
  rebuild.by = "alice \"the\" admin@h";
  rebuild.max_unavailable = 2;
  rebuild.members = {{{"zone1", 101}, "replication error 1062", MemberOutcome::kDone, "", false},
                     {{"zone2", 102}, "", MemberOutcome::kFailed, "DISK_SPACE: too small", true},
                     {{"zone1", 103}, "", MemberOutcome::kWaiting, "", false}};
  rebuild.stopped = "bob@h";
  return rebuild;
}

ShardRebuild Fresh(const std::string& id) {
  ShardRebuild rebuild = Sample(id);
  rebuild.stopped.clear();
  for (ShardRebuild::Member& member : rebuild.members) member.outcome = MemberOutcome::kWaiting;
  return rebuild;
}

class ShardRebuildsTest : public ::testing::Test {
 protected:
  std::string Stored() { return store_.Get(kKey)->value; }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  ShardRebuilds rebuilds_{store_, "/g", "shop", "-80"};
};

TEST_F(ShardRebuildsTest, WhatIsWrittenIsRead) {
  ASSERT_THAT(rebuilds_.Begin(Sample()), IsOk());
  const auto read = rebuilds_.Get();
  ASSERT_THAT(read, IsOk());
  const ShardRebuild sample = Sample();
  EXPECT_EQ(read->call.id, "rebuild-1");
  EXPECT_EQ(read->call.donor, sample.call.donor);
  EXPECT_EQ(read->call.replicate_from, sample.call.replicate_from);
  EXPECT_EQ(read->call.settings, sample.call.settings);
  EXPECT_EQ(read->call.allow, sample.call.allow);
  EXPECT_EQ(read->requested, sample.requested);
  EXPECT_EQ(read->by, sample.by);
  EXPECT_EQ(read->max_unavailable, 2);
  EXPECT_EQ(read->stopped, "bob@h");
  ASSERT_EQ(read->members.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read->members[i].alias, sample.members[i].alias);
    EXPECT_EQ(read->members[i].why, sample.members[i].why);
    EXPECT_EQ(read->members[i].outcome, sample.members[i].outcome);
    EXPECT_EQ(read->members[i].reason, sample.members[i].reason);
    EXPECT_EQ(read->members[i].data_gone, sample.members[i].data_gone);
  }
}

TEST_F(ShardRebuildsTest, WhatIsUnsetStaysUnset) {
  ShardRebuild bare;
  bare.call.id = "r";
  ASSERT_THAT(rebuilds_.Begin(bare), IsOk());
  const auto read = rebuilds_.Get();
  ASSERT_THAT(read, IsOk());
  EXPECT_FALSE(read->call.donor.has_value());
  EXPECT_FALSE(read->call.replicate_from.has_value());
  EXPECT_EQ(read->call.settings, CloneSettings());
  EXPECT_EQ(read->call.allow, Allowances());
  bare.call.id = "s";
  bare.call.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  ASSERT_THAT(rebuilds_.Begin(bare), IsOk());
  EXPECT_EQ(rebuilds_.Get()->call.donor, bare.call.donor);
}

TEST_F(ShardRebuildsTest, OneAtATime) {
  EXPECT_EQ(rebuilds_.Get().status().code(), absl::StatusCode::kNotFound);
  ASSERT_THAT(rebuilds_.Begin(Fresh("one")), IsOk());
  EXPECT_THAT(rebuilds_.Begin(Fresh("one")), IsOk()) << "the same again, after a lost answer";
  const absl::Status refused = rebuilds_.Begin(Fresh("two"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("rebuild one, begun by alice"));
  ASSERT_THAT(rebuilds_.Change("one",
                               [](ShardRebuild& rebuild) {
                                 rebuild.stopped = "bob";
                                 return absl::OkStatus();
                               }),
              IsOk());
  ASSERT_THAT(rebuilds_.Begin(Fresh("two")), IsOk());
  EXPECT_EQ(rebuilds_.Get()->call.id, "two");
  EXPECT_EQ(rebuilds_.Change("one", [](ShardRebuild&) { return absl::OkStatus(); }).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ShardRebuildsTest, WhoeverIsQuickerWins) {
  store_.FailNext(StoreMethod::kCreate, absl::AlreadyExistsError("there"));
  EXPECT_EQ(rebuilds_.Begin(Fresh("one")).code(), absl::StatusCode::kAborted);
  ASSERT_THAT(rebuilds_.Begin(Sample("one")), IsOk());
  store_.FailNext(StoreMethod::kUpdate, absl::AbortedError("changed"));
  EXPECT_EQ(rebuilds_.Begin(Fresh("two")).code(), absl::StatusCode::kAborted);
}

TEST_F(ShardRebuildsTest, AChangeIsMadeAgainIfAnotherWriterCameFirst) {
  ASSERT_THAT(rebuilds_.Begin(Fresh("one")), IsOk());
  int rounds = 0;
  ASSERT_THAT(rebuilds_.Change("one",
                               [&](ShardRebuild& rebuild) {
                                 if (++rounds == 1) {
                                   const KeyValue item = *store_.Get(kKey);
                                   ShardRebuild other = Fresh("one");
                                   other.members[0].outcome = MemberOutcome::kDone;
                                   EXPECT_THAT(
                                       store_.Update(kKey, ShardRebuildJson(other), item.version),
                                       IsOk());
                                 }
                                 rebuild.members[1].outcome = MemberOutcome::kRunning;
                                 return absl::OkStatus();
                               }),
              IsOk());
  EXPECT_EQ(rounds, 2);
  EXPECT_EQ(rebuilds_.Get()->members[0].outcome, MemberOutcome::kDone);
  EXPECT_EQ(rebuilds_.Get()->members[1].outcome, MemberOutcome::kRunning);
}

TEST_F(ShardRebuildsTest, AChangeThatFailsWritesNothing) {
  ASSERT_THAT(rebuilds_.Begin(Fresh("one")), IsOk());
  const std::string before = Stored();
  EXPECT_EQ(rebuilds_.Change("one",
                             [](ShardRebuild& rebuild) {
                               rebuild.stopped = "nobody";
                               return absl::FailedPreconditionError("no");
                             }),
            absl::FailedPreconditionError("no"));
  EXPECT_EQ(Stored(), before);
}

TEST_F(ShardRebuildsTest, FieldsOfANewerGraftSurvive) {
  const std::string json = absl::StrReplaceAll(
      ShardRebuildJson(Fresh("one")),
      {{"{\"alias\":\"zone2-0000000102\"", "{\"mood\":\"good\",\"alias\":\"zone2-0000000102\""},
       {"\"by\":", "\"weather\":{\"wind\":3},\"by\":"},
       {"\"alias\":\"zone2-0000000102\"", "\"mood\":\"good\",\"alias\":\"zone2-0000000102\""}});
  ASSERT_THAT(json, HasSubstr("mood"));
  ASSERT_THAT(json, HasSubstr("weather"));
  ASSERT_THAT(store_.Create(kKey, json, kNoLease), IsOk());
  ASSERT_THAT(rebuilds_.Change("one",
                               [](ShardRebuild& rebuild) {
                                 rebuild.members[1].outcome = MemberOutcome::kDone;
                                 return absl::OkStatus();
                               }),
              IsOk());
  EXPECT_EQ(rebuilds_.Get()->members[1].outcome, MemberOutcome::kDone);
  EXPECT_THAT(Stored(), HasSubstr("\"mood\":\"good\""));
  EXPECT_THAT(Stored(), HasSubstr("\"weather\":{\"wind\":3}"));
}

TEST_F(ShardRebuildsTest, WhatIsNoRebuildIsDataLoss) {
  const std::string good = ShardRebuildJson(Sample());
  for (const std::string& bad :
       {std::string(), std::string("no JSON"), std::string("{}"), std::string("[]"),
        absl::StrReplaceAll(good, {{"waiting", "paused"}}),
        absl::StrReplaceAll(good, {{"\"maxUnavailable\":2", "\"maxUnavailable\":0"}}),
        absl::StrReplaceAll(good, {{"\"maxUnavailable\":2", "\"maxUnavailable\":0.5"}}),
        absl::StrReplaceAll(good, {{"2027", "long ago"}}),
        absl::StrReplaceAll(good, {{"\"replicateFrom\":\"primary\"", "\"replicateFrom\":\"x\""}}),
        absl::StrReplaceAll(good, {{"zone1-0000000101", "nowhere"}}),
        absl::StrReplaceAll(good, {{"zone1-0000000100", "nowhere"}})}) {
    ASSERT_NE(bad, good);
    EXPECT_EQ(ParseShardRebuild(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
  ASSERT_THAT(store_.Create(kKey, "{}", kNoLease), IsOk());
  EXPECT_THAT(std::string(rebuilds_.Get().status().message()), HasSubstr(kKey));
  EXPECT_EQ(rebuilds_.Begin(Fresh("one")).code(), absl::StatusCode::kDataLoss);
}

// A store that tells its watch what the test says.
class HeldStore : public FakeStore {
 public:
  using FakeStore::FakeStore;
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version /*after*/,
      std::function<void(const KeyEvent&)> on_event) override {
    watched = std::string(prefix);
    tell = std::move(on_event);
    return std::make_unique<Watch>();
  }
  std::string watched;
  std::function<void(const KeyEvent&)> tell;
};

TEST_F(ShardRebuildsTest, FollowersHearOfThisShardAlone) {
  HeldStore store(clock_);
  int heard = 0;
  ShardRebuilds rebuilds(store, "/g", "shop", "-80");
  ASSERT_THAT(rebuilds.Follow([&] { ++heard; }), IsOk());
  EXPECT_EQ(store.watched, kKey);
  KeyEvent event;
  event.item.key = "/g/graft/rebuilds/shop/-8000";
  store.tell(event);
  EXPECT_EQ(heard, 0);
  event.item.key = kKey;
  store.tell(event);
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace graft
