#include "mysqld/mysqld_binary.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/files.h"
#include "mysqld/child.h"

namespace graft {
namespace {

bool IsProgram(const std::string& path) {
  return access(path.c_str(), X_OK) == 0;
}

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

absl::StatusOr<std::string> FindMysqld(const std::string& flag) {
  if (!flag.empty()) {
    if (IsProgram(flag)) return flag;
    return absl::NotFoundError(absl::StrCat("--mysqld ", flag, " is no program that can be run"));
  }
  const std::string home = Variable("GRAFT_MYSQL_HOME");
  if (!home.empty()) {
    for (const char* dir : {"/bin/mysqld", "/sbin/mysqld"}) {
      if (IsProgram(home + dir)) return home + dir;
    }
    return absl::NotFoundError(
        absl::StrCat("GRAFT_MYSQL_HOME is ", home, ", but there is no bin/mysqld or sbin/mysqld"));
  }
  std::vector<std::string> dirs = absl::StrSplit(Variable("PATH"), ':', absl::SkipEmpty());
  dirs.insert(dirs.end(), {"/usr/sbin", "/usr/local/sbin"});
  for (const std::string& dir : dirs) {
    const std::string path = dir + "/mysqld";
    if (IsProgram(path)) return path;
  }
  return absl::NotFoundError(
      "no mysqld in --mysqld, GRAFT_MYSQL_HOME or PATH: install MySQL 8.0.17 or newer, or set "
      "GRAFT_MYSQL_HOME to what scripts/setup --print-mysql-home prints");
}

absl::StatusOr<ServerVersion> ParseMysqldVersion(absl::string_view printed) {
  const absl::string_view shown = absl::StripAsciiWhitespace(printed);
  if (absl::StrContains(printed, "MariaDB")) {
    return absl::FailedPreconditionError(
        absl::StrCat("this mysqld is MariaDB's, which has no CLONE: ", shown));
  }
  const size_t at = printed.find("Ver ");
  const absl::StatusOr<ServerVersion> version =
      ServerVersion::Parse(at == absl::string_view::npos ? "" : printed.substr(at + 4));
  if (!version.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("mysqld --version prints no version: \"", shown, "\""));
  }
  if (!version->AtLeast(8, 0, 17)) {
    return absl::FailedPreconditionError(
        absl::StrCat("mysqld is ", version->ToString(), "; CLONE needs 8.0.17 or newer"));
  }
  return *version;
}

absl::StatusOr<ServerVersion> MysqldVersion(const std::string& mysqld) {
  const Fd output = MemoryFile();
  if (!output.ok()) return absl::UnavailableError(absl::StrCat("memfd: ", strerror(errno)));
  ChildCommand command;
  command.argv = {mysqld, "--no-defaults", "--version"};
  command.stdout_fd = output.get();
  GRAFT_ASSIGN_OR_RETURN(const pid_t pid, SpawnChild(command));
  waitpid(pid, nullptr, 0);
  GRAFT_ASSIGN_OR_RETURN(const std::string printed, ReadFile(PathOf(output)));
  absl::StatusOr<ServerVersion> version = ParseMysqldVersion(printed);
  if (!version.ok()) return Annotate(version.status(), mysqld);
  return version;
}

}  // namespace graft
