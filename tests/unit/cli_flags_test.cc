#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/graftctl.h"

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
  EXPECT_EQ(parsed.flags.output, OutputFormat::kJson);
  EXPECT_EQ(parsed.flags.timeout, absl::Seconds(90));
}

TEST(CliFlagsTest, ReprovisionOfAShard) {
  const Parsed named = ParseArguments({"reprovision", "--shard", "shop/0", "zone1-101", "zone1-102",
                                       "--max-unavailable", "2", "--yes", "--from-any"});
  ASSERT_TRUE(named.go_on);
  EXPECT_EQ(named.flags.shard, "shop/0");
  EXPECT_EQ(named.flags.aliases, (std::vector<std::string>{"zone1-101", "zone1-102"}));
  EXPECT_EQ(named.flags.max_unavailable, 2);
  EXPECT_TRUE(named.flags.yes);
  const Parsed all = ParseArguments({"reprovision", "--shard", "shop/0", "--all", "--plan"});
  ASSERT_TRUE(all.go_on);
  EXPECT_TRUE(all.flags.all);
  EXPECT_TRUE(all.flags.plan);
  EXPECT_FALSE(all.flags.yes);
  EXPECT_EQ(all.flags.max_unavailable, 1);
  EXPECT_TRUE(ParseArguments({"reprovision", "--shard", "shop/0", "--unhealthy"}).flags.unhealthy);
  EXPECT_TRUE(ParseArguments({"reprovision", "--shard", "shop/0", "--stop"}).flags.stop);
  EXPECT_TRUE(ParseArguments({"reprovision", "--shard", "shop/0"}).go_on) << "shows what is there";
}

TEST(CliFlagsTest, DefaultsAreTheOnesOfTheManual) {
  const Parsed parsed = ParseArguments({"tablets"});
  ASSERT_TRUE(parsed.go_on);
  EXPECT_EQ(parsed.flags.topo.implementation, "folder");
  EXPECT_EQ(parsed.flags.topo.global_root, "/vitess/global");
  EXPECT_EQ(parsed.flags.timeout, absl::Milliseconds(1500));
  EXPECT_EQ(ParseArguments({"status", "zone1-101"}).flags.timeout, absl::Seconds(10));
}

TEST(CliFlagsTest, KindsOfDonorsAreCheckedAtOnce) {
  for (const char* kinds : {"primary,replica", "replica", "REPLICA,Primary"}) {
    EXPECT_TRUE(ParseArguments({"preflight", "zone1-101", "--from-any", "--donors", kinds}).go_on)
        << kinds;
  }
  for (const char* kinds : {"primary", "rdonly", "", "replica,"}) {
    EXPECT_FALSE(ParseArguments({"preflight", "zone1-101", "--from-any", "--donors", kinds}).go_on)
        << kinds;
  }
}

TEST(CliFlagsTest, SettingsAreUnsetUnlessGiven) {
  const Parsed bare = ParseArguments({"reprovision", "zone1-1", "--from-any"});
  ASSERT_TRUE(bare.go_on);
  EXPECT_TRUE(bare.flags.from_any);
  EXPECT_EQ(bare.flags.settings, CloneSettings());
  EXPECT_EQ(bare.flags.allow, Allowances());
  const Parsed full = ParseArguments(
      {"reprovision", "zone1-1", "--max-data-bandwidth", "10", "--max-network-bandwidth", "0",
       "--max-concurrency", "128", "--compression", "--block-ddl", "--allow-non-innodb",
       "--allow-unchecked", "DISK_SPACE,SEMI_SYNC", "--forget-replication-settings"});
  ASSERT_TRUE(full.go_on);
  EXPECT_EQ(full.flags.settings, (CloneSettings{10, 0, 128, true, true}));
  EXPECT_EQ(full.flags.allow, (Allowances{true, {"DISK_SPACE", "SEMI_SYNC"}, true}));
  const Parsed off =
      ParseArguments({"reprovision", "zone1-1", "--no-compression", "--no-block-ddl"});
  ASSERT_TRUE(off.go_on);
  EXPECT_EQ(off.flags.settings, (CloneSettings{{}, {}, {}, false, false}));
}

TEST(CliFlagsTest, PreflightThrottleAndCancel) {
  const Parsed preflight = ParseArguments({"preflight", "zone1-1", "--from-tablet", "zone1-2",
                                           "--replicate-from", "donor", "--allow-unchecked=all"});
  ASSERT_TRUE(preflight.go_on);
  EXPECT_EQ(preflight.flags.command, Command::kPreflight);
  EXPECT_EQ(preflight.flags.from_tablet, "zone1-2");
  EXPECT_EQ(preflight.flags.replicate_from, "donor");
  EXPECT_EQ(preflight.flags.allow, (Allowances{false, {kAllChecks}}));
  const Parsed throttle =
      ParseArguments({"throttle", "zone1-1", "op1", "--max-network-bandwidth", "5"});
  ASSERT_TRUE(throttle.go_on);
  EXPECT_EQ(throttle.flags.command, Command::kThrottle);
  EXPECT_EQ(throttle.flags.operation_id, "op1");
  EXPECT_EQ(throttle.flags.settings, (CloneSettings{{}, 5, {}, {}, {}}));
  const Parsed cancel = ParseArguments({"cancel", "zone1-1", "--even-if-dropped"});
  ASSERT_TRUE(cancel.go_on);
  EXPECT_EQ(cancel.flags.command, Command::kCancel);
  EXPECT_TRUE(cancel.flags.even_if_dropped);
}

