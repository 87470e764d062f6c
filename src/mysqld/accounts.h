// The SQL that makes a new tablet's accounts. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/secret.h"

namespace graft {

struct Account {
  std::string user;
  Secret password;  // empty: none is asked for
};

struct Accounts {
  Account dba{"vt_dba", {}};    // @localhost: everything, over the socket
  Account repl{"vt_repl", {}};  // @%: REPLICATION SLAVE
  // @%: BACKUP_ADMIN and CLONE_ADMIN, as Vitess's own accounts have, and the privileges that
  // preflight needs to read.
  Account clone{"vt_clone", {}};
  bool clone_enabled = false;  // else no clone account is made
};

// `text` as a literal in single quotes, for a session without NO_BACKSLASH_ESCAPES.
std::string SqlLiteral(absl::string_view text);

// One statement a line, as mysqld's --init-file wants it; leaves nothing in the binary log.
// INVALID_ARGUMENT: a name or a password that does not fit; the text names the account, never the
// password.
absl::StatusOr<std::string> AccountSql(const Accounts& accounts);

}  // namespace graft
