// graft-mysqld's commands. init: a new tablet's directory, ready to clone from and into. run:
// mysqld's parent.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysqld/my_cnf.h"
#include "mysqld/mysqld_process.h"
#include "mysqld/tablet_dir.h"

namespace graft {

struct InitOptions {
  std::string mysqld;  // path of the program
  MyCnfOptions my_cnf;
  Accounts accounts;
};

// Fills `options.my_cnf.paths.dir`, which must be missing or empty. Whatever fails, even a SIGTERM
// or SIGINT from `signals` (which must hold SIGCHLD too), leaves the directory as it was found;
// what a killed init left behind is cleared away by the next one.
//
// FAILED_PRECONDITION: the directory is not empty, and is not touched. INVALID_ARGUMENT: see
// CheckMyCnfOptions and AccountSql. CANCELLED: interrupted. UNAVAILABLE: mysqld or the disk failed;
// the text has mysqld's own errors. No text holds a password.
absl::Status InitTablet(const InitOptions& options, SignalQueue& signals);

struct RunOptions {
  std::string mysqld;  // path of the program
  TabletPaths paths;
  RestartLimits limits;
  std::function<void(absl::string_view)> log;  // one line, without its end; never called after Run
};

// Runs mysqld on the directory until mysqld ends for good, and returns the exit code for this
// process. MYSQLD_PARENT_PID tells mysqld that it may ask for a restart. `signals` must hold
// SIGCHLD, SIGTERM, SIGINT and SIGHUP. SIGTERM and SIGINT stop mysqld, and Run waits for its end;
// Run passes SIGHUP on (mysqld then flushes its logs).
//
// FAILED_PRECONDITION: the directory is not initialised, another graft-mysqld or a mysqld works on
// it, or the port is taken. NOT_FOUND, UNAVAILABLE: mysqld cannot be started.
absl::StatusOr<int> RunMysqld(const RunOptions& options, SignalQueue& signals);

}  // namespace graft
