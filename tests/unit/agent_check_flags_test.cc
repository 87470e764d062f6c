#include <gmock/gmock.h>
#include <stdlib.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "agent/options.h"
#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

AgentFlags GoodFlags() {
  AgentFlags flags;
  flags.tablet_path = "zone1-0000000101";
  flags.options.tablet.hostname = "db-101.example";
  flags.options.tablet.provisioner.keyspace = "shop";
  flags.options.tablet.provisioner.shard = "0";
  flags.options.topo.global_server_address = "/topo";
  return flags;
}

std::vector<std::string> FaultsOf(const AgentFlags& flags) {
  const absl::Status status = CheckFlags(flags).status();
  if (status.ok()) return {};
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return absl::StrSplit(status.message(), '\n');
}

TEST(CheckFlagsTest, GoodFlagsBecomeOptions) {
  AgentFlags flags = GoodFlags();
  flags.init_tablet_type = "RDONLY";
  flags.init_timeout = "90s";
  flags.options.port = 15100;
  flags.options.grpc_port = 15999;
  flags.options.state_dir = "/state";
  flags.options.mysql.socket = "/mysql.sock";
  flags.clone = {"cloner", "secret", "", false};
  flags.clone_restart_wait_timeout = "1h";
  flags.options.tablet.restore_with_clone = true;
  flags.clone_from_tablet = "zone2-100";
  flags.replicate_from = "primary";
  flags.log_level = "debug";
  const auto options = CheckFlags(flags);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->tablet.provisioner.alias, (TabletAlias{"zone1", 101}));
  EXPECT_EQ(options->tablet.hostname, "db-101.example");
  EXPECT_EQ(options->tablet.provisioner.keyspace + "/" + options->tablet.provisioner.shard,
            "shop/0");
  EXPECT_EQ(options->tablet.provisioner.init_type, TabletType::kRdonly);
  EXPECT_EQ(options->tablet.init_timeout, absl::Seconds(90));
  EXPECT_EQ(options->port, 15100);
  EXPECT_EQ(options->grpc_port, 15999);
  EXPECT_EQ(options->state_dir, "/state");
  EXPECT_EQ(options->mysql.socket, "/mysql.sock");
  EXPECT_TRUE(options->tablet.advertised_mysql.empty()) << "its port is the server's to say";
  EXPECT_EQ(options->tablet.provisioner.clone.user, "cloner");
  EXPECT_EQ(options->tablet.provisioner.clone.password.Reveal(), "secret");
  EXPECT_FALSE(options->tablet.provisioner.clone.use_ssl);
  EXPECT_EQ(options->tablet.provisioner.restart_wait_timeout, absl::Hours(1));
  EXPECT_EQ(options->tablet.defaults.donor,
            (DonorChoice{DonorChoice::Kind::kTablet, {"zone2", 100}}));
  EXPECT_EQ(options->tablet.defaults.replicate_from, ReplicateFrom::kPrimary);
  EXPECT_EQ(options->log.level, LogLevel::kDebug);
}

TEST(CheckFlagsTest, DefaultsAreVitesss) {
  const auto options = CheckFlags(GoodFlags());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->tablet.provisioner.init_type, TabletType::kReplica);
  EXPECT_EQ(options->tablet.init_timeout, absl::Minutes(1));
  EXPECT_EQ(options->tablet.provisioner.restart_wait_timeout, absl::Minutes(5));
  EXPECT_EQ(options->tablet.defaults.replicate_from, std::nullopt) << "the donor decides";
  EXPECT_FALSE(options->tablet.restore_with_clone);
  EXPECT_FALSE(options->tablet.defaults.donor.has_value());
  EXPECT_EQ(options->mysql.user, "vt_dba");
  EXPECT_EQ(options->tablet.provisioner.repl.user, "vt_repl");
  EXPECT_EQ(options->tablet.provisioner.clone.user, "vt_clone");
  EXPECT_THAT(options->mysql.socket, HasSubstr("/vt_0000000101/mysql.sock"));
  EXPECT_THAT(options->state_dir, HasSubstr("/vt_0000000101/graft"));
}

