// A real mysqld under a real graft-mysqld, on 127.0.0.1 or in a network of the test's own, in a
// folder of its own.
//
// Not safe for several threads, but several sandboxes may be started at once from several. Gone,
// with its processes, when it is destroyed.
#pragma once

#include <signal.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/tablet.h"
#include "mysqld/tablet_dir.h"
#include "testing/mysql_client.h"
#include "testing/process.h"
#include "testing/small_disk.h"
#include "testing/temp_folder.h"

namespace graft {

struct MysqlSandboxOptions {
  uint32_t server_id = 0;  // 0: the port's number
  bool clone_enabled = true;
  // Servers come up read-only, as tablets do; true makes this one writable after the first start.
  bool writable = false;
  std::string extra_my_cnf;            // lines of the [mysqld] group; they win
  std::string dba_password;            // vt_dba@localhost, over the socket
  std::string repl_password;           // vt_repl@%
  std::string clone_password;          // vt_clone@%
  bool start = true;                   // false: only initialised
  std::string host = "127.0.0.1";      // it listens there and nowhere else
  std::string network_namespace;       // it runs in this one; empty: in the test's
  int disk_megabytes = 0;              // of a disk for its data alone; 0: the test's disk
  std::vector<std::string> run_flags;  // of graft-mysqld run
};

class MysqlSandbox {
 public:
  // Initialised once per program and set of options, copied after that; answers SQL when it
  // returns. NOT_FOUND: no mysqld or no graft-mysqld; the text says what to run.
  static absl::StatusOr<std::unique_ptr<MysqlSandbox>> Start(const MysqlSandboxOptions& options);
  ~MysqlSandbox();

  HostPort address() const { return {options_.host, port_}; }
  int port() const { return port_; }
  const TabletPaths& paths() const { return paths_; }
  std::string socket() const { return paths_.socket(); }
  const std::string& mysql_home() const { return mysql_home_; }
  // The output of graft-mysqld, and of mysqld until it opens its log, paths().error_log().
  std::string parent_log() const { return folder_.path() + "/graft-mysqld.log"; }

  // As root over the socket.
  absl::StatusOr<SqlRows> Sql(absl::string_view sql, absl::Duration timeout = absl::Seconds(60));
  // The first cell of the first row; "" if there is none.
  absl::StatusOr<std::string> SqlValue(absl::string_view sql);
  absl::Status MakeWritable();

  // nullopt: no mysqld works on the directory now.
  std::optional<pid_t> mysqld_pid() const;
  void KillMysqld(int signal = SIGKILL);

  // graft-mysqld; nullptr before StartParent.
  Process* parent() { return parent_.get(); }
  // Starts graft-mysqld (again) without waiting for mysqld.
  absl::Status StartParent();
  // SIGKILL; mysqld goes on.
  void KillParent();
  // mysqld without a parent, so that nobody starts it again; instead of graft-mysqld.
  absl::StatusOr<std::unique_ptr<Process>> StartBareMysqld(
      const std::vector<std::string>& arguments = {});
  // SIGTERM to graft-mysqld, and waits for both. UNAVAILABLE: it did not exit with 0.
  absl::Status Stop();

  // Until SQL is answered. UNAVAILABLE: not in time, or graft-mysqld has ended.
  absl::Status AwaitReady(absl::Duration timeout = absl::Seconds(60));
  // The same, by another process than `old_pid`.
  absl::Status AwaitRestart(pid_t old_pid, absl::Duration timeout = absl::Seconds(60));

 private:
  MysqlSandbox(MysqlSandboxOptions options, std::string mysql_home);
  absl::Status Fill();

  TempFolder folder_;
  std::unique_ptr<SmallDisk> disk_;  // in the folder
  const MysqlSandboxOptions options_;
  const std::string mysql_home_;
  const TabletPaths paths_;
  const int port_;
  std::unique_ptr<Process> parent_;
};

}  // namespace graft
