#include "filestore/folder.h"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

constexpr absl::Duration kLongestCall = absl::Seconds(5);
constexpr absl::Duration kLongestPause = absl::Milliseconds(10);

constexpr int64_t kApplication = 0x67726631;  // "grf1"; another layout gets another number

// A row of `changes` is live if it is its key's present value. A new row's number is one more than
// the largest; no version comes twice, because the newest row always stays.
constexpr char kSchema[] = R"(
PRAGMA application_id = 0x67726631;
CREATE TABLE changes (version INTEGER PRIMARY KEY, key BLOB NOT NULL, value BLOB NOT NULL,
  create_version INTEGER NOT NULL, lease INTEGER NOT NULL, live INTEGER NOT NULL);
CREATE UNIQUE INDEX live_keys ON changes (key) WHERE live;
CREATE INDEX history ON changes (version) WHERE NOT live;
CREATE TABLE leases (id INTEGER PRIMARY KEY, ttl_ms INTEGER, end_ms INTEGER, boot_id BLOB);
CREATE TRIGGER supersede BEFORE INSERT ON changes BEGIN
  UPDATE changes SET live = 0 WHERE live AND key = new.key;
END;
CREATE TRIGGER forget AFTER INSERT ON changes BEGIN
  DELETE FROM changes WHERE NOT live AND version <= new.version - 10000;
END)";

constexpr char kContents[] =
    "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id";

// A rollback journal and not a log: a store at rest is then one file, and needs no memory that
// processes share. TRUNCATE, because SQLite syncs the end of a journal that it truncates, and not
// that of one that it deletes: a power failure could then undo a write.
constexpr char kBegin[] =
    "PRAGMA synchronous = FULL; PRAGMA journal_mode = TRUNCATE; BEGIN IMMEDIATE";

constexpr char kEndOverdue[] = R"(
INSERT INTO changes (key, value, create_version, lease, live)
  SELECT key, x'', 0, 0, 0 FROM changes WHERE live AND lease IN
    (SELECT id FROM leases WHERE end_ms <= ?1 OR boot_id <> ?2) ORDER BY key;
DELETE FROM leases WHERE end_ms <= ?1 OR boot_id <> ?2)";

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

int Bind(sqlite3_stmt* statement, int place, const StoreSession::Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, place, *number);
  }
  const auto bytes = std::get<absl::string_view>(value);
  const char* data = bytes.empty() ? "" : bytes.data();  // a null pointer would bind NULL
  return sqlite3_bind_blob64(statement, place, data, bytes.size(), SQLITE_STATIC);
}

std::string Bytes(sqlite3_stmt* row, int column) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));  // null if empty
  const auto size = static_cast<size_t>(sqlite3_column_bytes(row, column));
  return std::string(absl::string_view(data, size));
}

// `error`: the errno that explains it; 0 if there is none. Never NOT_FOUND, which would speak of a
// key.
absl::Status StoreError(std::string text, int error) {
  text = absl::StrCat("folder store: ", text);
  if (error != 0) absl::StrAppend(&text, ": ", std::generic_category().message(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text + ": this user must be able to write the folder");
  }
  if (error == ENOSPC || error == EDQUOT) text += ": make some room there";
  if (error == ENOENT) text += ": if it was removed, start this program anew";
  return absl::UnavailableError(text);
}

absl::Status MakeFile(const std::string& root, const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return StoreError(absl::StrCat("cannot make ", root), error.value());
  if (std::filesystem::exists(root + "/revision", error)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "folder store: an older graft used ", root,
        ", with a file for each record: ", "name another folder, or move this one away"));
  }
  // Not open(2): the close that follows would drop this process's locks on the file.
  if (mknod(path.c_str(), S_IFREG | 0640, 0) == 0 || errno == EEXIST) return absl::OkStatus();
  return StoreError(absl::StrCat("cannot make ", path), errno);
}

}  // namespace

absl::Status StoreSession::Run(const char* sql, std::initializer_list<Value> values,
                               const std::function<void(sqlite3_stmt* row)>& on_row) {
  while (*sql != '\0') {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(file_.get(), sql, -1, &prepared, &sql) != SQLITE_OK) return Error();
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
    int place = 0;
    for (const Value& value : values) {
      if (Bind(prepared, ++place, value) != SQLITE_OK) return Error();
    }
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
      if (on_row) on_row(prepared);
    }
    if (code != SQLITE_DONE) return Error();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<KeyEvent>> StoreSession::Changes(const char* sql,
                                                            std::initializer_list<Value> values) {
  std::vector<KeyEvent> events;
  GRAFT_RETURN_IF_ERROR(Run(sql, values, [&](sqlite3_stmt* row) {
    const Version created = sqlite3_column_int64(row, 3);
    events.push_back({created == 0 ? KeyEvent::Kind::kDelete : KeyEvent::Kind::kPut,
                      {Bytes(row, 1), Bytes(row, 2), sqlite3_column_int64(row, 0), created,
                       sqlite3_column_int64(row, 4)}});
  }));
  return events;
}

