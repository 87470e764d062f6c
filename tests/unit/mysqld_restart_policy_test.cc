#include "mysqld/mysqld_process.h"

#include <gtest/gtest.h>

namespace graft {
namespace {

using Kind = RestartDecision::Kind;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
constexpr ExitStatus kRestartAsked{16, 0};
constexpr ExitStatus kKilled{0, 9};
constexpr ExitStatus kFatalSignalHandled{2, 0};

TEST(RestartPolicy, ServesEveryRequestToRestartAtOnce) {
  RestartPolicy policy(RestartLimits{});
  for (int i = 0; i < 20; ++i) {
    const RestartDecision decision = policy.OnExit(kRestartAsked, kStart);
    EXPECT_EQ(decision.kind, Kind::kRestart);
    EXPECT_EQ(decision.delay, absl::ZeroDuration());
  }
}

TEST(RestartPolicy, PassesOtherExitCodesOn) {
  RestartPolicy policy(RestartLimits{});
  for (const int code : {0, 1, 127}) {
    const RestartDecision decision = policy.OnExit(ExitStatus{code, 0}, kStart);
    EXPECT_EQ(decision.kind, Kind::kExit);
    EXPECT_EQ(decision.exit_code, code);
  }
}

TEST(RestartPolicy, BacksOffAndGivesUpInACrashLoop) {
  RestartPolicy policy(RestartLimits{});
  const absl::Duration delays[] = {absl::ZeroDuration(), absl::Seconds(1), absl::Seconds(2),
                                   absl::Seconds(4)};
  absl::Time now = kStart;
  for (const absl::Duration delay : delays) {
    const RestartDecision decision = policy.OnExit(kKilled, now);
    EXPECT_EQ(decision.kind, Kind::kRestart);
    EXPECT_EQ(decision.delay, delay);
    now += decision.delay;
  }
  const RestartDecision last = policy.OnExit(kFatalSignalHandled, now);
  EXPECT_EQ(last.kind, Kind::kGiveUp);
  EXPECT_EQ(last.exit_code, 1);
}

TEST(RestartPolicy, ForgetsCrashesOutsideTheWindow) {
  RestartPolicy policy(RestartLimits{});
  for (int i = 0; i < 50; ++i) {
    const RestartDecision decision = policy.OnExit(kKilled, kStart + i * absl::Seconds(60));
    EXPECT_EQ(decision.kind, Kind::kRestart) << i;
    EXPECT_EQ(decision.delay, absl::ZeroDuration()) << i;
  }
}

TEST(RestartPolicy, NeverPausesLongerThanTheLimit) {
  RestartLimits limits;
  limits.max_crashes = 100;
  RestartPolicy policy(limits);
  for (int i = 0; i < 90; ++i) {
    EXPECT_LE(policy.OnExit(kKilled, kStart).delay, limits.max_backoff);
  }
}

TEST(ExitStatus, ReadsAsProse) {
  EXPECT_EQ((ExitStatus{16, 0}).ToString(), "exit code 16");
  EXPECT_EQ((ExitStatus{0, 9}).ToString(), "signal 9 (Killed)");
  EXPECT_EQ(ExitStatus::FromWait(16 << 8).code, 16);
  EXPECT_EQ(ExitStatus::FromWait(9).signal, 9);
}

}  // namespace
}  // namespace graft
