#include "mysql/session.h"

#include <algorithm>
#include <exception>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "mysql/error_map.h"
#include "mysql/statements.h"

// Connector/C++'s JDBC-style API, whichever of its two packagings is installed: Oracle's
// mysql-concpp or Debian's libmysqlcppconn-dev 1.1 (see cmake/FindMySQLConnectorCpp.cmake).
#ifdef GRAFT_CONCPP_ORACLE
#include <mysql/jdbc.h>
#else
#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#endif

namespace graft {
namespace {

constexpr int kSyntaxError = 1064;
constexpr int kServerLost = 2013;
constexpr int kTlsError = 2026;

sql::Driver& Driver() {
  // The client library is initialised once, and never torn down: an abandoned CLONE's thread may
  // still be in it.
  static sql::Driver* const driver = get_driver_instance();
  return *driver;
}

// The client library keeps state per thread.
void UseDriverOnThisThread() {
  struct Attached {
    Attached() { Driver().threadInit(); }
    ~Attached() { Driver().threadEnd(); }
  };
  thread_local const Attached attached;
}

int WholeSeconds(absl::Duration duration) {
  return static_cast<int>(std::max<int64_t>(1, absl::ToInt64Seconds(duration)));
}

void AddTransport(const ConnectionOptions& options, sql::ConnectOptionsMap& map) {
  const bool tls = options.require_ssl || !options.ssl_ca.empty();
  if (!options.ssl_ca.empty()) map["sslCA"] = sql::SQLString(options.ssl_ca);
#ifdef GRAFT_CONCPP_ORACLE
  map["OPT_SSL_MODE"] = static_cast<int>(!tls                     ? sql::SSL_MODE_DISABLED
                                         : options.ssl_ca.empty() ? sql::SSL_MODE_REQUIRED
                                                                  : sql::SSL_MODE_VERIFY_CA);
  map["OPT_GET_SERVER_PUBLIC_KEY"] = true;
#else
  // libmariadb verifies the certificate, though not its host name, as soon as it has a CA.
  if (tls) map["sslEnforce"] = true;
#endif
}

sql::ConnectOptionsMap ToMap(const ConnectionOptions& options, absl::Duration read_timeout) {
  sql::ConnectOptionsMap map;
  map["userName"] = sql::SQLString(options.user);
  map["password"] = sql::SQLString(options.password.Reveal());
  map["OPT_CONNECT_TIMEOUT"] = WholeSeconds(options.connect_timeout);
  if (read_timeout < absl::InfiniteDuration()) {
    map["OPT_READ_TIMEOUT"] = WholeSeconds(read_timeout);
    map["OPT_WRITE_TIMEOUT"] = WholeSeconds(read_timeout);
  }
  std::map<sql::SQLString, sql::SQLString> attributes;
  for (const auto& [name, value] : options.attributes) {
    attributes[sql::SQLString(name)] = sql::SQLString(value);
  }
  if (!attributes.empty()) map["OPT_CONNECT_ATTR_ADD"] = attributes;
  if (!options.socket.empty()) {
    map["hostName"] = sql::SQLString(absl::StrCat("unix://", options.socket));
  } else {
    map["hostName"] = sql::SQLString(absl::StrCat("tcp://", options.address.ToString()));
    AddTransport(options, map);
  }
  return map;
}

std::string Where(const ConnectionOptions& options) {
  return options.socket.empty() ? options.address.ToString() : options.socket;
}

// MySQL's texts quote a piece of a statement it cannot parse, and possibly of its values.
std::string WithoutSecret(int error_no, const std::string& text, const Secret& secret) {
  if (secret.empty()) return text;
  if (error_no == kSyntaxError) return "syntax error (text withheld, as it may show a password)";
  return absl::StrReplaceAll(text, {{secret.Reveal(), "<secret>"}});
}

// Shorter than the read timeout, so that MySQL's own words (1205) come first.
absl::Duration LockWait(absl::Duration read_timeout) {
  return read_timeout / 2;
}

}  // namespace

class Session::Link {
 public:
  explicit Link(std::unique_ptr<sql::Connection> connection) : connection_(std::move(connection)) {}

  // Throws.
  void Run(const std::string& sql, RowSet* rows) {
    UseDriverOnThisThread();
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    if (!statement->execute(sql)) return;
    const std::unique_ptr<sql::ResultSet> result(statement->getResultSet());
    sql::ResultSetMetaData* const meta = result->getMetaData();  // belongs to the result
    const unsigned count = meta->getColumnCount();
    RowSet read;
    for (unsigned i = 1; i <= count; ++i) {
      read.columns.emplace_back(meta->getColumnLabel(i).asStdString());
    }
    while (result->next()) {
      auto& row = read.rows.emplace_back();
      for (unsigned i = 1; i <= count; ++i) {
        const sql::SQLString value = result->getString(i);
        if (result->isNull(i)) {
          row.emplace_back(std::nullopt);
        } else {
          row.emplace_back(value.asStdString());
        }
      }
    }
    if (rows != nullptr) *rows = std::move(read);
  }

