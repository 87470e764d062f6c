#include "bench/dump_ways.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "bench/sql.h"
#include "mysql/statements.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kSlack = absl::Minutes(1);  // beyond the limit
constexpr char kThreads[] = "4";
constexpr char kRowsPerFile[] = "500000";

absl::Status RunAll(Session& session, const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) GRAFT_RETURN_IF_ERROR(session.Execute(sql, sql));
  return absl::OkStatus();
}

// As CLONE's DROP DATA does: what was there is gone, its history included.
absl::Status EmptyRecipient(Session& recipient) {
  const ServerVersion& version = recipient.version();
  return RunAll(
      recipient,
      {ReplicaStatement(version, "STOP REPLICA"), ReplicaStatement(version, "RESET REPLICA ALL"),
       "SET GLOBAL super_read_only = OFF", "SET SESSION sql_log_bin = 0",
       "DROP DATABASE IF EXISTS bench", "SET SESSION sql_log_bin = 1",
       version.AtLeast(8, 2, 0) ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
       "SET GLOBAL innodb_flush_log_at_trx_commit = 2"});
}

struct Dump {
  BenchShard& shard;
  Session& donor;
  Session& recipient;
  PartTimer& timer;
  Clock& clock;
  absl::Time deadline;
};

// At the dump's deadline timeout(1) ends the program and its children.
absl::Status RunInTime(const Dump& dump, std::vector<std::string> argv) {
  const absl::Duration left = std::max(dump.deadline - dump.clock.Now(), absl::Seconds(1));
  argv.insert(argv.begin(), {"timeout", absl::StrCat(absl::ToDoubleSeconds(left))});
  return RunAndRead(argv, {}, left + kSlack).status();
}

absl::StatusOr<Rebuild> RebuildByDump(Clock& clock, BenchShard& shard, absl::Duration limit,
                                      const std::function<absl::Status(const Dump&)>& carry) {
  GRAFT_ASSIGN_OR_RETURN(const auto donor, Connect(clock, shard.donor()));
  GRAFT_ASSIGN_OR_RETURN(const auto recipient,
                         Connect(clock, shard.recipient(), absl::InfiniteDuration()));
  PartTimer timer(clock);
  GRAFT_RETURN_IF_ERROR(EmptyRecipient(*recipient));
  timer.End("empty");
  const absl::Time deadline = clock.Now() + limit;
  const absl::Status carried = carry({shard, *donor, *recipient, timer, clock, deadline});
  GRAFT_RETURN_IF_ERROR(RunAll(*recipient, {"SET GLOBAL innodb_flush_log_at_trx_commit = 1"}));
  if (!carried.ok() && clock.Now() >= deadline) {
    timer.End("given up");
    Rebuild rebuild = timer.Take();
    rebuild.given_up = true;
    return rebuild;
  }
  GRAFT_RETURN_IF_ERROR(carried);
  GRAFT_RETURN_IF_ERROR(FollowDonor(shard, *recipient));
  timer.End("replicate");
  GRAFT_RETURN_IF_ERROR(AwaitCaughtUp(clock, *donor, *recipient));
  timer.End("catch_up");
  return timer.Take();
}

absl::Status CheckProgram(const std::string& path) {
  if (fs::exists(path)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no ", path));
}

// The dump sets gtid_purged, and keeps its rows out of the binary log, by itself.
absl::Status PipeMysqldump(const Dump& dump) {
  const std::string bin = dump.shard.recipient().mysql_home() + "/bin/";
  GRAFT_RETURN_IF_ERROR(CheckProgram(bin + "mysqldump"));
  const std::string script =
      "set -o pipefail; \"$1/mysqldump\" --no-defaults --user=root --socket=\"$2\" "
      "--single-transaction --quick --set-gtid-purged=ON --databases bench 2>/dev/null | "
      "\"$1/mysql\" --no-defaults --user=root --socket=\"$3\" --max-allowed-packet=64M";
  GRAFT_RETURN_IF_ERROR(
      RunInTime(dump, {"bash", "-c", script, "bash", bin, dump.shard.donor().socket(),
                       dump.shard.recipient().socket()}));
  dump.timer.End("dump and load");
  return absl::OkStatus();
}

absl::Status RunMydumper(const Dump& dump) {
  const TempFolder folder("dump", TempFolder::OnFailure::kRemove);
  GRAFT_ASSIGN_OR_RETURN(const std::string executed,
                         Value(dump.donor, "SELECT @@GLOBAL.gtid_executed"));
  GRAFT_RETURN_IF_ERROR(
      RunInTime(dump, {"mydumper", "--user", "root", "--socket", dump.shard.donor().socket(),
                       "--database", "bench", "--outputdir", folder.path() + "/dump", "--threads",
                       kThreads, "--rows", kRowsPerFile, "--trx-consistency-only"}));
  dump.timer.End("dump");
  GRAFT_RETURN_IF_ERROR(
      RunInTime(dump, {"myloader", "--user", "root", "--socket", dump.shard.recipient().socket(),
                       "--directory", folder.path() + "/dump", "--threads", kThreads}));
  GRAFT_RETURN_IF_ERROR(
      RunAll(dump.recipient, {absl::StrCat("SET GLOBAL gtid_purged = '", executed, "'")}));
  dump.timer.End("load");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Rebuild> RebuildByMysqldump(Clock& clock, BenchShard& shard, absl::Duration limit) {
  return RebuildByDump(clock, shard, limit, PipeMysqldump);
}

absl::StatusOr<Rebuild> RebuildByMydumper(Clock& clock, BenchShard& shard, absl::Duration limit) {
  return RebuildByDump(clock, shard, limit, RunMydumper);
}

}  // namespace graft
