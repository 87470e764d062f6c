// The text of a tablet's my.cnf, and reading an option back from one. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/server_version.h"
#include "graft/secret.h"
#include "mysqld/tablet_dir.h"

namespace graft {

struct MyCnfOptions {
  TabletPaths paths;
  ServerVersion version;  // of the mysqld that will read it: some names differ
  int mysql_port = 3306;
  std::string socket;        // empty: <dir>/mysql.sock
  uint32_t server_id = 0;    // 1 to 4294967295
  std::string report_host;   // empty: not set
  std::string bind_address;  // empty: mysqld's own default, every address
  bool clone_enabled = false;
  bool run_as_root = false;         // mysqld refuses to run as root unless told to
  std::vector<std::string> extras;  // texts of --extra-my-cnf files; they come last and so win
};

// INVALID_ARGUMENT: a number out of range, a socket path that is too long for the system, a value
// that cannot be written on one line.
absl::Status CheckMyCnfOptions(const MyCnfOptions& options);

// No control character; UTF-8 is fine.
bool IsPrintableLine(absl::string_view text);

// For options that passed CheckMyCnfOptions.
std::string MyCnfText(const MyCnfOptions& options);

// The value mysqld would take for `name` from the [mysqld] group: the last one wins, "-" and "_"
// are the same, quotes are taken off. nullopt: not set. !include is not followed.
std::optional<std::string> FindMyCnfValue(absl::string_view text, absl::string_view name);

// The SQL that makes a new tablet's accounts. Pure.
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