TEST(CheckFlagsTest, AHostIsUsedInsteadOfTheDefaultSocket) {
  AgentFlags flags = GoodFlags();
  flags.options.mysql.address.host = "127.0.0.1";
  flags.options.mysql.address.port = 3306;
  const auto options = CheckFlags(flags);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->mysql.socket, "");
  EXPECT_EQ(options->mysql.address.ToString(), "127.0.0.1:3306");
  EXPECT_EQ(options->tablet.advertised_mysql.ToString(), "127.0.0.1:3306");
}

TEST(CheckFlagsTest, ThePrimaryAsDonor) {
  AgentFlags flags = GoodFlags();
  flags.options.tablet.restore_with_clone = flags.clone_from_primary = true;
  const auto options = CheckFlags(flags);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->tablet.defaults.donor, DonorChoice());
  EXPECT_TRUE(options->tablet.restore_with_clone);
}

struct Fault {
  std::function<void(AgentFlags&)> spoil;
  const char* text;  // all of the flag's name, and what is wrong
};

void ExpectEachAlone(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    AgentFlags flags = GoodFlags();
    fault.spoil(flags);
    EXPECT_THAT(FaultsOf(flags), ElementsAre(HasSubstr(fault.text))) << fault.text;
  }
}

TEST(CheckFlagsTest, FaultsOfTheTablet) {
  ExpectEachAlone({
      {[](AgentFlags& f) { f.tablet_path = ""; }, "--tablet-path is missing"},
      {[](AgentFlags& f) { f.tablet_path = "zone1"; }, "--tablet-path: \"zone1\" is no tablet"},
      {[](AgentFlags& f) { f.options.tablet.provisioner.keyspace = ""; },
       "--init-keyspace is missing"},
      {[](AgentFlags& f) { f.options.tablet.provisioner.keyspace = "a/b"; },
       "--init-keyspace: \"a/b\""},
      {[](AgentFlags& f) { f.options.tablet.provisioner.shard = ""; }, "--init-shard is missing"},
      {[](AgentFlags& f) { f.options.tablet.provisioner.shard = "80-40-20"; },
       "--init-shard: shard name"},
      {[](AgentFlags& f) { f.init_tablet_type = "primary"; }, "--init-tablet-type: \"primary\""},
      {[](AgentFlags& f) { f.init_tablet_type = "x"; }, "--init-tablet-type: \"x\" is no tablet"},
      {[](AgentFlags& f) { f.init_timeout = "1"; }, "--init-timeout: \"1\" is no duration"},
      {[](AgentFlags& f) { f.options.port = 65536; }, "--port: not a port"},
      {[](AgentFlags& f) { f.options.port = -1; }, "--port: not a port"},
      {[](AgentFlags& f) { f.options.grpc_port = 65536; }, "--grpc-port: not a port"},
      {[](AgentFlags& f) { f.options.grpc_port = -1; }, "--grpc-port: not a port"},
      {[](AgentFlags& f) { f.log_level = "loud"; }, "--log-level: \"loud\""},
      {[](AgentFlags& f) { f.log_format = "xml"; }, "--log-format: \"xml\""},
      {[](AgentFlags& f) { f.options.topo.global_server_address = ""; },
       "--topo-global-server-address is missing"},
      {[](AgentFlags& f) { f.options.topo.implementation = "zk2"; },
       "--topo-implementation is \"zk2\""},
      {[](AgentFlags& f) { f.options.topo.etcd.tls_cert_file = "/a"; },
       "--topo-etcd-tls-key go together"},
  });
}

