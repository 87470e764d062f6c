#include "mysqld/my_cnf.h"

#include <sys/un.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"

namespace graft {
namespace {

std::string SocketOf(const MyCnfOptions& options) {
  return options.socket.empty() ? options.paths.socket() : options.socket;
}

// mysqld reads \\, \", \n and so on inside double quotes, and "#" starts no comment there.
std::string Quoted(absl::string_view value) {
  return absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string Unquoted(absl::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == value.back() &&
                      (value.front() == '"' || value.front() == '\'');
  if (!quoted) {
    value = value.substr(0, value.find('#'));
    return std::string(absl::StripTrailingAsciiWhitespace(value));
  }
  return absl::StrReplaceAll(value.substr(1, value.size() - 2), {{"\\\\", "\\"}, {"\\\"", "\""}});
}

std::string OptionName(absl::string_view name) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(name), {{"-", "_"}});
}

std::string ReplicationLines(const ServerVersion& version) {
  const bool new_names = version.AtLeast(8, 0, 26);
  return absl::StrCat("# A cloned replica's channels come along and would start by themselves.\n",
                      new_names ? "skip_replica_start" : "skip_slave_start", "=ON\n",
                      "relay_log=relay\n"
                      "relay_log_recovery=ON\n",
                      new_names ? "log_replica_updates" : "log_slave_updates", "=ON\n");
}

std::string CloneLines() {
  return "# In this file, since a clone replaces mysql.plugin, where INSTALL PLUGIN would note "
         "it.\n"
         "plugin_load_add=mysql_clone.so\n";
}

std::string NetworkLines(const MyCnfOptions& options) {
  std::string text = absl::StrCat("port=", options.mysql_port, "\n");
  if (!options.bind_address.empty()) {
    absl::StrAppend(&text, "bind_address=", Quoted(options.bind_address), "\n");
  }
  if (!options.report_host.empty()) {
    absl::StrAppend(&text, "report_host=", Quoted(options.report_host), "\n");
  }
  absl::StrAppend(&text, "report_port=", options.mysql_port, "\n",
                  "mysqlx=0\n"
                  "# Keeps root@localhost off TCP: 127.0.0.1 is then no localhost.\n"
                  "skip_name_resolve=ON\n");
  return text;
}

std::string FileLines(const MyCnfOptions& options) {
  const TabletPaths& paths = options.paths;
  return absl::StrCat("datadir=", Quoted(paths.data()), "\n",  //
                      "socket=", Quoted(SocketOf(options)), "\n",
                      "pid_file=", Quoted(paths.pid_file()), "\n",
                      "log_error=", Quoted(paths.error_log()), "\n",
                      "# Packaged builds name a folder that may not exist, and do not start then.\n"
                      "secure_file_priv=NULL\n");
}

constexpr size_t kLongestUser = 32;          // characters, in mysql.user
constexpr size_t kLongestPassword = 256;     // caching_sha2_password's own limit
constexpr size_t kLongestReplPassword = 32;  // of CHANGE REPLICATION SOURCE (3056)

absl::Status Check(const Account& account, size_t longest_password = kLongestPassword) {
  if (account.user.empty() || account.user.size() > kLongestUser ||
      !IsPrintableLine(account.user)) {
    return absl::InvalidArgumentError(absl::StrCat("account name '", account.user,
                                                   "' must have 1 to ", kLongestUser,
                                                   " printable characters"));
  }
  const std::string& password = account.password.Reveal();
  if (password.size() > longest_password || !IsPrintableLine(password)) {
    return absl::InvalidArgumentError(absl::StrCat("the password of ", account.user,
                                                   " must be one line of at most ",
                                                   longest_password, " printable characters"));
  }
  return absl::OkStatus();
}

void AppendAccount(const Account& account, absl::string_view host, absl::string_view grants,
                   absl::string_view tail, std::string* sql) {
  const std::string name = absl::StrCat(SqlLiteral(account.user), "@", SqlLiteral(host));
  absl::StrAppend(sql, "CREATE USER ", name, " IDENTIFIED BY ",
                  SqlLiteral(account.password.Reveal()), ";\n");
  absl::StrAppend(sql, "GRANT ", grants, " ON *.* TO ", name, tail, ";\n");
}

}  // namespace

