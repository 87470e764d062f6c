// graft-mysqld init: a new tablet's directory, ready to clone from and into.
#ifndef GRAFT_MYSQLD_INIT_H_
#define GRAFT_MYSQLD_INIT_H_

#include <string>

#include "absl/status/status.h"
#include "mysqld/accounts.h"
#include "mysqld/child.h"
#include "mysqld/my_cnf.h"

namespace graft {

struct InitOptions {
  std::string mysqld;  // path of the program
  MyCnfOptions my_cnf;
  Accounts accounts;
};

// Fills `options.my_cnf.paths.dir`, which must be missing or empty. A failure leaves the directory
// as it was found; so does a SIGTERM or SIGINT from `signals` (which must hold SIGCHLD too). The
// next init removes the files that a killed init left.
//
// FAILED_PRECONDITION: the directory is not empty, and is not touched. INVALID_ARGUMENT: see
// CheckMyCnfOptions and AccountSql. CANCELLED: interrupted. UNAVAILABLE: mysqld or the disk failed;
// the text has mysqld's own errors. No text holds a password.
absl::Status InitTablet(const InitOptions& options, SignalQueue& signals);

}  // namespace graft

#endif  // GRAFT_MYSQLD_INIT_H_
