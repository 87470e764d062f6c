// A shard of real programs on 127.0.0.1, but for mysqlds that are told to live elsewhere: a
// topology (etcd, or a folder) with the cell zone1, tablets of the keyspace shop, each with its
// mysqld under graft-mysqld and its graftd, and graftctl.
//
// Not safe for several threads. Gone, with all its processes, when it is destroyed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"
#include "testing/etcd_server.h"
#include "testing/mysql_sandbox.h"
#include "testing/process.h"
#include "testing/shard_rows.h"
#include "testing/temp_folder.h"
#include "vitess/topodata.pb.h"

namespace graft {

struct CommandResult {
  int code = -1;  // -1: ended by a signal, or not in time
  std::string out;
  std::string err;
};

struct MiniTablet {
  std::string alias;  // "zone1-0000000100"
  int grpc_port = 0;
  std::string state_dir;
  std::string agent_log;
  std::unique_ptr<MysqlSandbox> mysql;
  std::unique_ptr<Process> agent;        // nullptr: not started, or stopped
  std::vector<std::string> agent_flags;  // of its last start

  // The first cell of what it answers; the error's text if it does not.
  std::string Value(absl::string_view sql) const;
  // How often this mysqld was told to CLONE in all its life, by its general log.
  int CloneStatements() const;
  // BEGIN_TIME of clone_status; "" if it never cloned.
  std::string CloneBeginTime() const;
};

class MiniShard {
 public:
  enum class Store { kEtcd, kFolder };

  // An empty topology with the cell zone1. NOT_FOUND: a program is missing; the text says which.
  static absl::StatusOr<std::unique_ptr<MiniShard>> Start(Store store);

  // Its mysqld runs, its agent does not. Aliases count up from zone1-0000000100.
  absl::StatusOr<MiniTablet*> AddTablet(bool clone_enabled = true);
  // The same with such a server; its passwords and its general log are the shard's.
  absl::StatusOr<MiniTablet*> AddTablet(MysqlSandboxOptions options);
  MiniTablet& tablet(int i) { return *tablets_[static_cast<size_t>(i)]; }
  // Two tablets and more, all agents up: the first is the primary and has the rows, the others
  // follow it.
  absl::Status AddReplicatedTablets(const std::vector<MysqlSandboxOptions>& servers,
                                    const RowsSize& rows);
  absl::Status AddReplicatedTablets(int count, int megabytes);
  absl::Status MakePrimary(MiniTablet& tablet);

  // With `flags` beside the usual ones, or in their stead. Start waits until the agent has
  // registered, answers, and has seen its mysqld; Launch does not wait.
  absl::Status LaunchAgent(MiniTablet& tablet, const std::vector<std::string>& flags = {});
  absl::Status StartAgent(MiniTablet& tablet, const std::vector<std::string>& flags = {});
  // SIGTERM. Its exit code, -1 for a signal.
  absl::StatusOr<int> StopAgent(MiniTablet& tablet, absl::Duration timeout = absl::Seconds(20));
  static void KillAgent(MiniTablet& tablet);

  // graftd's command line for this tablet; `flags` win over the usual ones of the same name.
  absl::StatusOr<std::vector<std::string>> AgentCommand(
      const MiniTablet& tablet, const std::vector<std::string>& flags) const;
  // Any program, with the topology's address in its environment. Spawn's writes to `log`.
  CommandResult Run(const std::vector<std::string>& argv,
                    absl::Duration timeout = absl::Minutes(2)) const;
  absl::StatusOr<std::unique_ptr<Process>> Spawn(const std::vector<std::string>& argv,
                                                 const std::string& log) const;
  CommandResult Graftctl(std::vector<std::string> args,
                         absl::Duration timeout = absl::Minutes(2)) const;

  // The tablet's record as it is now.
  absl::StatusOr<topodata::Tablet> Record(const MiniTablet& tablet) const;
  // The newest operation, asked of the agent itself, so that the topology may be away.
  absl::StatusOr<v1::Operation> NewestOperation(const MiniTablet& tablet) const;

  EtcdServer& etcd() { return *etcd_; }
  const std::string& folder() const { return folder_.path(); }
  const std::string& topo_address() const { return topo_address_; }

  static constexpr char kReplPassword[] = "repl-5ecret";
  static constexpr char kClonePassword[] = "clone-5ecret";

 private:
  MiniShard() = default;
  std::vector<std::string> TopoEnv() const;

  const TempFolder folder_{"shard"};
  std::unique_ptr<EtcdServer> etcd_;
  std::string topo_address_;
  std::vector<std::unique_ptr<MiniTablet>> tablets_;
};

// The last line of what graftctl printed with --json.
absl::StatusOr<v1::Operation> LastOperation(const std::string& json_lines);

}  // namespace graft