bool IsPrintableLine(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status CheckMyCnfOptions(const MyCnfOptions& options) {
  if (options.mysql_port < 1 || options.mysql_port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mysql-port must be 1 to 65535, not ", options.mysql_port));
  }
  if (options.server_id == 0) {
    return absl::InvalidArgumentError("--server-id must be 1 to 4294967295");
  }
  const size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (SocketOf(options).size() > longest) {
    return absl::InvalidArgumentError(absl::StrCat("the socket's path is longer than the system's ",
                                                   longest, " characters: ", SocketOf(options),
                                                   "; give a shorter --socket or --data-dir"));
  }
  for (const std::string& value :
       {options.paths.dir, options.socket, options.report_host, options.bind_address}) {
    if (!IsPrintableLine(value)) {
      return absl::InvalidArgumentError(
          "--data-dir, --socket, --report-host and --bind-address must be printable, on one line");
    }
  }
  return absl::OkStatus();
}

std::string MyCnfText(const MyCnfOptions& options) {
  std::string text =
      absl::StrCat("# Written by graft-mysqld init.\n[mysqld]\nserver_id=", options.server_id, "\n",
                   FileLines(options), NetworkLines(options),
                   "gtid_mode=ON\n"
                   "enforce_gtid_consistency=ON\n"
                   "log_bin=binlog\n",
                   ReplicationLines(options.version),
                   "# Whoever promotes the tablet makes it writable; a restart takes that back.\n"
                   "super_read_only=ON\n");
  if (options.clone_enabled) text += CloneLines();
  if (options.run_as_root) text += "user=root\n";
  for (const std::string& extra : options.extras) {
    absl::StrAppend(&text, "\n", extra, absl::EndsWith(extra, "\n") ? "" : "\n");
  }
  return text;
}

std::optional<std::string> FindMyCnfValue(absl::string_view text, absl::string_view name) {
  std::optional<std::string> found;
  bool in_group = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "[")) in_group = line == "[mysqld]";
    if (!in_group || line.empty() || line[0] == '#' || line[0] == ';') continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (parts.size() == 2 && OptionName(parts[0]) == OptionName(name)) {
      found = Unquoted(absl::StripAsciiWhitespace(parts[1]));
    }
  }
  return found;
}

std::string SqlLiteral(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "''"}}), "'");
}

absl::StatusOr<std::string> AccountSql(const Accounts& accounts) {
  GRAFT_RETURN_IF_ERROR(Check(accounts.dba));
  GRAFT_RETURN_IF_ERROR(Check(accounts.repl, kLongestReplPassword));
  if (accounts.clone_enabled) GRAFT_RETURN_IF_ERROR(Check(accounts.clone));
  // A fixed sql_mode, so that an extra my.cnf cannot change the meaning of a literal.
  std::string sql =
      "SET SESSION sql_log_bin=0;\n"
      "SET SESSION sql_mode='';\n";
  AppendAccount(accounts.dba, "localhost", "ALL PRIVILEGES", " WITH GRANT OPTION", &sql);
  AppendAccount(accounts.repl, "%", "REPLICATION SLAVE", "", &sql);
  if (accounts.clone_enabled) {
    // The last three are for a recipient's preflight, which looks at this server through this
    // account. They reveal nothing new: an account that may clone a server may read all its data.
    AppendAccount(accounts.clone, "%",
                  "BACKUP_ADMIN, CLONE_ADMIN, PROCESS, REPLICATION CLIENT, SELECT", "", &sql);
  }
  return sql;
}

}  // namespace graft