TEST(CliFlagsTest, Release) {
  const Parsed plain = ParseArguments({"release", "zone1-1"});
  ASSERT_TRUE(plain.go_on);
  EXPECT_EQ(plain.flags.command, Command::kRelease);
  EXPECT_EQ(plain.flags.alias, "zone1-1");
  EXPECT_EQ(plain.flags.word, ReleaseWord());
  const Parsed full = ParseArguments({"release", "zone1-1", "--data-is-good", "--by", "alice",
                                      "--note", "restored by hand", "--id", "r1", "--watch"});
  ASSERT_TRUE(full.go_on);
  EXPECT_EQ(full.flags.word, (ReleaseWord{"alice", "restored by hand", true}));
  EXPECT_EQ(full.flags.operation_id, "r1");
  EXPECT_TRUE(full.flags.watch);
}

TEST(CliFlagsTest, PreflightAndCancelWaitLongerUnlessTold) {
  for (const char* command : {"preflight", "cancel"}) {
    const Parsed parsed = ParseArguments({command, "zone1-1"});
    EXPECT_EQ(parsed.flags.timeout, absl::Minutes(1)) << command;
    EXPECT_EQ(parsed.flags.topo.etcd.call_timeout, absl::Seconds(10)) << command;
    const Parsed told = ParseArguments({command, "zone1-1", "--timeout", "3s"});
    EXPECT_EQ(told.flags.timeout, absl::Seconds(3)) << command;
    EXPECT_EQ(told.flags.topo.etcd.call_timeout, absl::Seconds(3)) << command;
  }
}

TEST(CliFlagsTest, TheFormatOfTheOutput) {
  EXPECT_EQ(ParseArguments({"tablets"}).flags.output, OutputFormat::kTable);
  EXPECT_EQ(ParseArguments({"tablets", "--output", "yaml"}).flags.output, OutputFormat::kYaml);
  EXPECT_EQ(ParseArguments({"--output", "json", "tablets"}).flags.output, OutputFormat::kJson);
  EXPECT_EQ(ParseArguments({"tablets", "--output=table"}).flags.output, OutputFormat::kTable);
}

TEST(CliFlagsTest, OperationsIsAnotherNameOfHistory) {
  for (const char* name : {"history", "operations"}) {
    const Parsed parsed = ParseArguments({name, "zone1-1"});
    ASSERT_TRUE(parsed.go_on) << name;
    EXPECT_EQ(parsed.flags.command, Command::kHistory);
    EXPECT_EQ(parsed.flags.alias, "zone1-1");
  }
  const Parsed describe = ParseArguments({"describe", "zone1-1", "op1"});
  EXPECT_EQ(describe.flags.command, Command::kDescribe);
  EXPECT_EQ(describe.flags.operation_id, "op1");
}

TEST(CliFlagsTest, AnInterruptCancelsOnlyIfTold) {
  EXPECT_FALSE(ParseArguments({"watch", "zone1-1"}).flags.cancel_on_interrupt);
  EXPECT_TRUE(
      ParseArguments({"watch", "zone1-1", "--cancel-on-interrupt"}).flags.cancel_on_interrupt);
  EXPECT_TRUE(ParseArguments({"reprovision", "zone1-1", "--watch", "--cancel-on-interrupt"})
                  .flags.cancel_on_interrupt);
  EXPECT_TRUE(ParseArguments({"tablets", "--no-ask"}).flags.no_ask);
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
           {"tablets", "--timeout", "99999999999999h"},
           {"status", "zone1-1", "--server", "foo"},
           {"status", "zone1-1", "--server", "127.0.0.1:99999"},
           {"status", "zone1-1", "--server", "::::"},
           {"status", "zone1-1", "--server", ":15999"},
           {"reprovision", "zone1-1", "--replicate-from", "nobody"},
           {"reprovision", "zone1-1", "--from-primary", "--from-tablet", "zone1-2"},
           {"reprovision", "zone1-1", "--from-primary", "--from-any"},
           {"preflight", "zone1-1", "--from-any", "--from-tablet", "zone1-2"},
           {"preflight"},
           {"reprovision", "zone1-1", "--max-concurrency", "0"},
           {"reprovision", "zone1-1", "--max-concurrency", "129"},
           {"reprovision", "zone1-1", "--max-data-bandwidth", "-1"},
           {"throttle", "zone1-1", "--max-data-bandwidth", "1048577"},
           {"throttle", "zone1-1", "--max-network-bandwidth", "5MB"},
           {"throttle", "zone1-1", "--max-concurrency", "2"},
           {"cancel"},
           {"tablets", "--output", "xml"},
           {"tablets", "--output", "yaml", "--json"},
           {"describe"},
           {"reprovision", "zone1-1", "--cancel-on-interrupt"},
           {"status", "zone1-1", "--cancel-on-interrupt"},
           {"reprovision", "zone1-1", "zone1-2"},
           {"reprovision", "zone1-1", "--all"},
           {"reprovision", "zone1-1", "--yes"},
           {"reprovision", "--shard", "s/0", "--all", "--unhealthy"},
           {"reprovision", "--shard", "s/0", "--all", "zone1-1"},
           {"reprovision", "--shard", "s/0", "--all", "--max-unavailable", "0"},
           {"reprovision", "--shard", "s/0", "--all", "--stop"},
           {"reprovision", "--shard", "s/0", "--all", "--id", "x"},
           {"reprovision", "--shard", "s/0", "--all", "--server", "h:1"},
           {"reprovision", "--shard", "s/0", "--plan"}}) {
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
