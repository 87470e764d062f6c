// Two real servers, a donor and a recipient, each with its agent, and a real etcd: what is
// measured.
//
// For one thread. All of it, files included, is gone when it is destroyed.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/secret.h"
#include "graft/tablet.h"
#include "testing/etcd_server.h"
#include "testing/mysql_sandbox.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "topo_open/topo_open.h"

namespace graft {

class BenchShard {
 public:
  static constexpr char kCell[] = "zone1";
  static constexpr char kKeyspace[] = "bench";
  static constexpr char kShard[] = "0";

  // The donor is the shard's primary; both agents have seen their servers. `buffer_pool` is what
  // my.cnf says of both servers: "128M" is MySQL's own default.
  static absl::StatusOr<std::unique_ptr<BenchShard>> Start(const std::string& buffer_pool = "128M");

  // The recipient's. Start: how long it took to register.
  absl::Status StopAgent();
  absl::StatusOr<absl::Duration> StartAgent();

  MysqlSandbox& donor() { return *donor_.mysql; }
  MysqlSandbox& recipient() { return *recipient_.mysql; }
  Process& agent() { return *recipient_.agent; }  // the recipient's
  std::string agent_address() const;              // its gRPC API's
  const TabletAlias& agent_alias() const { return recipient_.alias; }
  VitessTopology& topology() { return *topo_.topology; }
  Secret clone_password() const;
  Secret repl_password() const;

  // The last words of the agents and of graft-mysqld, for when something failed.
  std::string Logs() const;

 private:
  struct BenchTablet {
    TabletAlias alias;
    int grpc_port = 0;
    std::unique_ptr<MysqlSandbox> mysql;
    std::unique_ptr<Process> agent;  // ends before its server
  };

  BenchShard();
  absl::Status StartAll(const std::string& buffer_pool);
  absl::Status LaunchAgent(BenchTablet& tablet);
  absl::Status AwaitAddress(const BenchTablet& tablet);
  std::string LogOf(const BenchTablet& tablet) const;

  const std::unique_ptr<Clock> clock_;
  TempFolder folder_;
  std::unique_ptr<EtcdServer> etcd_;
  OpenedTopology topo_;
  BenchTablet donor_;
  BenchTablet recipient_;
};

}  // namespace graft