TEST(CheckFlagsTest, FaultsOfMysql) {
  ExpectEachAlone({
      {[](AgentFlags& f) { f.options.mysql.address.host = "db"; },
       "--db-host also wants --db-port"},
      {[](AgentFlags& f) { f.options.mysql.address.port = 65536; }, "--db-port: not a port"},
      {[](AgentFlags& f) { f.dba.user = ""; }, "--db-dba-user is empty"},
      {[](AgentFlags& f) { f.repl.user = ""; }, "--db-repl-user is empty"},
      {[](AgentFlags& f) { f.clone.user = ""; }, "--db-clone-user is empty"},
      {[](AgentFlags& f) { f.dba.password_file = "/none"; }, "--db-dba-password-file: "},
      {[](AgentFlags& f) { f.repl.password_file = "/none"; }, "--db-repl-password-file: "},
      {[](AgentFlags& f) { f.clone.password_file = "/none"; },
       "--db-clone-password-file: cannot open /none: No such file"},
      {[](AgentFlags& f) { f.db_credentials_file = "/none"; },
       "--db-credentials-file: cannot open /none: No such file"},
  });
}

TEST(CheckFlagsTest, FaultsOfTheClone) {
  ExpectEachAlone({
      {[](AgentFlags& f) {
         f.clone_from_primary = true;
         f.clone_from_tablet = "zone1-100";
       },
       "--clone-from-primary, --clone-from-tablet and --clone-from-any are mutually exclusive"},
      {[](AgentFlags& f) { f.clone_from_any = f.clone_from_primary = true; },
       "are mutually exclusive"},
      {[](AgentFlags& f) { f.options.tablet.provisioner.max_attempts = 0; },
       "--clone-max-attempts"},
      {[](AgentFlags& f) { f.clone_donor_wait_timeout = "x"; }, "--clone-donor-wait-timeout: "},
      {[](AgentFlags& f) { f.clone_stall_timeout = "x"; }, "--clone-stall-timeout: "},
      {[](AgentFlags& f) { f.clone_donor_gone_timeout = "x"; }, "--clone-donor-gone-timeout: "},
      {[](AgentFlags& f) { f.clone_catch_up_stall_timeout = "x"; },
       "--clone-catch-up-stall-timeout: "},
      {[](AgentFlags& f) { f.options.tablet.defaults.settings.max_data_bandwidth_mib = -1; },
       "--clone-max-data-bandwidth: -1"},
      {[](AgentFlags& f) {
         f.options.tablet.defaults.settings.max_network_bandwidth_mib = 1048577;
       },
       "--clone-max-network-bandwidth: 1048577"},
      {[](AgentFlags& f) { f.options.tablet.defaults.settings.max_concurrency = 129; },
       "--clone-max-concurrency: 129"},
      {[](AgentFlags& f) { f.clone_from_tablet = "zone1"; }, "--clone-from-tablet: \"zone1\""},
      {[](AgentFlags& f) { f.clone_from_tablet = "zone1-101"; },
       "--clone-from-tablet names this very tablet"},
      {[](AgentFlags& f) { f.options.tablet.restore_with_clone = true; }, "no donor specified"},
      {[](AgentFlags& f) {
         f.options.tablet.restore_with_clone = f.clone_from_primary = true;
         f.mysql_clone_enabled = false;
       },
       "--restore-with-clone needs --mysql-clone-enabled"},
      {[](AgentFlags& f) { f.clone_restart_wait_timeout = "-5m"; },
       "--clone-restart-wait-timeout: \"-5m\" is no duration"},
      {[](AgentFlags& f) { f.replicate_from = "nobody"; }, "--replicate-from: \"nobody\""},
      {[](AgentFlags& f) { f.options.tablet.restore_from_backup = true; },
       "give --file-backup-storage-root"},
      {[](AgentFlags& f) {
         f.options.tablet.fallback_to_backup = true;
         f.storage.file_root = "/b";
       },
       "--fallback-to-backup goes with --restore-with-clone"},
      {[](AgentFlags& f) {
         f.options.tablet.restore_from_backup = true;
         f.storage.file_root = "/b";
         f.restore_from_backup_ts = "yesterday";
       },
       "--restore-from-backup-ts: \"yesterday\" is no time of a backup"},
      {[](AgentFlags& f) {
         f.storage.file_root = "/b";
         f.options.tablet.restore_from_backup = f.options.tablet.restore_with_clone =
             f.clone_from_primary = true;
       },
       "--restore-from-backup and --restore-with-clone are mutually exclusive"},
      {[](AgentFlags& f) { f.restore_from_backup_ts = "x"; }, "--restore-from-backup-ts goes with"},
      {[](AgentFlags& f) { f.restore_to_pos = "x"; },
       "--restore-to-pos: graft restores full backups"},
      {[](AgentFlags& f) { f.restore_to_timestamp = "x"; },
       "--restore-to-timestamp: graft restores full backups"},
      {[](AgentFlags& f) { f.restore_from_backup_allowed_engines = "x"; },
       "--restore-from-backup-allowed-engines: graft restores full backups"},
  });
}

