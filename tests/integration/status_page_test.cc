// The status page in a real browser: during a real clone, and in states that are hard to bring
// about. What is looked at stands in status_page_browser.py; with GRAFT_SCREENSHOTS set to a folder
// it leaves pictures there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/http_client.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/test_env.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class StatusPageTest : public ::testing::Test {
 protected:
  // status_page_browser.py with these arguments; its findings are in seen().
  void StartBrowser(std::vector<std::string> arguments) {
    const char* source = std::getenv("GRAFT_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    arguments.insert(
        arguments.begin(),
        {"python3", absl::StrCat(source, "/tests/integration/status_page_browser.py")});
    if (const char* pictures = std::getenv("GRAFT_SCREENSHOTS"); pictures != nullptr) {
      arguments.emplace_back(pictures);
    }
    ProcessOptions options;
    options.log_file = log_;
    auto browser = Process::Start(arguments, options);
    ASSERT_THAT(browser, IsOk());
    browser_ = *std::move(browser);
  }

  std::string seen() const { return ReadFile(log_).value_or(""); }

  void ExpectContent() {
    const absl::StatusOr<ExitStatus> status = browser_->Wait(absl::Seconds(100));
    ASSERT_THAT(status, IsOk()) << seen();
    EXPECT_EQ(status->code, 0) << seen();
  }

  const TempFolder folder_{"status-page"};
  const std::string log_ = folder_.path() + "/browser.log";
  std::unique_ptr<Process> browser_;
};

TEST_F(StatusPageTest, FollowsARealClone) {
  auto made = MiniShard::Start(MiniShard::Store::kFolder);
  ASSERT_THAT(made, IsOk());
  MiniShard& shard = **made;
  ASSERT_THAT(shard.AddReplicatedTablets(2, 8), IsOk());
  MiniTablet& recipient = shard.tablet(1);
  const int port = shard.Record(recipient)->port_map().at("vt");
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return AskHttp(port, "/readyz").status == 200; }))
      << AskHttp(port, "/readyz").body;

  ASSERT_THAT(BrakeClone(*recipient.mysql), IsOk());
  ASSERT_EQ(shard.Graftctl({"reprovision", recipient.alias, "--from-primary"}).code, 0);
  ASSERT_THAT(AwaitFileCopy(*recipient.mysql), IsOk());
  const HttpReply ready = AskHttp(port, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("is rebuilding the tablet: step clone"));

  StartBrowser({"clone", absl::StrCat("http://127.0.0.1:", port, "/debug/status"),
                absl::StrCat(recipient.agent->pid())});
  EXPECT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(seen(), "RELEASE") || !browser_->running();
  }));
  EXPECT_THAT(ReleaseClone(*recipient.mysql), IsOk());
  ExpectContent();
}

TEST_F(StatusPageTest, ShowsWhatIsHardToBringAbout) {
  const char* bin = std::getenv("GRAFT_BIN_DIR");
  ASSERT_NE(bin, nullptr);
  StartBrowser({"scenes", absl::StrCat(bin, "/../tests/serve_scene")});
  ExpectContent();
}

}  // namespace
}  // namespace graft
