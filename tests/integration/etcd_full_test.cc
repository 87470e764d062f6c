// An etcd without space: before the claim nothing is begun, and a copy that is made waits until it
// can be published.
#include <gmock/gmock.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"

namespace graft {
namespace {

using testing::HasSubstr;

constexpr char kForeign[] = "/foreign/";
// Linux takes no longer argument than 128 KiB.
const std::string& Ballast() {
  static const std::string& ballast = *new std::string(100'000, 'x');
  return ballast;
}

class EtcdFullTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(setenv("ETCD_QUOTA_BACKEND_BYTES", "6000000", /*overwrite=*/1), 0);
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_EQ(unsetenv("ETCD_QUOTA_BACKEND_BYTES"), 0);
    ASSERT_THAT(shard, IsOk());
    ASSERT_THAT((*shard)->AddReplicatedTablets(2, 4), IsOk());
    shard_ = *std::move(shard);
  }
  MiniTablet& recipient() { return shard_->tablet(1); }
  absl::StatusOr<std::string> Ctl(const std::vector<std::string>& arguments) {
    return shard_->etcd().Ctl(arguments);
  }
  void Fill() {
    for (int i = 0; i < 200; ++i) {
      if (!Ctl({"put", absl::StrCat(kForeign, i), Ballast()}).ok()) break;
    }
    EXPECT_THAT(Ctl({"alarm", "list"}).value_or(""), HasSubstr("NOSPACE"));
  }
  void Free() {
    EXPECT_THAT(Ctl({"del", "--prefix", kForeign}), IsOk());
    const std::string status = Ctl({"endpoint", "status", "-w", "json"}).value_or("");
    const size_t at = status.find("\"revision\":") + 11;
    EXPECT_THAT(Ctl({"compact", status.substr(at, status.find(',', at) - at)}), IsOk());
    EXPECT_THAT(Ctl({"defrag"}), IsOk());
    EXPECT_THAT(Ctl({"alarm", "disarm"}), IsOk());
  }
  void Start(const std::string& id) {
    const CommandResult started =
        shard_->Graftctl({"reprovision", recipient().alias, "--from-primary", "--id", id});
    ASSERT_EQ(started.code, 0) << started.err;
  }
  bool Shows(absl::Duration patience, const std::function<bool(const v1::Operation&)>& what) {
    return Eventually(patience, [&] {
      const auto operation = shard_->NewestOperation(recipient());
      return operation.ok() && what(*operation);
    });
  }

  std::unique_ptr<MiniShard> shard_;
};

TEST_F(EtcdFullTest, NothingIsBegunAndNothingIsLost) {
  const int clones = recipient().CloneStatements();
  Fill();
  Start("full");
  ASSERT_TRUE(Shows(absl::Seconds(60),
                    [](const v1::Operation& one) { return one.outcome() == v1::FAILED; }));
  auto operation = shard_->NewestOperation(recipient());
  EXPECT_THAT(operation->error().message(), HasSubstr("disarm its NOSPACE alarm"));
  EXPECT_EQ(operation->data_state(), v1::INTACT);
  EXPECT_EQ(recipient().CloneStatements(), clones);
  EXPECT_EQ(recipient().Value("SELECT @@event_scheduler"), "ON") << "it was not fenced";
  Free();

  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  Start("fills-in-the-copy");
  ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk());
  Fill();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_TRUE(Shows(absl::Seconds(60), [](const v1::Operation& one) {
    return one.step() == "publish" && !one.progress().note().empty();
  })) << shard_->NewestOperation(recipient())->DebugString();
  operation = shard_->NewestOperation(recipient());
  EXPECT_EQ(operation->data_state(), v1::CLONED);
  EXPECT_THAT(operation->progress().note(), HasSubstr("disarm its NOSPACE alarm"));
  Free();
  ASSERT_TRUE(
      Shows(absl::Seconds(60), [](const v1::Operation& one) { return one.outcome() == v1::DONE; }));
  EXPECT_EQ(shard_->Record(recipient())->type(), topodata::REPLICA);
  EXPECT_EQ(recipient().CloneStatements(), clones + 1);
}

}  // namespace
}  // namespace graft
