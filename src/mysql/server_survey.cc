#include "mysql/server_survey.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "mysql/replication.h"
#include "mysql/statements.h"
#include "mysql/survey_statements.h"
#include "mysql/tables.h"

namespace graft {
namespace {

// A server that has not opened its files yet opens each for its size.
constexpr int64_t kManyFiles = 1'000;
constexpr absl::Duration kForEachFile = absl::Milliseconds(3);

absl::StatusOr<RowSet> Grants(Session& session) {
  return session.Query(kGrantsStatement, "read the account's privileges");
}

absl::StatusOr<bool> KeyringActive(Session& session, const RowSet& plugins) {
  if (HasKeyringPlugin(plugins)) return true;
  if (!session.version().AtLeast(8, 0, 24)) return false;  // has no keyring components
  const auto rows = session.Query(kKeyringComponentsStatement, "read the keyring's status");
  if (absl::IsPermissionDenied(rows.status())) return false;  // not seen, so not relied on
  GRAFT_RETURN_IF_ERROR(rows.status());
  GRAFT_ASSIGN_OR_RETURN(const int64_t count, ReadCount(*rows));
  return count > 0;
}

absl::StatusOr<std::vector<ServerPlugin>> Plugins(Session& session, const RowSet& active) {
  auto installed = session.Query(kInstalledPluginsStatement, "read mysql.plugin");
  if (absl::IsPermissionDenied(installed.status())) installed = RowSet{};
  GRAFT_RETURN_IF_ERROR(installed.status());
  return ReadPlugins(active, *installed);
}

absl::StatusOr<std::optional<bool>> NamedTimeZones(Session& session) {
  const auto rows = session.Query(kTimeZonesStatement, "look for time zones");
  if (absl::IsPermissionDenied(rows.status())) return std::nullopt;
  GRAFT_RETURN_IF_ERROR(rows.status());
  GRAFT_ASSIGN_OR_RETURN(const int64_t count, ReadCount(*rows));
  return count > 0;
}

// The facts that every account may read.
absl::Status ReadBasics(Session& session, ServerSurvey* survey) {
  GRAFT_ASSIGN_OR_RETURN(survey->facts, ReadFacts(session));
  GRAFT_ASSIGN_OR_RETURN(const std::string account, CurrentAccount(session));
  std::tie(survey->account_user, survey->account_host) = SplitAccount(account);
  GRAFT_ASSIGN_OR_RETURN(
      const RowSet variables,
      session.Query(SurveyVariablesStatement(SurveyedVariables()), "read variables"));
  survey->variables = ReadSurveyVariables(variables);
  GRAFT_ASSIGN_OR_RETURN(const RowSet sources,
                         session.Query(kVariableSourcesStatement, "list the variables"));
  for (const Row& row : Rows(sources)) survey->sources[row.Text({"name"})] = row.Text({"source"});
  GRAFT_ASSIGN_OR_RETURN(survey->named_time_zones, NamedTimeZones(session));
  GRAFT_ASSIGN_OR_RETURN(const RowSet active,
                         session.Query(kActivePluginsStatement, "list the plugins"));
  GRAFT_ASSIGN_OR_RETURN(survey->plugins, Plugins(session, active));
  GRAFT_ASSIGN_OR_RETURN(const RowSet collations,
                         session.Query(kCollationsStatement, "list the collations"));
  const std::vector<std::string> names = ReadNames(collations);
  survey->collations = std::set<std::string>(names.begin(), names.end());
  GRAFT_ASSIGN_OR_RETURN(const RowSet redo,
                         session.Query(kRedoLogStatement, "read the redo log's status"));
  survey->redo_log_enabled = ReadRedoLogEnabled(redo);
  GRAFT_ASSIGN_OR_RETURN(survey->keyring_active, KeyringActive(session, active));
  return absl::OkStatus();
}

// Opens no file.
absl::StatusOr<std::map<std::string, int64_t>> FilesInFolders(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kFilesInFoldersStatement, "count the data files"));
  return ReadCounts(rows);
}

absl::StatusOr<bool> InGroup(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kGroupMemberStatement, "read the group's members"));
  GRAFT_ASSIGN_OR_RETURN(const int64_t count, ReadCount(rows));
  return count > 0;
}

