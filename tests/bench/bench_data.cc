#include "bench/bench_data.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "testing/eventually.h"

namespace graft {
namespace {

constexpr int64_t kFirstRows = 40000;
constexpr int64_t kMostRowsPerStatement = 500000;
constexpr int64_t kBytesPerRow = 333;  // about, with all indexes
constexpr absl::Duration kLoadPatience = absl::Hours(1);

constexpr char kTable[] =
    "CREATE DATABASE bench; CREATE TABLE bench.orders ("
    "  id BIGINT AUTO_INCREMENT PRIMARY KEY,"
    "  customer_id INT UNSIGNED NOT NULL,"
    "  placed DATETIME NOT NULL,"
    "  state ENUM('new', 'paid', 'sent', 'returned') NOT NULL,"
    "  total DECIMAL(10, 2) NOT NULL,"
    "  reference CHAR(16) CHARACTER SET ascii NOT NULL,"
    "  address VARCHAR(200) NOT NULL,"
    "  note VARCHAR(400) NOT NULL);";

// Half words, half what does not compress.
constexpr char kFirstColumns[] =
    "FLOOR(RAND() * 1000000), '2020-01-01' + INTERVAL FLOOR(RAND() * 157680000) SECOND, "
    "1 + FLOOR(RAND() * 4), RAND() * 1000, HEX(RANDOM_BYTES(8)), "
    "CONCAT(1 + FLOOR(RAND() * 300), ' ', ELT(1 + FLOOR(RAND() * 4), 'Mill Lane', 'Station Road', "
    "'Church Street', 'Harbour View'), ', ', TO_BASE64(RANDOM_BYTES(12))), "
    "CONCAT(ELT(1 + FLOOR(RAND() * 4), 'leave it with the neighbours if nobody is at home', "
    "'ring twice, the bell is hard to hear', 'a present: no invoice in the parcel, please', "
    "'deliver in the afternoon only'), ' / ', TO_BASE64(RANDOM_BYTES(66)))";

// The indexed columns anew, so that the indexes look like those of real data.
constexpr char kMoreColumns[] =
    "FLOOR(RAND() * 1000000), '2020-01-01' + INTERVAL FLOOR(RAND() * 157680000) SECOND, "
    "state, total, HEX(RANDOM_BYTES(8)), address, note";

constexpr char kInsert[] =
    "INSERT INTO bench.orders (customer_id, placed, state, total, reference, address, note) ";

absl::StatusOr<int64_t> Number(MysqlSandbox& mysql, const std::string& sql) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, mysql.SqlValue(sql));
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InternalError(absl::StrCat(sql, " answers no number but \"", text, "\""));
}

std::string FirstRows() {
  return absl::StrCat(kTable, "SET SESSION cte_max_recursion_depth = ", kFirstRows, ";", kInsert,
                      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
                      kFirstRows, ") SELECT ", kFirstColumns, " FROM n;");
}

std::string MoreRows(int64_t present, int64_t wanted) {
  std::string sql;
  while (present < wanted) {
    const int64_t more = std::min({present, wanted - present, kMostRowsPerStatement});
    absl::StrAppend(&sql, kInsert, "SELECT ", kMoreColumns, " FROM bench.orders ORDER BY id LIMIT ",
                    more, ";");
    present += more;
  }
  return sql;
}

// Indexes are built at the end, sorted: many times faster than row by row.
constexpr char kDropIndexes[] =
    "ALTER TABLE bench.orders DROP INDEX by_customer, DROP INDEX by_reference, "
    "DROP INDEX by_time;";
constexpr char kAddIndexes[] =
    "ALTER TABLE bench.orders ADD INDEX by_customer (customer_id, placed), "
    "ADD INDEX by_reference (reference), ADD INDEX by_time (placed);";

}  // namespace

absl::Status AwaitRest(MysqlSandbox& server) {
  GRAFT_RETURN_IF_ERROR(server.Sql("SET GLOBAL innodb_max_dirty_pages_pct = 0").status());
  const bool clean = Eventually(absl::Minutes(5), [&] {
    const auto dirty = server.SqlValue(
        "SELECT variable_value FROM performance_schema.global_status "
        "WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'");
    return dirty.ok() && *dirty == "0";
  });
  if (clean) return absl::OkStatus();
  return absl::UnavailableError("a server does not come to rest after loading");
}

namespace {

// `present`: 0 if there is no table yet.
absl::Status AddRows(MysqlSandbox& donor, int64_t present, int64_t wanted) {
  // Not in the binary log: it would only be in the way of later recoveries.
  return donor
      .Sql(absl::StrCat("SET sql_log_bin = 0; ALTER INSTANCE DISABLE INNODB REDO_LOG;",
                        present > 0 ? kDropIndexes : FirstRows(),
                        MoreRows(present > 0 ? present : kFirstRows, wanted), kAddIndexes,
                        "ALTER INSTANCE ENABLE INNODB REDO_LOG"),
           kLoadPatience)
      .status();
}

}  // namespace

absl::StatusOr<DataSize> GrowTo(MysqlSandbox& donor, int64_t bytes) {
  GRAFT_ASSIGN_OR_RETURN(const int64_t tables,
                         Number(donor,
                                "SELECT COUNT(*) FROM information_schema.tables "
                                "WHERE table_schema = 'bench' AND table_name = 'orders'"));
  int64_t present = 0;
  if (tables > 0) {
    GRAFT_ASSIGN_OR_RETURN(present, Number(donor, "SELECT COUNT(*) FROM bench.orders"));
  }
  const int64_t wanted = bytes / kBytesPerRow;
  if (present < wanted) GRAFT_RETURN_IF_ERROR(AddRows(donor, present, wanted));
  GRAFT_RETURN_IF_ERROR(AwaitRest(donor));
  DataSize size;
  GRAFT_ASSIGN_OR_RETURN(size.rows, Number(donor, "SELECT COUNT(*) FROM bench.orders"));
  GRAFT_ASSIGN_OR_RETURN(size.bytes,
                         Number(donor,
                                "SELECT file_size FROM information_schema.innodb_tablespaces "
                                "WHERE name = 'bench/orders'"));
  return size;
}

absl::Status AddTransaction(MysqlSandbox& donor) {
  return donor.Sql(absl::StrCat(kInsert, "SELECT ", kFirstColumns)).status();
}

}  // namespace graft
