#include "bench/bench_shard.h"

#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/eventually.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {
namespace {

constexpr char kClonePassword[] = "bench-clone";
constexpr char kReplPassword[] = "bench-repl";
constexpr int kRowsPerStatement = 10000;
constexpr int64_t kRowBytes = 1000;  // about, with what InnoDB adds

// MySQL's own defaults again, over the sandbox's.
constexpr char kAsByDefault[] =
    "innodb_buffer_pool_size=128M\n"
    "loose_innodb_redo_log_capacity=100M\n"
    "innodb_flush_log_at_trx_commit=1\n"
    "sync_binlog=1\n";

absl::StatusOr<std::unique_ptr<MysqlSandbox>> StartMysql(bool writable) {
  MysqlSandboxOptions options;
  options.writable = writable;
  options.extra_my_cnf = kAsByDefault;
  options.clone_password = kClonePassword;
  options.repl_password = kReplPassword;
  return MysqlSandbox::Start(options);
}

absl::string_view Tail(absl::string_view text) {
  constexpr size_t kTailBytes = 3000;
  return text.size() <= kTailBytes ? text : text.substr(text.size() - kTailBytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchShard>> BenchShard::Start() {
  auto shard = absl::WrapUnique(new BenchShard());
  GRAFT_RETURN_IF_ERROR(shard->StartAll());
  return shard;
}

BenchShard::BenchShard() : folder_("bench", TempFolder::OnFailure::kRemove) {
  donor_.alias = "zone1-0000000100";
  recipient_.alias = "zone1-0000000101";
}

std::string BenchShard::agent_address() const {
  return absl::StrCat("127.0.0.1:", recipient_.grpc_port);
}

Secret BenchShard::clone_password() const {
  return Secret(kClonePassword);
}
Secret BenchShard::repl_password() const {
  return Secret(kReplPassword);
}

absl::Status BenchShard::StartAll() {
  GRAFT_RETURN_IF_ERROR(WriteFile(folder_.path() + "/clone.password", kClonePassword));
  GRAFT_RETURN_IF_ERROR(WriteFile(folder_.path() + "/repl.password", kReplPassword));
  GRAFT_ASSIGN_OR_RETURN(etcd_, EtcdServer::Start());
  GRAFT_RETURN_IF_ERROR(Graftctl({"topo", "add-cell", "zone1", "--server-address",
                                  etcd_->endpoint(), "--root", "/vitess/zone1"})
                            .status());
  GRAFT_ASSIGN_OR_RETURN(donor_.mysql, StartMysql(/*writable=*/true));
  GRAFT_ASSIGN_OR_RETURN(recipient_.mysql, StartMysql(/*writable=*/false));
  GRAFT_RETURN_IF_ERROR(StartTablet(donor_));
  GRAFT_RETURN_IF_ERROR(StartTablet(recipient_));
  return Graftctl({"topo", "set-primary", "bench/0", donor_.alias}).status();
}

absl::Status BenchShard::StartTablet(BenchTablet& tablet) {
  GRAFT_ASSIGN_OR_RETURN(const std::string program, OurProgram("graftd"));
  tablet.grpc_port = FreePort();
  ProcessOptions options;
  options.log_file = LogOf(tablet);
  const std::string& dir = folder_.path();
  GRAFT_ASSIGN_OR_RETURN(tablet.agent, Process::Start({program,
                                                       "--tablet-path",
                                                       tablet.alias,
                                                       "--tablet-hostname",
                                                       "127.0.0.1",
                                                       "--bind-address",
                                                       "127.0.0.1",
                                                       "--grpc-port",
                                                       absl::StrCat(tablet.grpc_port),
                                                       "--init-keyspace",
                                                       "bench",
                                                       "--init-shard",
                                                       "0",
                                                       "--db-socket",
                                                       tablet.mysql->socket(),
                                                       "--state-dir",
                                                       dir + "/state-" + tablet.alias,
                                                       "--db-repl-password-file",
                                                       dir + "/repl.password",
                                                       "--db-clone-password-file",
                                                       dir + "/clone.password",
                                                       "--topo-implementation",
                                                       "etcd2",
                                                       "--topo-global-server-address",
                                                       etcd_->endpoint(),
                                                       "--topo-global-root",
                                                       "/vitess/global"},
                                                      options));
  return AwaitAddress(tablet);
}

absl::Status BenchShard::AwaitAddress(const BenchTablet& tablet) {
  const std::string address = tablet.mysql->address().ToString();
  const bool seen = Eventually(absl::Seconds(30), [&] {
    const auto tablets = Graftctl({"tablets"});
    return tablets.ok() && absl::StrContains(*tablets, address);
  });
  if (seen) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the agent of ", tablet.alias, " does not register its server:\n", Logs()));
}

absl::StatusOr<std::string> BenchShard::Graftctl(std::vector<std::string> arguments) {
  GRAFT_ASSIGN_OR_RETURN(const std::string program, OurProgram("graftctl"));
  arguments.insert(arguments.begin(), program);
  ProcessOptions options;
  options.env = {"GRAFT_TOPO_IMPLEMENTATION=etcd2", "GRAFT_TOPO_GLOBAL_ROOT=/vitess/global",
                 "GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=" + etcd_->endpoint()};
  return RunAndRead(arguments, options, absl::Seconds(30));
}

absl::StatusOr<int64_t> BenchShard::Load(int64_t bytes) {
  // Not in the binary log: it would only be in the way of later recoveries.
  const std::string rows = absl::StrCat(kRowsPerStatement);
  GRAFT_RETURN_IF_ERROR(
      donor()
          .Sql(absl::StrCat(
              "SET sql_log_bin = 0; CREATE DATABASE bench; CREATE TABLE bench.rows_of_bytes "
              "(id BIGINT AUTO_INCREMENT PRIMARY KEY, bytes VARBINARY(1024) NOT NULL); "
              "SET SESSION cte_max_recursion_depth = ",
              rows,
              "; INSERT INTO bench.rows_of_bytes (bytes) WITH RECURSIVE n (i) AS "
              "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
              rows, ") SELECT RANDOM_BYTES(960) FROM n"))
          .status());
  const std::string more = absl::StrCat(
      "INSERT INTO bench.rows_of_bytes (bytes) SELECT bytes FROM bench.rows_of_bytes ORDER BY id "
      "LIMIT ",
      rows, ";");
  std::string statements = "SET sql_log_bin = 0;";
  const int64_t batch = kRowsPerStatement * kRowBytes;
  for (int64_t loaded = batch; loaded < bytes; loaded += batch) statements += more;
  GRAFT_RETURN_IF_ERROR(
      donor()
          .Sql(statements + "SET GLOBAL innodb_max_dirty_pages_pct = 0", absl::Minutes(10))
          .status());
  const bool clean = Eventually(absl::Minutes(2), [&] {
    const auto dirty = donor().SqlValue(
        "SELECT variable_value FROM performance_schema.global_status "
        "WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'");
    return dirty.ok() && *dirty == "0";
  });
  if (!clean) return absl::UnavailableError("the donor does not come to rest after loading");
  GRAFT_ASSIGN_OR_RETURN(const std::string size,
                         donor().SqlValue("SELECT file_size FROM information_schema."
                                          "innodb_tablespaces WHERE name = 'bench/rows_of_bytes'"));
  int64_t size_bytes = 0;
  if (!absl::SimpleAtoi(size, &size_bytes)) return absl::InternalError("no size: " + size);
  return size_bytes;
}

std::string BenchShard::LogOf(const BenchTablet& tablet) const {
  return absl::StrCat(folder_.path(), "/graftd-", tablet.alias, ".log");
}

std::string BenchShard::Logs() const {
  std::string text;
  for (const BenchTablet* tablet : {&donor_, &recipient_}) {
    if (tablet->mysql == nullptr) continue;
    for (const std::string& path :
         {LogOf(*tablet), tablet->mysql->parent_log(), tablet->mysql->paths().error_log()}) {
      const auto log = ReadFile(path);
      absl::StrAppend(&text, "--- the end of ", path, "\n", log.ok() ? Tail(*log) : "", "\n");
    }
  }
  return text;
}

}  // namespace graft