absl::StatusOr<std::vector<ReplicationFilter>> Filters(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kFiltersStatement, "read the replication filters"));
  return ReadFilters(rows);
}

absl::StatusOr<TablespaceFacts> Tablespaces(Session& session) {
  constexpr char kDoing[] = "read the tablespaces";
  GRAFT_ASSIGN_OR_RETURN(const RowSet files, session.Query(kOutsideFilesStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(OutsideFiles outside, ReadOutsideFiles(files));
  GRAFT_ASSIGN_OR_RETURN(const RowSet sizes,
                         session.Query(TablespaceSizesStatement(outside.spaces), kDoing));
  GRAFT_ASSIGN_OR_RETURN(const RowSet system, session.Query(kSystemTablespaceStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(const RowSet encrypted,
                         session.Query(EncryptedTablespacesStatement(), kDoing));
  GRAFT_ASSIGN_OR_RETURN(const RowSet undo, session.Query(kUndoFilesStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(TablespaceFacts facts,
                         ReadTablespaces(sizes, system, encrypted, std::move(outside)));
  facts.undo = ReadNames(undo);
  return facts;
}

absl::StatusOr<std::vector<std::string>> NonInnodbTables(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const std::string account, CurrentAccount(session));
  GRAFT_ASSIGN_OR_RETURN(const RowSet grants, Grants(session));
  GRAFT_RETURN_IF_ERROR(CheckSeesAllTables(grants, account));
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(NonInnodbTablesStatement(), "list tables by engine"));
  return ReadNonInnodbTables(rows);
}

// nullopt: the server does not tell them.
absl::StatusOr<std::optional<std::set<std::string>>> GrantsOf(
    Session& session, const std::string& user, const std::string& host,
    const std::vector<std::string>& roles) {
  const auto rows = session.Query(GrantsOfStatement(user, host, roles), "read an account's grants");
  if (session.lost()) return rows.status();
  if (!rows.ok()) return std::nullopt;
  return ReadGrants(*rows);
}

absl::Status AddPrivileges(Session& session, const std::string& user, ServerAccount& account) {
  const auto roles = session.Query(RolesStatement(user, account.host), "read an account's roles");
  if (session.lost()) return roles.status();
  if (!roles.ok()) return absl::OkStatus();
  std::vector<std::string> by_default;
  std::vector<std::string> all;
  for (const Row& row : Rows(*roles)) {
    const std::string role =
        absl::StrCat(QuoteText(row.Text({"user"})), "@", QuoteText(row.Text({"host"})));
    all.push_back(role);
    if (row.Text({"by_default"}) == "1") by_default.push_back(role);
  }
  GRAFT_ASSIGN_OR_RETURN(account.privileges, GrantsOf(session, user, account.host, by_default));
  GRAFT_ASSIGN_OR_RETURN(account.with_all_roles, GrantsOf(session, user, account.host, all));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ServerAccount>> Accounts(Session& session, const std::string& user) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(AccountsStatement(user), "read mysql.user"));
  std::vector<ServerAccount> accounts = ReadAccounts(rows);
  for (ServerAccount& account : accounts) {
    GRAFT_RETURN_IF_ERROR(AddPrivileges(session, user, account));
  }
  return accounts;
}

// If the server cannot be reached, the survey fails. If the server refuses or does not know a
// query, that is the part's answer.
template <typename T>
absl::Status ReadPart(const WithSession& with_session,
                      const std::function<absl::StatusOr<T>(Session&)>& read,
                      absl::StatusOr<T>* part) {
  const absl::Status status = with_session([&](Session& session) -> absl::Status {
    *part = read(session);
    return part->status();
  });
  if (absl::IsUnavailable(status) || absl::IsUnauthenticated(status)) return status;
  if (!status.ok()) *part = status;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CurrentAccount(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session.Query(kCurrentAccountStatement, "read the account's name"));
  const std::vector<std::string> names = ReadNames(rows);
  if (names.empty()) return absl::InternalError("MySQL told no CURRENT_USER()");
  return names[0];
}

absl::StatusOr<ServerFacts> ReadFacts(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet row,
                         session.Query(kDescribeStatement, "read the server's variables"));
  GRAFT_ASSIGN_OR_RETURN(const RowSet uptime,
                         session.Query(kUptimeStatement, "read the server's uptime"));
  RowSet semi_sync;
  if (!row.rows.empty() && Row(row, 0).Text({"semi_sync_plugins"}) != "0") {
    GRAFT_ASSIGN_OR_RETURN(
        semi_sync,
        session.Query(kSemiSyncStatement, "read the semi-synchronous replication's status"));
  }
  auto main_thread = session.Query(kMainThreadStatement, "read the server's process");
  if (absl::IsPermissionDenied(main_thread.status())) main_thread = RowSet{};
  GRAFT_RETURN_IF_ERROR(main_thread.status());
  GRAFT_ASSIGN_OR_RETURN(const RowSet grants, Grants(session));
  GRAFT_ASSIGN_OR_RETURN(const RowSet schemas,
                         session.Query(kUserSchemasStatement, "list the schemas"));
  GRAFT_ASSIGN_OR_RETURN(ServerFacts facts,
                         ReadServerFacts(row, uptime, *main_thread, grants, schemas));
  facts.semi_sync = ReadSemiSync(semi_sync);
  return facts;
}

absl::StatusOr<std::vector<ServerSession>> ReadUserSessions(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const std::string account, CurrentAccount(session));
  GRAFT_ASSIGN_OR_RETURN(const RowSet grants, Grants(session));
  // Without it SHOW PROCESSLIST shows the account's own.
  GRAFT_RETURN_IF_ERROR(CheckPrivilege(ReadGrants(grants), "PROCESS", account, "the sessions"));
  constexpr char kDoing[] = "read the sessions";
  SessionRows rows;
  rows.own_id = session.id();
  GRAFT_ASSIGN_OR_RETURN(rows.processlist, session.Query(kProcesslistStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(rows.transactions, session.Query(kTransactionsStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(rows.held_locks, session.Query(kHeldLocksStatement, kDoing));
  GRAFT_ASSIGN_OR_RETURN(rows.lock_waits, session.Query(kLockWaitsStatement, kDoing));
  return ReadSessionRows(rows);
}

absl::StatusOr<ServerSurvey> TakeSurvey(const WithSession& with_session,
                                        const WithMoreTime& with_more_time,
                                        const std::string& agent_user) {
  ServerSurvey survey;
  using Counts = std::map<std::string, int64_t>;
  absl::StatusOr<Counts> files_in = Counts();
  GRAFT_RETURN_IF_ERROR(ReadPart<Counts>(with_session, FilesInFolders, &files_in));
  int64_t count = 0;
  for (const auto& [folder, files] : files_in.value_or(Counts())) count += files;
  const WithSession with_time = [&](const std::function<absl::Status(Session&)>& work) {
    return count < kManyFiles ? with_session(work) : with_more_time(count * kForEachFile, work);
  };
  GRAFT_RETURN_IF_ERROR(
      with_session([&survey](Session& session) { return ReadBasics(session, &survey); }));
  GRAFT_RETURN_IF_ERROR(ReadPart<bool>(with_session, InGroup, &survey.group_replication));
  GRAFT_RETURN_IF_ERROR(
      ReadPart<std::vector<ServerSession>>(with_session, ReadUserSessions, &survey.sessions));
  GRAFT_RETURN_IF_ERROR(
      ReadPart<std::vector<ReplicationChannel>>(with_session, ReadChannels, &survey.channels));
  GRAFT_RETURN_IF_ERROR(
      ReadPart<std::vector<ReplicationFilter>>(with_session, Filters, &survey.filters));
  GRAFT_RETURN_IF_ERROR(ReadPart<std::vector<ServerAccount>>(
      with_session, [&agent_user](Session& session) { return Accounts(session, agent_user); },
      &survey.accounts));
  GRAFT_RETURN_IF_ERROR(
      ReadPart<std::vector<std::string>>(with_time, NonInnodbTables, &survey.non_innodb_tables));
  GRAFT_RETURN_IF_ERROR(ReadPart<TablespaceFacts>(with_time, Tablespaces, &survey.tablespaces));
  if (!files_in.ok()) survey.tablespaces = files_in.status();
  if (survey.tablespaces.ok()) survey.tablespaces->files_in = *std::move(files_in);
  return survey;
}

}  // namespace graft