// SQLite's own wait is a sleep, and knows no deadline of ours.
int StoreSession::AwaitOthers(void* self, int attempt) {
  const auto& session = *static_cast<StoreSession*>(self);
  const absl::Duration left = session.deadline_ - session.clock_.Now();
  if (left <= absl::ZeroDuration()) return 0;
  const absl::Duration pause = std::min(absl::Milliseconds(1) * (attempt + 1), kLongestPause);
  Cancellation().WaitFor(session.clock_, std::min(pause, left));
  return 1;
}

absl::Status StoreSession::Error() const {
  const std::string text = absl::StrCat(path_, ": ", sqlite3_errmsg(file_.get()));
  switch (sqlite3_errcode(file_.get()) & 0xff) {  // without the details
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // the tables are not ours
      return absl::DataLossError(
          absl::StrCat("folder store: ", text, ": stop the programs that use it, move it and its ",
                       "-journal away, and bring a copy back or begin anew"));
    case SQLITE_BUSY:
      return absl::UnavailableError(absl::StrCat(
          "folder store: ", text, " by another process all the time: is one of them stopped?"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return StoreError(text, EACCES);
    case SQLITE_FULL:
      return StoreError(text, ENOSPC);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return StoreError(text, sqlite3_system_errno(file_.get()));
    default:
      return absl::InternalError(absl::StrCat("folder store: ", text));
  }
}

absl::StatusOr<std::unique_ptr<Folder>> Folder::Open(Clock& clock, const std::string& root) {
  if (root.empty()) return absl::InvalidArgumentError("folder store: no folder given");
  const std::string path = root + "/topology.sqlite";
  GRAFT_RETURN_IF_ERROR(MakeFile(root, path));
  GRAFT_ASSIGN_OR_RETURN(const std::string boot_id, ReadFile("/proc/sys/kernel/random/boot_id"));
  std::unique_ptr<Folder> folder(new Folder(clock, path, boot_id));
  GRAFT_RETURN_IF_ERROR(folder->Prepare());
  return folder;
}

absl::Status Folder::Prepare() {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<StoreSession> session, Begin());
  int64_t application = 0;
  int64_t tables = 0;
  GRAFT_RETURN_IF_ERROR(session->Run(kContents, {}, [&](sqlite3_stmt* row) {
    application = sqlite3_column_int64(row, 0);
    tables = sqlite3_column_int64(row, 1);
  }));
  if (application == kApplication) return absl::OkStatus();
  if (application == 0 && tables == 0) {
    GRAFT_RETURN_IF_ERROR(session->Run(kSchema));
    return session->Commit();
  }
  return absl::DataLossError(absl::StrCat(
      "folder store: ", path_, ": not a file of graft's: ", "move it away after a look at it"));
}

absl::StatusOr<std::unique_ptr<StoreSession>> Folder::Begin() {
  absl::ReleasableMutexLock lock(&mutex_);
  const absl::Time end = std::min(end_calls_by_, clock_.Now() + kLongestCall);
  lock.Release();
  // Each opens the file anew, and so finds the file that has the name now; that costs little
  // beside a write.
  std::unique_ptr<StoreSession> session(new StoreSession(clock_, path_, end));
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  session->file_.reset(opened);
  if (code != SQLITE_OK) return session->Error();
  if (sqlite3_db_readonly(opened, "main") == 1) return StoreError(path_, EACCES);
  sqlite3_busy_handler(opened, &StoreSession::AwaitOthers, session.get());
  GRAFT_RETURN_IF_ERROR(session->Run(kBegin));
  return session;
}

absl::StatusOr<std::unique_ptr<StoreSession>> Folder::Enter() {
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<StoreSession> session, Begin());
  GRAFT_RETURN_IF_ERROR(session->Run(kEndOverdue, {BootMilliseconds(), boot_id_}));
  // Not undone with a call that only reads: a watch would begin at a version that never was.
  if (sqlite3_total_changes(session->file_.get()) > 0) {
    GRAFT_RETURN_IF_ERROR(session->Run("COMMIT; BEGIN IMMEDIATE"));
  }
  return session;
}

int64_t BootMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1'000 + now.tv_nsec / 1'000'000;
}

}  // namespace graft
