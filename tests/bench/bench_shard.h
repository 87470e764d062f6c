// Two real servers, a donor and a recipient, each with its agent, and a real etcd: what is
// measured.
//
// For one thread. All of it, files included, is gone when it is destroyed.
#ifndef GRAFT_BENCH_BENCH_SHARD_H_
#define GRAFT_BENCH_BENCH_SHARD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/secret.h"
#include "testing/etcd_server.h"
#include "testing/mysql_sandbox.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

class BenchShard {
 public:
  // The donor is the shard's primary; both agents have seen their servers.
  static absl::StatusOr<std::unique_ptr<BenchShard>> Start();

  // Fills the donor with one table of about so many bytes, not logged, and waits until its pages
  // are on disk. Returns what the table takes there.
  absl::StatusOr<int64_t> Load(int64_t bytes);

  MysqlSandbox& donor() { return *donor_.mysql; }
  MysqlSandbox& recipient() { return *recipient_.mysql; }
  Process& agent() { return *recipient_.agent; }  // the recipient's
  std::string agent_address() const;              // its gRPC API's
  Secret clone_password() const;
  Secret repl_password() const;

  // The last words of the agents and of graft-mysqld, for when something failed.
  std::string Logs() const;

 private:
  struct BenchTablet {
    std::string alias;
    int grpc_port = 0;
    std::unique_ptr<MysqlSandbox> mysql;
    std::unique_ptr<Process> agent;  // ends before its server
  };

  BenchShard();
  absl::Status StartAll();
  absl::Status StartTablet(BenchTablet& tablet);
  absl::Status AwaitAddress(const BenchTablet& tablet);
  absl::StatusOr<std::string> Graftctl(std::vector<std::string> arguments);
  std::string LogOf(const BenchTablet& tablet) const;

  TempFolder folder_;
  std::unique_ptr<EtcdServer> etcd_;
  BenchTablet donor_;
  BenchTablet recipient_;
};

}  // namespace graft

#endif  // GRAFT_BENCH_BENCH_SHARD_H_
