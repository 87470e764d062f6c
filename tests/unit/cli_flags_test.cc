#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/graftctl_flags.h"

namespace graft::cli {
namespace {

struct Parsed {
  bool go_on = false;
  int exit_status = -1;
  GraftctlFlags flags;
};

Parsed ParseArguments(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "graftctl");
  Parsed parsed;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  parsed.go_on = ParseGraftctlFlags(static_cast<int>(arguments.size()), arguments.data(),
                                    parsed.flags, parsed.exit_status);
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(CliFlagsTest, ReprovisionWithGlobalFlagsOnEitherSide) {
  const Parsed parsed = ParseArguments(
      {"--topo-implementation", "etcd2", "reprovision", "zone1-103", "--from-tablet", "zone1-101",
       "--replicate-from", "primary", "--watch", "--timeout", "1m30s", "--json"});
  ASSERT_TRUE(parsed.go_on);
  EXPECT_EQ(parsed.flags.command, Command::kReprovision);
  EXPECT_EQ(parsed.flags.topo.implementation, "etcd2");
  EXPECT_EQ(parsed.flags.alias, "zone1-103");
  EXPECT_EQ(parsed.flags.from_tablet, "zone1-101");
  EXPECT_EQ(parsed.flags.replicate_from, "primary");
  EXPECT_TRUE(parsed.flags.watch);
  EXPECT_TRUE(parsed.flags.json);
  EXPECT_EQ(parsed.flags.timeout, absl::Seconds(90));
}

TEST(CliFlagsTest, DefaultsAreTheOnesOfTheManual) {
  const Parsed parsed = ParseArguments({"tablets"});
  ASSERT_TRUE(parsed.go_on);
  EXPECT_EQ(parsed.flags.topo.implementation, "folder");
  EXPECT_EQ(parsed.flags.topo.global_root, "/vitess/global");
  EXPECT_EQ(parsed.flags.timeout, absl::Seconds(10));
}

TEST(CliFlagsTest, NestedCommands) {
  const Parsed parsed = ParseArguments({"topo", "set-primary", "ks/0", "zone1-100"});
  ASSERT_TRUE(parsed.go_on);
  EXPECT_EQ(parsed.flags.command, Command::kTopoSetPrimary);
  EXPECT_EQ(parsed.flags.shard, "ks/0");
  EXPECT_EQ(parsed.flags.alias, "zone1-100");
}

TEST(CliFlagsTest, UsageErrorsAreTwoAndHelpIsZero) {
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {},
           {"reprovision"},
           {"nonsense"},
           {"topo"},
           {"tablets", "--timeout", "10"},
           {"tablets", "--timeout", "0"},
           {"reprovision", "zone1-1", "--replicate-from", "nobody"},
           {"reprovision", "zone1-1", "--from-primary", "--from-tablet", "zone1-2"}}) {
    const Parsed parsed = ParseArguments(arguments);
    EXPECT_FALSE(parsed.go_on);
    EXPECT_EQ(parsed.exit_status, 2) << (arguments.empty() ? "no arguments" : arguments[0]);
  }
  const Parsed help = ParseArguments({"--help"});
  EXPECT_FALSE(help.go_on);
  EXPECT_EQ(help.exit_status, 0);
}

}  // namespace
}  // namespace graft::cli
