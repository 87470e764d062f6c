#include "testing/mini_shard.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "mysqld/tablet_dir.h"
#include "testing/eventually.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {
namespace {

constexpr absl::Duration kAgentStartTimeout = absl::Seconds(30);

// Beside the data directory, where CLONE does not reach.
constexpr char kGeneralLog[] = "general_log=ON\ngeneral_log_file=../general.log\n";

template <typename Message>
absl::StatusOr<Message> ParseJson(const std::string& json) {
  Message message;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (parsed.ok()) return message;
  return absl::DataLossError(absl::StrCat(parsed.ToString(), ": ", json));
}

}  // namespace

std::string MiniTablet::Value(absl::string_view sql) const {
  const absl::StatusOr<std::string> value = mysql->SqlValue(sql);
  return value.ok() ? *value : value.status().ToString();
}

int MiniTablet::CloneStatements() const {
  const absl::StatusOr<std::string> log = ReadFile(mysql->paths().dir + "/general.log");
  if (!log.ok()) return -1;
  const std::vector<std::string> parts = absl::StrSplit(*log, "\tCLONE INSTANCE FROM");
  return static_cast<int>(parts.size()) - 1;
}

std::string MiniTablet::CloneBeginTime() const {
  return Value("SELECT begin_time FROM performance_schema.clone_status");
}

absl::StatusOr<std::unique_ptr<MiniShard>> MiniShard::Start(Store store) {
  auto shard = absl::WrapUnique(new MiniShard());
  GRAFT_RETURN_IF_ERROR(WriteFile(shard->folder() + "/repl.password", kReplPassword));
  GRAFT_RETURN_IF_ERROR(WriteFile(shard->folder() + "/clone.password", kClonePassword));
  if (store == Store::kEtcd) {
    GRAFT_ASSIGN_OR_RETURN(shard->etcd_, EtcdServer::Start());
    shard->topo_address_ = shard->etcd_->endpoint();
  } else {
    shard->topo_address_ = shard->folder() + "/topo";
  }
  const CommandResult added = shard->Graftctl({"topo", "add-cell", "zone1"});
  if (added.code != 0) return absl::UnavailableError(absl::StrCat("add-cell: ", added.err));
  return shard;
}

absl::StatusOr<MiniTablet*> MiniShard::AddTablet(bool clone_enabled) {
  MysqlSandboxOptions options;
  options.clone_enabled = clone_enabled;
  return AddTablet(std::move(options));
}

absl::StatusOr<MiniTablet*> MiniShard::AddTablet(MysqlSandboxOptions options) {
  auto tablet = std::make_unique<MiniTablet>();
  tablet->alias = absl::StrFormat("zone1-%010d", 100 + tablets_.size());
  tablet->grpc_port = FreePort();
  tablet->state_dir = absl::StrCat(folder(), "/state-", tablet->alias);
  tablet->agent_log = absl::StrCat(folder(), "/graftd-", tablet->alias, ".log");
  options.repl_password = kReplPassword;
  options.clone_password = options.clone_enabled ? kClonePassword : "";
  options.extra_my_cnf += kGeneralLog;
  GRAFT_ASSIGN_OR_RETURN(tablet->mysql, MysqlSandbox::Start(options));
  tablets_.push_back(std::move(tablet));
  return tablets_.back().get();
}

absl::Status MiniShard::AddReplicatedTablets(int count, int megabytes) {
  const MysqlSandboxOptions usual;
  RowsSize rows;
  rows.megabytes = megabytes;
  return AddReplicatedTablets(std::vector<MysqlSandboxOptions>(static_cast<size_t>(count), usual),
                              rows);
}

absl::Status MiniShard::AddReplicatedTablets(const std::vector<MysqlSandboxOptions>& servers,
                                             const RowsSize& rows) {
  for (const MysqlSandboxOptions& server : servers) {
    GRAFT_ASSIGN_OR_RETURN(MiniTablet * tablet, AddTablet(server));
    GRAFT_RETURN_IF_ERROR(StartAgent(*tablet));
    if (tablet != tablets_[0].get()) {
      GRAFT_RETURN_IF_ERROR(Follow(*tablet->mysql, *tablets_[0]->mysql, kReplPassword));
      continue;
    }
    GRAFT_RETURN_IF_ERROR(MakePrimary(*tablet));
    GRAFT_RETURN_IF_ERROR(LoadRows(*tablet->mysql, rows));
  }
  for (const auto& tablet : tablets_) {
    if (tablet == tablets_[0]) continue;
    GRAFT_RETURN_IF_ERROR(AwaitCaughtUp(*tablet->mysql, *tablets_[0]->mysql));
  }
  return absl::OkStatus();
}

absl::Status MiniShard::MakePrimary(MiniTablet& tablet) {
  const CommandResult set = Graftctl({"topo", "set-primary", "shop/0", tablet.alias});
  if (set.code != 0) return absl::UnavailableError(absl::StrCat("set-primary: ", set.err));
  return tablet.mysql->MakeWritable();
}

std::vector<std::string> MiniShard::TopoEnv() const {
  return {absl::StrCat("GRAFT_TOPO_IMPLEMENTATION=", etcd_ == nullptr ? "folder" : "etcd2"),
          "GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=" + topo_address_,
          "GRAFT_TOPO_GLOBAL_ROOT=/vitess/global", "ETCDCTL_API=3",
          "ETCDCTL_ENDPOINTS=" + topo_address_};
}

