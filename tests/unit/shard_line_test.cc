// The line of a shard as one recipient sees it.
#include "provision/donor/claim_keeper.h"

#include <gmock/gmock.h>

#include <string>

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TabletAlias Alias(uint32_t uid) {
  return {"zone1", uid};
}

QueueEntry Waiting(uint32_t uid, const TabletAlias& wants = {}) {
  QueueEntry entry{Alias(uid), "op", "rebuild"};
  entry.waiting = true;
  entry.wants = wants;
  return entry;
}

QueueEntry Copying(uint32_t uid, uint32_t donor) {
  QueueEntry entry{Alias(uid), "op", "rebuild"};
  entry.holds = Alias(donor);
  return entry;
}

QueueEntry Finishing(uint32_t uid) {
  return {Alias(uid), "op", "rebuild"};
}

TEST(ShardLineTest, CountsThoseThatWaitBefore) {
  const std::vector<QueueEntry> entries = {
      Copying(201, 100), Waiting(202), Waiting(203, Alias(101)), Finishing(204),
      Waiting(205),      Waiting(206), Copying(207, 102)};
  const ShardLine line = LineFrom(entries, Waiting(205));
  EXPECT_TRUE(line.there);
  EXPECT_EQ(line.ahead, 1);
  EXPECT_EQ(line.ahead_for_any, 1);
  EXPECT_THAT(line.named, ElementsAre(Alias(101)));
  EXPECT_THAT(line.held, ElementsAre(Pair(Alias(100), Alias(201)), Pair(Alias(102), Alias(207))));
  EXPECT_EQ(line.finishing, 1);
  EXPECT_TRUE(line.others_work());
  EXPECT_FALSE(line.IsFree(Alias(100))) << "it is copied";
  EXPECT_FALSE(line.IsFree(Alias(101))) << "somebody before waits for it by name";
  EXPECT_TRUE(line.IsFree(Alias(103)));
  EXPECT_EQ(line.Holders(),
            "zone1-0000000100 serves zone1-0000000201, zone1-0000000102 serves zone1-0000000207");
}

TEST(ShardLineTest, OneAcknowledgerAtATime) {
  QueueEntry waits = Waiting(202);
  QueueEntry copies = Copying(203, 101);
  QueueEntry finishes = Finishing(204);
  for (QueueEntry* entry : {&waits, &copies, &finishes}) {
    entry->acknowledges = true;
    EXPECT_EQ(LineFrom({*entry, Waiting(205)}, Waiting(205)).acknowledger, entry->tablet);
    const bool waiting = entry == &waits;  // behind this place
    EXPECT_EQ(LineFrom({Waiting(205), *entry}, Waiting(205)).acknowledger,
              waiting ? TabletAlias() : entry->tablet);
    entry->acknowledges = false;
    EXPECT_TRUE(LineFrom({*entry, Waiting(205)}, Waiting(205)).acknowledger.empty());
  }
}

// Only those that wait for the same donor are before it; those that take any may be given it.
TEST(ShardLineTest, ForADonorByName) {
  const std::vector<QueueEntry> entries = {Waiting(202), Waiting(203, Alias(101)),
                                           Waiting(204, Alias(102)), Waiting(205, Alias(101))};
  const ShardLine line = LineFrom(entries, Waiting(205, Alias(101)));
  EXPECT_EQ(line.ahead, 1);
  EXPECT_EQ(line.ahead_for_any, 1);
  EXPECT_FALSE(line.IsFree(Alias(101))) << "203 comes first";
}

TEST(ShardLineTest, WithoutAPlaceItLooksFromTheEnd) {
  const ShardLine line = LineFrom({Waiting(202), Copying(203, 100)}, Waiting(209));
  EXPECT_FALSE(line.there);
  EXPECT_EQ(line.ahead, 1);
  EXPECT_FALSE(LineFrom({}, Waiting(209)).others_work());
}

// An earlier operation's place does not count, and is nobody's rival.
TEST(ShardLineTest, AnEarlierPlaceOfTheSameTablet) {
  QueueEntry earlier = Copying(205, 100);
  earlier.operation = "before";
  const ShardLine line = LineFrom({earlier, Waiting(202)}, Waiting(205));
  EXPECT_FALSE(line.there);
  EXPECT_TRUE(line.IsFree(Alias(100)));
  EXPECT_EQ(line.ahead, 1);
}

TEST(ShardLineTest, OthersHaveTheirTurnFirst) {
  ShardLine line;
  line.ahead_for_any = 3;
  EXPECT_EQ(LeftToOthers(line, /*left_over=*/false), 3u);
  EXPECT_EQ(LeftToOthers(line, /*left_over=*/true), 0u);
}

TEST(ShardLineTest, NamesTheFirstHolders) {
  ShardLine line;
  for (uint32_t i = 0; i < 5; ++i) line.held[Alias(100 + i)] = Alias(200 + i);
  EXPECT_THAT(line.Holders(), ::testing::EndsWith("zone1-0000000202 and 2 more"));
}

}  // namespace
}  // namespace graft