 private:
  const std::unique_ptr<sql::Connection> connection_;
};

Session::Session(Clock& clock, std::unique_ptr<Link> link, absl::Duration read_timeout)
    : clock_(clock), link_(std::move(link)), read_timeout_(read_timeout) {}

Session::~Session() = default;

absl::StatusOr<std::unique_ptr<Session>> Session::Open(Clock& clock,
                                                       const ConnectionOptions& options,
                                                       absl::Duration read_timeout,
                                                       absl::Duration lock_wait) {
  const std::string doing =
      absl::StrCat("connect to mysqld at ", Where(options), " as '", options.user, "'");
  std::unique_ptr<Session> session;
  try {
    UseDriverOnThisThread();
    sql::ConnectOptionsMap map = ToMap(options, read_timeout);
    std::unique_ptr<sql::Connection> connection(Driver().connect(map));
    session.reset(new Session(clock, std::make_unique<Link>(std::move(connection)), read_timeout));
  } catch (const sql::SQLException& e) {
    return FromMysqlError(e.getErrorCode(), e.what(), doing);
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat(doing, ": ", e.what()));
  }
  if (absl::Status status = session->Prepare(lock_wait); !status.ok()) {
    return Annotate(status, doing);
  }
  return session;
}

absl::Status Session::Prepare(absl::Duration lock_wait) {
  GRAFT_RETURN_IF_ERROR(Execute(SessionSetup(lock_wait), "prepare the session"));
  GRAFT_ASSIGN_OR_RETURN(
      const RowSet rows,
      Query("SELECT @@version AS version, CONNECTION_ID() AS id", "read the version"));
  if (rows.rows.empty()) return absl::InternalError("the server told no version");
  GRAFT_ASSIGN_OR_RETURN(id_, Row(rows, 0).Number({"id"}));
  GRAFT_ASSIGN_OR_RETURN(version_, ServerVersion::Parse(Row(rows, 0).Text({"version"})));
  return absl::OkStatus();
}

absl::StatusOr<RowSet> Session::Query(const std::string& sql, absl::string_view doing) {
  RowSet rows;
  GRAFT_RETURN_IF_ERROR(Run(sql, doing, Secret(), &rows));
  return rows;
}

absl::Status Session::Execute(const std::string& sql, absl::string_view doing) {
  return Run(sql, doing, Secret(), nullptr);
}

absl::Status Session::ExecuteSecret(const std::string& sql, absl::string_view doing,
                                    const Secret& secret) {
  return Run(sql, doing, secret, nullptr);
}

absl::Status Session::Run(const std::string& sql, absl::string_view doing, const Secret& secret,
                          RowSet* rows) {
  const absl::Time begin = clock_.Now();
  try {
    link_->Run(sql, rows);
    return absl::OkStatus();
  } catch (const sql::SQLException& e) {
    // A TLS error of a session that stands is a lost connection: often a read that timed out.
    const int error_no = e.getErrorCode() == kTlsError ? kServerLost : e.getErrorCode();
    absl::Status status =
        FromMysqlError(error_no, WithoutSecret(error_no, e.what(), secret), doing);
    if (!HasReason(status, Reason::kMysqlGone)) return status;
    lost_ = true;
    // The client library reports a read that timed out as a lost connection (2013).
    if (clock_.Now() - begin < read_timeout_) return status;
    return absl::DeadlineExceededError(absl::StrCat(doing, ": mysqld did not answer within ",
                                                    absl::FormatDuration(read_timeout_)));
  } catch (const std::exception& e) {
    lost_ = true;
    return absl::InternalError(absl::StrCat(doing, ": ", e.what()));
  }
}

absl::Status SessionPool::Run(const std::function<absl::Status(Session&)>& work, bool keep) {
  std::unique_ptr<Session> session;
  {
    absl::MutexLock lock(&mutex_);
    // No deadline of its own: the read timeout bounds every busy session.
    const auto free = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !busy_; };
    mutex_.Await(absl::Condition(&free));
    busy_ = true;
    session = std::move(idle_);
  }
  const bool kept = session != nullptr;
  absl::Status status = RunOn(session, work);
  if (kept && session == nullptr && HasReason(status, Reason::kMysqlGone)) {
    status = RunOn(session, work);
  }
  if (!keep) session.reset();
  absl::MutexLock lock(&mutex_);
  idle_ = std::move(session);
  busy_ = false;
  return status;
}

absl::Status SessionPool::RunSlowly(absl::Duration read_timeout,
                                    const std::function<absl::Status(Session&)>& work) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, Session::Open(clock_, options_, read_timeout,
                                                           LockWait(options_.read_timeout)));
  return work(*session);
}

absl::Status SessionPool::RunOn(std::unique_ptr<Session>& session,
                                const std::function<absl::Status(Session&)>& work) {
  if (session == nullptr) {
    GRAFT_ASSIGN_OR_RETURN(session, Session::Open(clock_, options_, options_.read_timeout,
                                                  LockWait(options_.read_timeout)));
  }
  absl::Status status = work(*session);
  if (session->lost()) session.reset();
  return status;
}

}  // namespace graft