absl::StatusOr<std::vector<std::string>> MiniShard::AgentCommand(
    const MiniTablet& tablet, const std::vector<std::string>& flags) const {
  GRAFT_ASSIGN_OR_RETURN(const std::string program, OurProgram("graftd"));
  const std::vector<std::pair<std::string, std::string>> usual = {
      {"--tablet-path", tablet.alias},
      {"--tablet-hostname", tablet.mysql->address().host},
      {"--bind-address", "127.0.0.1"},
      {"--grpc-port", absl::StrCat(tablet.grpc_port)},
      {"--init-keyspace", "shop"},
      {"--init-shard", "0"},
      {"--db-socket", tablet.mysql->socket()},
      {"--state-dir", tablet.state_dir},
      {"--db-repl-password-file", folder() + "/repl.password"},
      {"--db-clone-password-file", folder() + "/clone.password"}};
  std::vector<std::string> argv = {program};
  for (const auto& [name, value] : usual) {
    if (std::find(flags.begin(), flags.end(), name) == flags.end()) {
      argv.insert(argv.end(), {name, value});
    }
  }
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

absl::StatusOr<std::unique_ptr<Process>> MiniShard::Spawn(const std::vector<std::string>& argv,
                                                          const std::string& log) const {
  ProcessOptions options;
  options.env = TopoEnv();
  options.log_file = log;
  return Process::Start(argv, options);
}

absl::Status MiniShard::LaunchAgent(MiniTablet& tablet, const std::vector<std::string>& flags) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> argv, AgentCommand(tablet, flags));
  tablet.agent_flags = flags;
  GRAFT_ASSIGN_OR_RETURN(tablet.agent, Spawn(argv, tablet.agent_log));
  return absl::OkStatus();
}

absl::Status MiniShard::StartAgent(MiniTablet& tablet, const std::vector<std::string>& flags) {
  GRAFT_RETURN_IF_ERROR(LaunchAgent(tablet, flags));
  bool is_up = false;
  Eventually(kAgentStartTimeout, [&] {
    const auto record = Record(tablet);
    const CommandResult status = Graftctl({"status", tablet.alias, "--json", "--server",
                                           absl::StrCat("127.0.0.1:", tablet.grpc_port)});
    is_up = record.ok() && record->mysql_port() == tablet.mysql->port() && status.code == 0 &&
            absl::StrContains(status.out, "\"mysqlReachable\":true");
    return is_up || !tablet.agent->running();
  });
  if (is_up) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the agent of ", tablet.alias,
                                             " did not come up; see ", tablet.agent_log, ": ",
                                             ReadFile(tablet.agent_log).value_or("")));
}

absl::StatusOr<int> MiniShard::StopAgent(MiniTablet& tablet, absl::Duration timeout) {
  tablet.agent->Kill(SIGTERM);
  GRAFT_ASSIGN_OR_RETURN(const ExitStatus status, tablet.agent->Wait(timeout));
  tablet.agent.reset();
  return status.signal == 0 ? status.code : -1;
}

void MiniShard::KillAgent(MiniTablet& tablet) {
  tablet.agent.reset();
}

CommandResult MiniShard::Run(const std::vector<std::string>& argv, absl::Duration timeout) const {
  const TempFolder files("run", TempFolder::OnFailure::kRemove);
  ProcessOptions options;
  options.env = TopoEnv();
  options.stdout_file = files.path() + "/out";
  options.log_file = files.path() + "/err";
  const absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(argv, options);
  if (!process.ok()) return {-1, "", process.status().ToString()};
  const absl::StatusOr<ExitStatus> status = (*process)->Wait(timeout);
  CommandResult result;
  result.out = ReadFile(options.stdout_file).value_or("");
  result.err = ReadFile(options.log_file).value_or("");
  if (!status.ok()) {
    absl::StrAppend(&result.err, "\nnot ended: ", status.status().ToString());
  } else if (status->signal == 0) {
    result.code = status->code;
  }
  return result;
}

CommandResult MiniShard::Graftctl(std::vector<std::string> args, absl::Duration timeout) const {
  const absl::StatusOr<std::string> program = OurProgram("graftctl");
  if (!program.ok()) return {-1, "", program.status().ToString()};
  args.insert(args.begin(), *program);
  return Run(args, timeout);
}

absl::StatusOr<topodata::Tablet> MiniShard::Record(const MiniTablet& tablet) const {
  const CommandResult tablets = Graftctl({"tablets", "--no-ask", "--json"});
  if (tablets.code != 0) return absl::UnavailableError(tablets.err);
  for (const absl::string_view line : absl::StrSplit(tablets.out, '\n', absl::SkipEmpty())) {
    GRAFT_ASSIGN_OR_RETURN(topodata::Tablet record, ParseJson<topodata::Tablet>(std::string(line)));
    if (absl::StrFormat("%s-%010d", record.alias().cell(), record.alias().uid()) == tablet.alias) {
      return record;
    }
  }
  return absl::NotFoundError(absl::StrCat("no record of ", tablet.alias));
}

absl::StatusOr<v1::Operation> MiniShard::NewestOperation(const MiniTablet& tablet) const {
  const CommandResult listed = Graftctl({"operations", tablet.alias, "--server",
                                         absl::StrCat("127.0.0.1:", tablet.grpc_port), "--json"});
  if (listed.code != 0) return absl::UnavailableError(listed.err);
  if (listed.out.empty()) return absl::NotFoundError("no operation yet");
  return LastOperation(listed.out.substr(0, listed.out.find('\n')));
}

absl::StatusOr<v1::Operation> LastOperation(const std::string& json_lines) {
  const std::string text(absl::StripAsciiWhitespace(json_lines));
  const size_t newline = text.rfind('\n');
  return ParseJson<v1::Operation>(newline == std::string::npos ? text : text.substr(newline + 1));
}

}  // namespace graft
