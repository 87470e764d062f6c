// The preflight desk remembers the report that the status page shows.
#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "provision/preflight/preflight_desk.h"

namespace graft {
namespace {

TEST(PreflightDeskTest, RemembersTheLastReportThatWasMade) {
  PreflightDesk desk;
  EXPECT_FALSE(desk.Last().has_value());
  std::thread thread([&] {
    desk.Serve([](const Operation& draft) -> absl::StatusOr<PreflightReport> {
      if (draft.request.id == "bad") return absl::UnavailableError("mysqld is away");
      PreflightReport report;
      report.donor = draft.donor;
      return report;
    });
  });
  for (const char* id : {"good", "bad"}) {
    Operation draft;
    draft.request.id = id;
    draft.donor = {"zone1", 100};
    absl::Notification done;
    desk.Ask(draft, [&](const absl::StatusOr<PreflightReport>& /*report*/) { done.Notify(); });
    done.WaitForNotification();
    ASSERT_TRUE(desk.Last().has_value()) << id;
    EXPECT_EQ(desk.Last()->donor, (TabletAlias{"zone1", 100}));
  }
  desk.Stop();
  thread.join();
}

}  // namespace
}  // namespace graft