TEST(CheckFlagsTest, FaultsOfRepairAndRehearsal) {
  ExpectEachAlone({
      {[](AgentFlags& f) {
         f.reprovision_on_replication_error = {"1032", "x"};
       },
       "--reprovision-on-replication-error: \"x\" is no MySQL error number"},
      {[](AgentFlags& f) { f.reprovision_delay = "x"; }, "--reprovision-delay: "},
      {[](AgentFlags& f) { f.options.repair.daily_limit = 0; }, "--reprovision-daily-limit"},
      {[](AgentFlags& f) { f.hold_before_step = "nowhere=/x"; }, "--hold-before-step: "},
      {[](AgentFlags& f) { f.hold_before_step = "clone="; }, "--hold-before-step: "},
  });
}

TEST(CheckFlagsTest, WhatBoundsEveryOperation) {
  AgentFlags flags = GoodFlags();
  flags.clone_from_any = flags.options.tablet.defaults.allow.non_innodb = flags.clone_block_ddl =
      true;
  flags.options.tablet.defaults.settings.max_data_bandwidth_mib = 50;
  flags.options.tablet.provisioner.max_attempts = 7;
  flags.clone_donor_wait_timeout = "2h";
  flags.clone_stall_timeout = "0";
  flags.clone_donor_gone_timeout = "30s";
  flags.clone_catch_up_stall_timeout = "1h";
  flags.reprovision_on_replication_error = {"1032", "1062"};
  flags.hold_before_step = "catch_up=/run/hold";
  const auto options = CheckFlags(flags);
  ASSERT_TRUE(options.ok()) << options.status();
  const Operations::Defaults& defaults = options->tablet.defaults;
  const ProvisionerOptions& bounds = options->tablet.provisioner;
  EXPECT_EQ(defaults.donor, (DonorChoice{DonorChoice::Kind::kAny, {}}));
  EXPECT_TRUE(defaults.allow.non_innodb);
  EXPECT_TRUE(defaults.allow.unchecked.empty());
  EXPECT_EQ(defaults.settings.max_data_bandwidth_mib, 50);
  EXPECT_EQ(defaults.settings.block_ddl, true);
  EXPECT_EQ(defaults.settings.compression, std::nullopt);
  EXPECT_EQ(bounds.max_attempts, 7);
  EXPECT_EQ(bounds.donor_wait_timeout, absl::Hours(2));
  EXPECT_EQ(bounds.stall_timeout, absl::ZeroDuration());
  EXPECT_EQ(bounds.donor_gone_timeout, absl::Seconds(30));
  EXPECT_EQ(bounds.catch_up_stall_timeout, absl::Hours(1));
  EXPECT_EQ(options->repair.errors, (std::set<int>{1032, 1062}));
  EXPECT_EQ(options->hold.step, Step::kCatchUp);
  EXPECT_EQ(options->hold.file, "/run/hold");
}

TEST(CheckFlagsTest, RepairIsOffUnlessAskedFor) {
  const auto options = CheckFlags(GoodFlags());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->repair.errors.empty());
  EXPECT_TRUE(options->hold.file.empty());
}

