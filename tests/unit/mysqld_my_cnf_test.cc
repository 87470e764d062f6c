#include <gmock/gmock.h>

#include "mysqld/my_cnf.h"
#include "mysqld/mysqld_process.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::Not;

MyCnfOptions Options() {
  MyCnfOptions options;
  options.paths.dir = "/vt/vt_0000000101";
  options.version = {9, 7, 4};
  options.mysql_port = 17101;
  options.server_id = 101;
  return options;
}

std::string Value(const MyCnfOptions& options, const std::string& name) {
  return FindMyCnfValue(MyCnfText(options), name).value_or("(not set)");
}

TEST(MyCnf, IsFitForATablet) {
  const MyCnfOptions options = Options();
  ASSERT_TRUE(CheckMyCnfOptions(options).ok());
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"datadir", "/vt/vt_0000000101/data"},
           {"socket", "/vt/vt_0000000101/mysql.sock"},
           {"pid_file", "/vt/vt_0000000101/mysqld.pid"},
           {"log_error", "/vt/vt_0000000101/error.log"},
           {"port", "17101"},
           {"report_port", "17101"},
           {"server_id", "101"},
           {"gtid_mode", "ON"},
           {"enforce_gtid_consistency", "ON"},
           {"log_bin", "binlog"},
           {"skip_replica_start", "ON"},
           {"log_replica_updates", "ON"},
           {"relay_log_recovery", "ON"},
           {"super_read_only", "ON"},
           {"skip_name_resolve", "ON"},
           {"secure_file_priv", "NULL"},
           {"mysqlx", "0"},
           {"plugin_load_add", "(not set)"},
           {"user", "(not set)"},
           {"bind_address", "(not set)"},
           {"report_host", "(not set)"}}) {
    EXPECT_EQ(Value(options, name), value) << name;
  }
}

TEST(MyCnf, SetsWhatIsAskedFor) {
  MyCnfOptions options = Options();
  options.clone_enabled = true;
  options.run_as_root = true;
  options.bind_address = "127.0.0.1";
  options.report_host = "db1";
  options.socket = "/run/a.sock";
  EXPECT_EQ(Value(options, "plugin_load_add"), "mysql_clone.so");
  EXPECT_EQ(Value(options, "user"), "root");
  EXPECT_EQ(Value(options, "bind_address"), "127.0.0.1");
  EXPECT_EQ(Value(options, "report_host"), "db1");
  EXPECT_EQ(Value(options, "socket"), "/run/a.sock");
}

TEST(MyCnf, UsesTheOldNamesBefore8026) {
  MyCnfOptions options = Options();
  options.version = {8, 0, 25};
  EXPECT_EQ(Value(options, "skip_slave_start"), "ON");
  EXPECT_EQ(Value(options, "log_slave_updates"), "ON");
  EXPECT_THAT(MyCnfText(options), Not(HasSubstr("replica_start")));
  options.version = {8, 0, 26};
  EXPECT_THAT(MyCnfText(options), Not(HasSubstr("slave")));
}

TEST(MyCnf, AnExtraFileWins) {
  MyCnfOptions options = Options();
  options.extras = {"[mysqld]\nsuper-read-only = OFF", "port=99"};
  EXPECT_EQ(Value(options, "super_read_only"), "OFF");
  EXPECT_EQ(Value(options, "port"), "99");
}

TEST(MyCnf, QuotesWhatWouldBeAComment) {
  MyCnfOptions options = Options();
  options.paths.dir = "/vt/a \"b\" #c\\";
  EXPECT_EQ(Value(options, "datadir"), "/vt/a \"b\" #c\\/data");
}

TEST(MyCnf, RefusesWhatMysqldCannotTake) {
  const auto check = [](auto change) {
    MyCnfOptions options = Options();
    change(&options);
    return CheckMyCnfOptions(options);
  };
  EXPECT_TRUE(absl::IsInvalidArgument(check([](MyCnfOptions* o) { o->mysql_port = 0; })));
  EXPECT_TRUE(absl::IsInvalidArgument(check([](MyCnfOptions* o) { o->mysql_port = 65536; })));
  EXPECT_TRUE(absl::IsInvalidArgument(check([](MyCnfOptions* o) { o->server_id = 0; })));
  EXPECT_TRUE(absl::IsInvalidArgument(check([](MyCnfOptions* o) { o->report_host = "a\nb"; })));
  EXPECT_TRUE(
      absl::IsInvalidArgument(check([](MyCnfOptions* o) { o->paths.dir = std::string(97, 'd'); })));
  EXPECT_TRUE(check([](MyCnfOptions* o) { o->paths.dir = std::string(96, 'd'); }).ok());
}

TEST(FindMyCnfValue, ReadsTheMysqldGroupOnly) {
  const std::string text =
      "port=1\n[client]\nport=2\n[mysqld]\n# port=3\n;port=4\nport = 5 # five\n[mysql]\nport=6\n";
  EXPECT_EQ(FindMyCnfValue(text, "port"), "5");
  EXPECT_EQ(FindMyCnfValue(text, "socket"), std::nullopt);
}

TEST(ParseMysqldVersion, KnowsWhoCanClone) {
  const auto version =
      ParseMysqldVersion("/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n");
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->ToString(), "9.7.4");
  EXPECT_TRUE(ParseMysqldVersion("mysqld  Ver 8.0.17 for Linux").ok());
  for (const char* printed : {"mysqld  Ver 8.0.16 for Linux", "", "mysqld: not found",
                              "mysqld  Ver 10.11.6-MariaDB for debian-linux-gnu"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(ParseMysqldVersion(printed).status())) << printed;
  }
}

}  // namespace
}  // namespace graft
