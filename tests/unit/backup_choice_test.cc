// Which backup is taken, and which may go: pure decisions on a list.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "backups/backups.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Backup At(absl::Duration age, absl::Status state = absl::OkStatus()) {
  Backup backup;
  backup.shard = "shop/0";
  backup.name = {kNow - age, TabletAlias{"zone1", 100}};
  backup.state = std::move(state);
  return backup;
}

const absl::Status kIncomplete = absl::NotFoundError("it has no MANIFEST");
const absl::Status kDamaged = absl::DataLossError("its MANIFEST cannot be read");

std::vector<absl::Duration> Ages(const absl::StatusOr<std::vector<Backup>>& backups) {
  std::vector<absl::Duration> ages;
  for (const Backup& backup : *backups) ages.push_back(kNow - backup.name.time);
  return ages;
}

TEST(ChooseBackup, TakesTheNewestCompleteOne) {
  const std::vector<Backup> backups = {At(absl::Hours(5)), At(absl::Hours(3)),
                                       At(absl::Hours(2), kDamaged),
                                       At(absl::Hours(1), kIncomplete)};
  EXPECT_EQ(ChooseBackup(backups, {})->name.time, kNow - absl::Hours(3));
  EXPECT_EQ(ChooseBackup(backups, {"", kNow - absl::Hours(4)})->name.time, kNow - absl::Hours(5));
  const absl::Status none =
      ChooseBackup(backups, {"", absl::InfiniteFuture(), kNow - absl::Hours(1)}).status();
  EXPECT_TRUE(absl::IsNotFound(none));
  EXPECT_THAT(none.message(), HasSubstr("it has no MANIFEST"));
  EXPECT_THAT(none.message(), HasSubstr("of another time"));
}

TEST(ChooseBackup, ANamedOneSaysWhatIsWrongWithIt) {
  const std::vector<Backup> backups = {At(absl::Hours(2)), At(absl::Hours(1), kDamaged)};
  const std::string good = backups[0].name.ToString();
  EXPECT_EQ(ChooseBackup(backups, {good})->name.ToString(), good);
  EXPECT_TRUE(absl::IsDataLoss(ChooseBackup(backups, {backups[1].name.ToString()}).status()));
  const absl::Status unknown = ChooseBackup(backups, {"yesterday's"}).status();
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_THAT(unknown.message(), HasSubstr(good));
}

TEST(ChoosePruned, KeepsWhatIsYoungAndTheNewestOnes) {
  const std::vector<Backup> backups = {At(absl::Hours(50)), At(absl::Hours(40)),
                                       At(absl::Hours(30)), At(absl::Hours(1))};
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::Hours(35), 1}, kNow)),
              ElementsAre(absl::Hours(50), absl::Hours(40)));
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::Hours(35), 3}, kNow)),
              ElementsAre(absl::Hours(50)));
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::ZeroDuration(), 1}, kNow)),
              ElementsAre(absl::Hours(50), absl::Hours(40), absl::Hours(30)));
}

TEST(ChoosePruned, NeverTheLastCompleteOneAndNeverWhatItCannotRead) {
  const std::vector<Backup> backups = {At(absl::Hours(60), kIncomplete), At(absl::Hours(50)),
                                       At(absl::Hours(40), kDamaged),
                                       At(absl::Hours(30), kIncomplete)};
  // The one that is newer than the last complete one may be under way.
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::ZeroDuration(), 1}, kNow)),
              ElementsAre(absl::Hours(60)));
  EXPECT_THAT(*ChoosePruned({At(absl::Hours(9), kIncomplete)}, {absl::ZeroDuration(), 1}, kNow),
              IsEmpty());
  EXPECT_TRUE(
      absl::IsInvalidArgument(ChoosePruned(backups, {absl::ZeroDuration(), 0}, kNow).status()));
}

// Of a clock that was ahead.
TEST(ChoosePruned, ABackupFromTheFutureStaysAndDoesNotCount) {
  const std::vector<Backup> backups = {At(absl::Hours(50)), At(absl::Hours(40)),
                                       At(absl::Hours(-5)), At(absl::Hours(-6))};
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::ZeroDuration(), 1}, kNow)),
              ElementsAre(absl::Hours(50)));
}

TEST(ChoosePruned, AnIncompleteOneOfTodayMayBeUnderWay) {
  const std::vector<Backup> backups = {At(absl::Hours(25), kIncomplete),
                                       At(absl::Hours(23), kIncomplete), At(absl::Hours(1))};
  EXPECT_THAT(Ages(ChoosePruned(backups, {absl::ZeroDuration(), 1}, kNow)),
              ElementsAre(absl::Hours(25)));
}

TEST(ForEachFile, RunsEachOnceAndTellsTheFirstError) {
  std::vector<int> runs(100);
  EXPECT_THAT(ForEachFile(runs.size(), 7,
                          [&](size_t i) {
                            ++runs[i];
                            return absl::OkStatus();
                          }),
              IsOk());
  EXPECT_THAT(runs, testing::Each(1));
  const absl::Status failed = ForEachFile(100, 4, [](size_t i) {
    return i < 50 ? absl::OkStatus() : absl::DataLossError(std::to_string(i));
  });
  EXPECT_EQ(failed.message(), "50");
  EXPECT_THAT(ForEachFile(0, 4, [](size_t) { return absl::DataLossError(""); }), IsOk());
}

}  // namespace
}  // namespace graft
