#include "host/local_server_host.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

constexpr absl::string_view kLeftoverSuffix = ".#clone";
constexpr int64_t kErrorLogTail =
    int64_t{256} * 1024;  // bytes: a recovery of 1 GB of redo logs 20 kB

// A path as mysqld shows it; a relative one is relative to its data directory.
std::string Absolute(const std::string& data_directory, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  return absl::StrCat(absl::StripSuffix(data_directory, "/"), "/", path);
}

absl::Status AsHostStatus(const absl::Status& status) {
  if (status.ok() || !HasReason(status, Reason::kFileAccess)) return status;
  return WithReason(absl::PermissionDeniedError(status.message()), Reason::kFileAccess);
}

absl::Status RequireDirectory(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return absl::OkStatus();
  const int error = errno;
  if (error == EACCES) return AsHostStatus(FileError("look at", path, error));
  return absl::FailedPreconditionError(
      absl::StrCat("there is no data directory ", path, " on this machine: mysqld runs elsewhere"));
}

using Visitor = std::function<void(const std::string& name, const struct stat& info)>;

// Calls `visit` with each file in `directory` and, as "schema/table.ibd", in its folders: a data
// directory has no third level. Files that vanish meanwhile are left out, and so are folders that
// this user may not read, which come into `unread`.
absl::Status VisitTwoLevels(const std::string& directory, const std::string& prefix,
                            const Visitor& visit, std::vector<std::string>* unread) {
  const auto names = ListDirectory(directory);
  if (!names.ok()) return AsHostStatus(names.status());
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(directory, "/", name);
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) continue;
    visit(prefix + name, info);
    if (!S_ISDIR(info.st_mode) || !prefix.empty()) continue;
    absl::Status inside = VisitTwoLevels(path, name + "/", visit, unread);
    if (inside.ok() || lstat(path.c_str(), &info) != 0) continue;
    if (!absl::IsPermissionDenied(inside)) return inside;
    unread->push_back(name);
  }
  return absl::OkStatus();
}

