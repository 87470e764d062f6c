// The SQL texts of Survey() and ReadSessions(). Pure functions; how text is quoted: statements.h.
#ifndef GRAFT_MYSQL_SURVEY_STATEMENTS_H_
#define GRAFT_MYSQL_SURVEY_STATEMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

// Lists longer than this are cut; who reads so many names has seen enough.
inline constexpr int kLongestList = 1000;

// account: CURRENT_USER().
std::string CurrentAccountStatement();
std::string ConnectionIdStatement();  // id
// name, value; of those of `names` that the server has. They are ours, so nothing is checked.
std::string SurveyVariablesStatement(const std::vector<std::string>& names);
// name, type, library of the ACTIVE ones.
std::string ActivePluginsStatement();
// name of those that INSTALL PLUGIN has made.
std::string InstalledPluginsStatement();
std::string CollationsStatement();
// Nothing before 8.0.21, where the redo log cannot be switched off.
std::string RedoLogStatement();
// count of the active ones. From 8.0.24 on.
std::string KeyringComponentsStatement();
// count: 1 if this server is in a group.
std::string GroupMemberStatement();

// space, path of what lies outside of the data directory, but for undo: CLONE puts that where the
// recipient's innodb_undo_directory is.
std::string OutsideFilesStatement();
// bytes, dropped_bytes of all tablespaces but the system's and the temporary one, which CLONE does
// not copy. `outside`: the spaces that are not in the data directory.
std::string TablespaceSizesStatement(const std::vector<int64_t>& outside);
// bytes of the system tablespace, which is not among the others.
std::string SystemTablespaceStatement();
std::string EncryptedTablespacesStatement();

// schema, name, engine; temporary tables are not among them.
std::string NonInnodbTablesStatement();
// host, plugin, fingerprint.
std::string AccountsStatement(absl::string_view user);

// taken: 1, or 0 if another connection has the agent's lock and kept it for `wait`.
std::string TakeServerLockStatement(absl::Duration wait);
// id of this connection, holder: that of the one that has the lock, or NULL.
std::string ServerLockHolderStatement();
// program, pid, host, pid_namespace, since: as the connection told them; NULL where it did not.
std::string HoldingAttributesStatement(int64_t connection_id);
// No idle timeout of the server's ends this connection.
std::string KeepSessionStatement();

// SHOW PROCESSLIST cuts statements at 100 characters, and shows all sessions to PROCESS only.
std::string ProcesslistStatement();
// id of the sessions with an InnoDB transaction.
std::string TransactionsStatement();
// id of idle sessions that hold metadata locks: between statements that is a transaction, or LOCK
// TABLES, FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP.
std::string HeldLocksStatement();
// waiter, wanted, holder, held: a pending lock and a granted one on the same object. Whether the
// two conflict, LocksConflict() says.
std::string LockWaitsStatement();

}  // namespace graft

#endif  // GRAFT_MYSQL_SURVEY_STATEMENTS_H_