TEST(CheckFlagsTest, EveryFaultIsToldAtOnceAndNoSecretIs) {
  AgentFlags flags;
  flags.init_tablet_type = "x";
  flags.init_timeout = "x";
  flags.options.grpc_port = flags.options.mysql.address.port = 70000;
  for (AgentFlags::Account* account : {&flags.dba, &flags.repl, &flags.clone}) {
    account->user = "";
    account->password = "hunter2";
    account->password_file = "/none";
  }
  flags.db_credentials_file = "/none";
  flags.options.tablet.restore_from_backup = flags.options.tablet.restore_with_clone = true;
  flags.storage.file_root = "/backups";
  flags.restore_to_pos = "x";
  flags.mysql_clone_enabled = false;
  flags.clone_restart_wait_timeout = "x";
  flags.replicate_from = "x";
  flags.log_level = flags.log_format = "x";
  const std::vector<std::string> faults = FaultsOf(flags);
  // Tablet, keyspace, shard, type, timeout; two ports; credentials; three users and three files;
  // backup, position, donor, clone enabled, restart timeout, source; topology; level and format.
  EXPECT_THAT(faults, SizeIs(5 + 2 + 1 + 6 + 6 + 1 + 2));
  for (const std::string& fault : faults) {
    EXPECT_THAT(fault, AllOf(HasSubstr("--"), Not(HasSubstr("hunter2"))));
  }
}

TEST(ParseFlagsTest, EveryFlagMayComeFromTheEnvironment) {
  setenv("GRAFT_RESTORE_WITH_CLONE", "true", 1);
  setenv("GRAFT_DB_CLONE_USE_SSL", "false", 1);
  setenv("GRAFT_CLONE_MAX_ATTEMPTS", "7", 1);
  setenv("GRAFT_REPROVISION_ON_REPLICATION_ERROR", "1032,1062", 1);
  std::vector<std::string> words = {"graftd", "--db-clone-password", "hunter2", "--port=15100"};
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  const ParsedFlags parsed = ParseFlags(static_cast<int>(argv.size()), argv.data());
  for (const char* name : {"GRAFT_RESTORE_WITH_CLONE", "GRAFT_DB_CLONE_USE_SSL",
                           "GRAFT_CLONE_MAX_ATTEMPTS", "GRAFT_REPROVISION_ON_REPLICATION_ERROR"}) {
    unsetenv(name);
  }
  ASSERT_EQ(parsed.exit_code, std::nullopt);
  EXPECT_TRUE(parsed.flags.options.tablet.restore_with_clone);
  EXPECT_FALSE(parsed.flags.clone.use_ssl);
  EXPECT_EQ(parsed.flags.options.tablet.provisioner.max_attempts, 7);
  EXPECT_THAT(parsed.flags.reprovision_on_replication_error, ElementsAre("1032", "1062"));
  EXPECT_EQ(parsed.flags.clone.password, "hunter2");
  EXPECT_THAT(words[2], Not(HasSubstr("hunter2"))) << "other users read arguments";
  EXPECT_EQ(ToCommandLine(parsed.given, OptionSource::kCommandLine),
            "--port=15100 --db-clone-password=set");
  EXPECT_EQ(ToCommandLine(parsed.given, OptionSource::kEnvironment),
            "--db-clone-use-ssl=false --restore-with-clone --clone-max-attempts=7 "
            "--reprovision-on-replication-error=1032,1062");
}

class PasswordsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(WriteFile(path, text).ok());
    return path;
  }

  TempFolder folder_{"flags"};
};

TEST_F(PasswordsTest, EachAccountFindsItsOwn) {
  AgentFlags flags = GoodFlags();
  flags.db_credentials_file = File("all.json", R"({"vt_repl": ["from all"], "vt_dba": ["no"]})");
  flags.dba.password_file = File("dba", "from file\n");
  flags.clone.password = "from flag";
  const auto options = CheckFlags(flags);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->mysql.password.Reveal(), "from file");
  EXPECT_EQ(options->tablet.provisioner.repl.password.Reveal(), "from all");
  EXPECT_EQ(options->tablet.provisioner.clone.password.Reveal(), "from flag");
}

TEST_F(PasswordsTest, AMalformedFileIsNotQuoted) {
  AgentFlags flags = GoodFlags();
  flags.db_credentials_file = File("all.json", R"({"vt_repl": "hunter2")");
  EXPECT_THAT(FaultsOf(flags),
              ElementsAre(AllOf(HasSubstr("--db-credentials-file: "),
                                HasSubstr("is no credentials file"), Not(HasSubstr("hunter2")))));
}

}  // namespace
}  // namespace graft
