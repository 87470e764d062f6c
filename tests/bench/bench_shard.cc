#include "bench/bench_shard.h"

#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "base/files.h"
#include "graft/clock.h"
#include "testing/eventually.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {
namespace {

constexpr char kClonePassword[] = "bench-clone";
constexpr char kReplPassword[] = "bench-repl";

// MySQL's own defaults again, over the sandbox's, but for the buffer pool.
constexpr char kAsByDefault[] =
    "loose_innodb_redo_log_capacity=100M\n"
    "innodb_flush_log_at_trx_commit=1\n"
    "sync_binlog=1\n"
    "innodb_buffer_pool_size=";

absl::StatusOr<std::unique_ptr<MysqlSandbox>> StartMysql(const std::string& buffer_pool,
                                                         bool writable) {
  MysqlSandboxOptions options;
  options.writable = writable;
  options.extra_my_cnf = kAsByDefault + buffer_pool;
  options.clone_password = kClonePassword;
  options.repl_password = kReplPassword;
  return MysqlSandbox::Start(options);
}

absl::string_view Tail(absl::string_view text) {
  constexpr size_t kTailBytes = 3000;
  return text.size() <= kTailBytes ? text : text.substr(text.size() - kTailBytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchShard>> BenchShard::Start(const std::string& buffer_pool) {
  auto shard = absl::WrapUnique(new BenchShard());
  GRAFT_RETURN_IF_ERROR(shard->StartAll(buffer_pool));
  return shard;
}

BenchShard::BenchShard()
    : clock_(MakeRealClock()), folder_("bench", TempFolder::OnFailure::kRemove) {
  donor_.alias = {kCell, 100};
  recipient_.alias = {kCell, 101};
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

absl::Status BenchShard::StartAll(const std::string& buffer_pool) {
  GRAFT_RETURN_IF_ERROR(WriteFile(folder_.path() + "/clone.password", kClonePassword));
  GRAFT_RETURN_IF_ERROR(WriteFile(folder_.path() + "/repl.password", kReplPassword));
  GRAFT_ASSIGN_OR_RETURN(etcd_, EtcdServer::Start());
  TopoOptions topo;
  topo.implementation = kTopoEtcd;
  topo.global_server_address = etcd_->endpoint();
  GRAFT_ASSIGN_OR_RETURN(topo_, OpenTopology(*clock_, topo));
  GRAFT_RETURN_IF_ERROR(topology().AddCell({kCell, etcd_->endpoint(), "/vitess/zone1"}));
  GRAFT_ASSIGN_OR_RETURN(donor_.mysql, StartMysql(buffer_pool, /*writable=*/true));
  GRAFT_ASSIGN_OR_RETURN(recipient_.mysql, StartMysql(buffer_pool, /*writable=*/false));
  for (BenchTablet* tablet : {&donor_, &recipient_}) {
    GRAFT_RETURN_IF_ERROR(LaunchAgent(*tablet));
    GRAFT_RETURN_IF_ERROR(AwaitAddress(*tablet));
  }
  return topology().SetPrimary(kKeyspace, kShard, donor_.alias);
}

absl::Status BenchShard::LaunchAgent(BenchTablet& tablet) {
  GRAFT_ASSIGN_OR_RETURN(const std::string program, OurProgram("graftd"));
  tablet.grpc_port = FreePort();
  ProcessOptions options;
  options.log_file = LogOf(tablet);
  const std::string& dir = folder_.path();
  GRAFT_ASSIGN_OR_RETURN(tablet.agent, Process::Start({program,
                                                       "--tablet-path",
                                                       tablet.alias.ToString(),
                                                       "--tablet-hostname",
                                                       "127.0.0.1",
                                                       "--bind-address",
                                                       "127.0.0.1",
                                                       "--grpc-port",
                                                       absl::StrCat(tablet.grpc_port),
                                                       "--init-keyspace",
                                                       kKeyspace,
                                                       "--init-shard",
                                                       kShard,
                                                       "--db-socket",
                                                       tablet.mysql->socket(),
                                                       "--state-dir",
                                                       dir + "/state-" + tablet.alias.ToString(),
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
  return absl::OkStatus();
}

absl::Status BenchShard::StopAgent() {
  recipient_.agent->Kill(SIGTERM);
  return recipient_.agent->Wait(absl::Seconds(30)).status();
}

absl::StatusOr<absl::Duration> BenchShard::StartAgent() {
  GRAFT_ASSIGN_OR_RETURN(const std::string before, ReadFile(LogOf(recipient_)));
  const absl::Time begin = clock_->Now();
  GRAFT_RETURN_IF_ERROR(LaunchAgent(recipient_));
  Cancellation never;
  while (clock_->Now() < begin + absl::Minutes(2)) {
    GRAFT_ASSIGN_OR_RETURN(const std::string log, ReadFile(LogOf(recipient_)));
    if (absl::StrContains(log.substr(before.size()), "tablet registered")) {
      return clock_->Now() - begin;
    }
    never.WaitFor(*clock_, absl::Milliseconds(1));
  }
  return absl::DeadlineExceededError("the agent does not register:\n" + Logs());
}

absl::Status BenchShard::AwaitAddress(const BenchTablet& tablet) {
  const bool seen = Eventually(absl::Seconds(30), [&] {
    const auto record = topology().GetTablet(tablet.alias);
    return record.ok() && record->mysql.port == tablet.mysql->port();
  });
  if (seen) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the agent of ", tablet.alias.ToString(),
                                             " does not register its server:\n", Logs()));
}

std::string BenchShard::LogOf(const BenchTablet& tablet) const {
  return absl::StrCat(folder_.path(), "/graftd-", tablet.alias.ToString(), ".log");
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