// A database's folder that is a link: MySQL follows it, and another server may do so too.
absl::Status LookIntoLink(const std::string& path, const std::string& name, HostFacts& facts) {
  struct stat target {};
  if (stat(path.c_str(), &target) != 0 || !S_ISDIR(target.st_mode)) return absl::OkStatus();
  const auto files = ListDirectory(path);
  if (!files.ok()) return AsHostStatus(files.status());
  facts.linked_databases[name] =
      std::count_if(files->begin(), files->end(), [](const std::string& file) {
        const bool passing = absl::StartsWith(file, "#sql");  // of an ALTER
        return absl::EndsWith(file, ".ibd") && !passing;
      });
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FreeBytes(const std::string& directory) {
  struct statvfs info {};
  if (statvfs(directory.c_str(), &info) != 0) {
    return AsHostStatus(FileError("look for free space at", directory, errno));
  }
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

// Of the words of a command line, since a loader or a debugger may come first. The pid in mysqld's
// file is another process's here if mysqld lives in a container.
bool RunsMysqld(absl::string_view command_line) {
  for (absl::string_view word : absl::StrSplit(command_line, '\0')) {
    const size_t slash = word.rfind('/');
    if (slash != absl::string_view::npos) word.remove_prefix(slash + 1);
    if (absl::StartsWith(word, "mysqld")) return true;
  }
  return false;
}

// "4711 (mysqld) S 1 …": what comes after the name, which may hold anything; the first is the
// state.
std::vector<absl::string_view> FieldsOf(absl::string_view stat_line) {
  const size_t end = stat_line.rfind(')');
  if (end == absl::string_view::npos) return {};
  return absl::StrSplit(stat_line.substr(end + 1), ' ', absl::SkipEmpty());
}

std::optional<std::string> ParentOf(absl::string_view stat_line) {
  const std::vector<absl::string_view> fields = FieldsOf(stat_line);
  if (fields.size() < 2) return std::nullopt;
  return std::string(fields[1]);
}

// The times that it has used the processor, "12 3": for the user, and in the kernel.
std::string WorkOf(absl::string_view stat_line) {
  const std::vector<absl::string_view> fields = FieldsOf(stat_line);
  constexpr size_t kUserTime = 11;
  if (fields.size() <= kUserTime + 1) return "";
  return absl::StrCat(fields[kUserTime], " ", fields[kUserTime + 1]);
}

class LocalServerHost : public ServerHost {
 public:
  explicit LocalServerHost(std::string proc) : proc_(std::move(proc)) {}

  absl::StatusOr<HostFacts> Look(const std::string& data_directory, const std::string& pid_file,
                                 const std::string& plugin_directory) override {
    GRAFT_RETURN_IF_ERROR(RequireDirectory(data_directory));
    HostFacts facts;
    GRAFT_ASSIGN_OR_RETURN(facts.free_bytes, FreeBytes(data_directory));
    std::vector<std::string> links;
    const auto visit = [&](const std::string& name, const struct stat& info) {
      if (absl::EndsWith(name, kLeftoverSuffix)) facts.clone_leftovers.push_back(name);
      if (S_ISLNK(info.st_mode) && !absl::StrContains(name, '/')) links.push_back(name);
    };
    GRAFT_RETURN_IF_ERROR(VisitTwoLevels(data_directory, "", visit, &facts.not_looked_into));
    for (const std::string& name : links) {
      GRAFT_RETURN_IF_ERROR(LookIntoLink(absl::StrCat(data_directory, "/", name), name, facts));
    }
    facts.supervised = Supervised(Absolute(data_directory, pid_file));
    auto libraries = ListDirectory(plugin_directory);
    if (libraries.ok()) facts.plugin_libraries = *std::move(libraries);
    return facts;
  }

  absl::StatusOr<std::vector<std::string>> Existing(
      const std::vector<std::string>& paths) override {
    std::vector<std::string> existing;
    for (const std::string& path : paths) {
      struct stat info {};
      if (lstat(path.c_str(), &info) == 0) {
        existing.push_back(path);
      } else if (errno != ENOENT && errno != ENOTDIR) {
        return AsHostStatus(FileError("look at", path, errno));
      }
    }
    return existing;
  }

  absl::StatusOr<std::string> Activity(const std::string& data_directory,
                                       const std::string& error_log) override {
    GRAFT_RETURN_IF_ERROR(RequireDirectory(data_directory));
    int64_t entries = 0;
    int64_t bytes = 0;
    std::pair<int64_t, int64_t> newest;  // seconds and nanoseconds
    const auto count = [&](const std::string&, const struct stat& info) {
      ++entries;
      // Allocated ones too: a file of full length from the start may be filled bit by bit.
      bytes += info.st_size + info.st_blocks * 512;
      newest = std::max(newest, {int64_t{info.st_mtim.tv_sec}, int64_t{info.st_mtim.tv_nsec}});
    };
    struct stat log {};
    if (stat(Absolute(data_directory, error_log).c_str(), &log) == 0) count(error_log, log);
    std::vector<std::string> unread;
    GRAFT_RETURN_IF_ERROR(VisitTwoLevels(data_directory, "", count, &unread));
    return absl::StrCat(entries, " files, ", bytes, " bytes, changed at ", newest.first, ".",
                        absl::Dec(newest.second, absl::kZeroPad9));
  }

  absl::StatusOr<int64_t> CountFiles(const std::string& data_directory) override {
    GRAFT_RETURN_IF_ERROR(RequireDirectory(data_directory));
    int64_t files = 0;
    std::vector<std::string> unread;
    GRAFT_RETURN_IF_ERROR(VisitTwoLevels(
        data_directory, "", [&](const std::string&, const struct stat&) { ++files; }, &unread));
    return files;
  }

  absl::StatusOr<StartupSigns> ReadStartup(const std::string& data_directory,
                                           const std::string& error_log) override {
    struct stat info {};
    const std::string path = Absolute(data_directory, error_log);
    if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return StartupSigns();
    const auto tail = ReadTail(path, kErrorLogTail);
    if (!tail.ok()) return AsHostStatus(tail.status());
    StartupSigns signs = ReadSigns(*tail);
    AddProcess(signs);
    return signs;
  }

 private:
  // The log's number means nothing here if mysqld lives in a container, and may be an older
  // start's.
  void AddProcess(StartupSigns& signs) const {
    const int number = std::exchange(signs.process, 0);
    const std::string process = absl::StrCat(proc_, "/", number);
    const auto command = ReadFile(process + "/cmdline");
    const auto stat_line = ReadFile(process + "/stat");
    if (!signs.starting || !command.ok() || !stat_line.ok() || !RunsMysqld(*command)) return;
    signs.process = number;
    signs.work = WorkOf(*stat_line);
  }

  // The server's own test (is_mysqld_managed): the variable names the parent of the process.
  std::optional<bool> Supervised(const std::string& pid_file) const {
    const auto text = ReadFile(pid_file);
    int pid = 0;
    if (!text.ok() || !absl::SimpleAtoi(*text, &pid)) return std::nullopt;
    const std::string process = absl::StrCat(proc_, "/", pid);
    const auto stat_line = ReadFile(process + "/stat");
    const auto environment = ReadFile(process + "/environ");
    const auto command = ReadFile(process + "/cmdline");
    if (!stat_line.ok() || !environment.ok() || environment->empty()) return std::nullopt;
    if (!command.ok() || !RunsMysqld(*command)) return std::nullopt;
    const auto parent = ParentOf(*stat_line);
    if (!parent.has_value()) return std::nullopt;
    const std::string wanted = absl::StrCat("MYSQLD_PARENT_PID=", *parent);
    const std::vector<absl::string_view> variables = absl::StrSplit(*environment, '\0');
    return std::find(variables.begin(), variables.end(), wanted) != variables.end();
  }

  const std::string proc_;
};

}  // namespace

std::unique_ptr<ServerHost> MakeLocalServerHost(std::string proc) {
  return std::make_unique<LocalServerHost>(std::move(proc));
}

}  // namespace graft
