#include <string.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "base/files.h"
#include "mysqld/commands.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

// Everything is made in here, inside the directory, which may be a mount point, and moved up when
// whole; my.cnf last.
constexpr char kWorkName[] = ".graft-init";

// Names that do not make a directory used: ours of an init that was killed, and a file system's.
bool IsIgnored(const std::string& name) {
  return name == kWorkName || name == "graft-mysqld.lock" || name == "lost+found";
}

absl::Status CheckEmpty(const std::string& dir) {
  std::error_code error;
  if (!fs::exists(dir, error)) return absl::OkStatus();
  fs::directory_iterator entries(dir, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot list ", dir, ": ", error.message()));
  }
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (IsIgnored(name)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(dir, " is not empty (it holds ", name,
                     "): nothing was changed; give an empty or a new --data-dir"));
  }
  return absl::OkStatus();
}

std::string WithoutSecrets(std::string text, const Accounts& accounts) {
  for (const Account* account : {&accounts.dba, &accounts.repl, &accounts.clone}) {
    const std::string& password = account->password.Reveal();
    if (!password.empty()) absl::StrReplaceAll({{password, "<secret>"}}, &text);
  }
  return text;
}

// mysqld --initialize in the work folder, with the tablet's own settings.
absl::Status Initialize(const InitOptions& options, const std::string& work, const std::string& sql,
                        SignalQueue& signals) {
  const Fd secret = MemoryFile();  // so that no password ever lies on a disk
  if (!secret.ok() || !WriteFile(PathOf(secret), sql).ok()) {
    return absl::UnavailableError(absl::StrCat("memfd: ", strerror(errno)));
  }
  ChildCommand command;
  command.inherit_fd = secret.get();
  command.argv = {options.mysqld, absl::StrCat("--defaults-file=", work, "/my.cnf"),
                  "--initialize-insecure", absl::StrCat("--datadir=", work, "/data"),
                  absl::StrCat("--log-error=", work, "/error.log"), "--init-file=" + PathOf(secret),
                  // Else the accounts would be transactions of this server's own, errant ones for
                  // any other.
                  "--disable-log-bin"};
  GRAFT_ASSIGN_OR_RETURN(const pid_t pid, SpawnChild(command));
  bool interrupted = false;
  const ExitStatus status = AwaitChild(pid, signals, [&] { interrupted = true; });
  if (interrupted) return absl::CancelledError("interrupted");
  if (status.signal == 0 && status.code == 0) return absl::OkStatus();
  const std::string errors = LastErrors(work + "/error.log");
  return absl::UnavailableError(absl::StrCat(
      "mysqld --initialize ended with ", status.ToString(), ": ",
      errors.empty() ? "it logged no error" : WithoutSecrets(errors, options.accounts)));
}

absl::Status MoveUp(const std::string& work, const std::string& dir) {
  for (const char* name : {"data", "error.log", "my.cnf"}) {
    std::error_code error;
    fs::rename(absl::StrCat(work, "/", name), absl::StrCat(dir, "/", name), error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot move ", name, " to ", dir, ": ", error.message()));
    }
  }
  return absl::OkStatus();
}

void Discard(const TabletPaths& paths, bool made_dir) {
  std::error_code ignored;
  for (const std::string& path : {paths.my_cnf(), paths.error_log(), paths.data(),
                                  absl::StrCat(paths.dir, "/", kWorkName), paths.lock()}) {
    fs::remove_all(path, ignored);
  }
  if (made_dir) fs::remove(paths.dir, ignored);
}

absl::Status FillDirectory(const InitOptions& options, const std::string& sql,
                           SignalQueue& signals) {
  const TabletPaths& paths = options.my_cnf.paths;
  const std::string work = absl::StrCat(paths.dir, "/", kWorkName);
  std::error_code error;
  fs::remove_all(work, error);
  if (mkdir(work.c_str(), 0750) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make ", work, ": ", strerror(errno)));
  }
  GRAFT_RETURN_IF_ERROR(WriteFile(work + "/my.cnf", MyCnfText(options.my_cnf)));
  GRAFT_RETURN_IF_ERROR(Initialize(options, work, sql, signals));
  GRAFT_RETURN_IF_ERROR(MoveUp(work, paths.dir));
  fs::remove_all(work, error);
  return absl::OkStatus();
}

}  // namespace

absl::Status InitTablet(const InitOptions& options, SignalQueue& signals) {
  const TabletPaths& paths = options.my_cnf.paths;
  GRAFT_RETURN_IF_ERROR(CheckMyCnfOptions(options.my_cnf));
  GRAFT_ASSIGN_OR_RETURN(const std::string sql, AccountSql(options.accounts));
  GRAFT_RETURN_IF_ERROR(CheckEmpty(paths.dir));
  std::error_code error;
  const bool made_dir = fs::create_directories(paths.dir, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", paths.dir, ": ", error.message()));
  }
  // The socket lies in here, and accounts may have no password.
  if (made_dir) chmod(paths.dir.c_str(), 0750);
  GRAFT_ASSIGN_OR_RETURN(const FileLock lock, LockTablet(paths));
  // Again, now that nobody else can fill it.
  GRAFT_RETURN_IF_ERROR(CheckEmpty(paths.dir));
  absl::Status status = FillDirectory(options, sql, signals);
  if (!status.ok()) Discard(paths, made_dir);
  return status;
}

}  // namespace graft
