#include "testing/shard_rows.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "testing/eventually.h"

namespace graft {
namespace {

constexpr int kRowsPerMegabyte = 1024;  // of a kilobyte each

}  // namespace

absl::Status LoadRows(MysqlSandbox& server, const RowsSize& size) {
  std::string ballast = "CREATE TABLE shop.ballast (id INT PRIMARY KEY)";
  if (size.ballast_megabytes > 0) {
    absl::StrAppend(&ballast, " AUTOEXTEND_SIZE = ", size.ballast_megabytes, "M");
  }
  return server
      .Sql(absl::StrCat(
          "CREATE DATABASE shop; "
          "CREATE TABLE shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, "
          "note VARBINARY(1024) NOT NULL); "
          "CREATE TABLE shop.customers (id INT AUTO_INCREMENT PRIMARY KEY, "
          "name VARCHAR(64) NOT NULL); ",
          ballast,
          "; SET SESSION cte_max_recursion_depth = 1000000; "
          "INSERT INTO shop.customers (name) VALUES ('the first'); "
          "INSERT INTO shop.orders (customer, note) WITH RECURSIVE n (i) AS "
          "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
          size.megabytes * kRowsPerMegabyte, ") SELECT 1, RANDOM_BYTES(960) FROM n"))
      .status();
}

absl::Status Follow(MysqlSandbox& replica, MysqlSandbox& source, const std::string& repl_password) {
  return replica
      .Sql(absl::StrCat("CHANGE REPLICATION SOURCE TO SOURCE_HOST='", source.address().host,
                        "', SOURCE_PORT=", source.port(),
                        ", SOURCE_USER='vt_repl', SOURCE_PASSWORD='", repl_password,
                        "', SOURCE_SSL=1, SOURCE_AUTO_POSITION=1; START REPLICA"))
      .status();
}

absl::Status AwaitCaughtUp(MysqlSandbox& replica, MysqlSandbox& source) {
  GRAFT_ASSIGN_OR_RETURN(const std::string goal,
                         source.SqlValue("SELECT REPLACE(@@global.gtid_executed, '\\n', '')"));
  GRAFT_ASSIGN_OR_RETURN(
      const std::string timed_out,
      replica.SqlValue(absl::StrCat("SELECT WAIT_FOR_EXECUTED_GTID_SET('", goal, "', 40)")));
  if (timed_out == "0") return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("the replica has not got ", goal));
}

absl::Status BreakReplica(MysqlSandbox& replica, MysqlSandbox& primary) {
  GRAFT_RETURN_IF_ERROR(AwaitCaughtUp(replica, primary));
  GRAFT_ASSIGN_OR_RETURN(const std::string id, primary.SqlValue("SELECT MIN(id) FROM shop.orders"));
  GRAFT_RETURN_IF_ERROR(
      replica
          .Sql(absl::StrCat("SET sql_log_bin = 0; SET GLOBAL super_read_only = OFF; "
                            "DELETE FROM shop.orders WHERE id = ",
                            id, "; SET GLOBAL super_read_only = ON"))
          .status());
  GRAFT_RETURN_IF_ERROR(
      primary.Sql(absl::StrCat("UPDATE shop.orders SET customer = customer + 1 WHERE id = ", id))
          .status());
  const auto stopped = [&] {
    return replica
               .SqlValue(
                   "SELECT COUNT(*) FROM "
                   "performance_schema.replication_applier_status_by_worker "
                   "WHERE last_error_number = 1032")
               .value_or("0") != "0";
  };
  if (Eventually(absl::Seconds(40), stopped)) return absl::OkStatus();
  return absl::DeadlineExceededError("replication does not stop with 1032");
}

absl::StatusOr<SqlRows> Checksums(MysqlSandbox& server) {
  GRAFT_ASSIGN_OR_RETURN(
      const SqlRows tables,
      server.Sql("SELECT CONCAT('`', table_schema, '`.`', table_name, '`') "
                 "FROM information_schema.tables WHERE table_schema NOT IN "
                 "('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1"));
  std::vector<std::string> names;
  for (const auto& row : tables) names.push_back(row.front());
  if (names.empty()) return absl::NotFoundError("there are no tables");
  return server.Sql(absl::StrCat("CHECKSUM TABLE ", absl::StrJoin(names, ", ")));
}

}  // namespace graft
