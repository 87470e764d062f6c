#include "testing/mysql_sandbox.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "mysqld/my_cnf.h"
#include "mysqld/mysqld_process.h"
#include "mysqld/tablet_dir.h"
#include "testing/eventually.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

// Small, and lazy with fsync: a test's mysqld is killed, its machine is not.
constexpr char kSmall[] =
    "[mysqld]\n"
    "innodb_buffer_pool_size=32M\n"
    "loose_innodb_redo_log_capacity=16M\n"
    "innodb_flush_log_at_trx_commit=2\n"
    "sync_binlog=0\n";

std::string MysqldProgram(const std::string& mysql_home) {
  std::string program = mysql_home + "/bin/mysqld";
  return fs::exists(program) ? program : mysql_home + "/sbin/mysqld";
}

std::string ExtraText(const MysqlSandboxOptions& options) {
  return absl::StrCat(kSmall, "bind_address=", options.host, "\nreport_host=", options.host, "\n",
                      options.extra_my_cnf, "\n");
}

// Adds --db-<role>-password-file and writes the file, unless there is no password.
absl::Status AddPassword(const std::string& folder, const std::string& role,
                         const std::string& password, std::vector<std::string>* argv) {
  if (password.empty()) return absl::OkStatus();
  const std::string file = absl::StrCat(folder, "/", role, ".password");
  argv->insert(argv->end(), {absl::StrCat("--db-", role, "-password-file"), file});
  return WriteFile(file, password);
}

// graft-mysqld init, for real.
absl::Status InitInto(const std::string& folder, const MysqlSandboxOptions& options,
                      const std::string& mysql_home) {
  const absl::StatusOr<std::string> program = OurProgram("graft-mysqld");
  GRAFT_RETURN_IF_ERROR(program.status());
  GRAFT_RETURN_IF_ERROR(WriteFile(folder + "/extra.cnf", ExtraText(options)));
  std::vector<std::string> argv = {*program,         "init",           "--data-dir",
                                   folder + "/vt",   "--extra-my-cnf", folder + "/extra.cnf",
                                   "--bind-address", "127.0.0.1"};
  if (options.clone_enabled) argv.emplace_back("--mysql-clone-enabled");
  GRAFT_RETURN_IF_ERROR(AddPassword(folder, "dba", options.dba_password, &argv));
  GRAFT_RETURN_IF_ERROR(AddPassword(folder, "repl", options.repl_password, &argv));
  GRAFT_RETURN_IF_ERROR(AddPassword(folder, "clone", options.clone_password, &argv));
  ProcessOptions process;
  process.env = {"GRAFT_MYSQL_HOME=" + mysql_home};
  return RunAndRead(argv, process, absl::Minutes(2)).status();
}

// A data directory made with these options, to be copied.
absl::StatusOr<std::string> TemplateData(const MysqlSandboxOptions& options,
                                         const std::string& mysql_home) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<TempFolder>> templates;
  const std::string key =
      absl::StrCat(options.clone_enabled ? "1" : "0", "\n", options.dba_password, "\n",
                   options.repl_password, "\n", options.clone_password, "\n", options.extra_my_cnf);
  const std::lock_guard<std::mutex> lock(mutex);
  auto found = templates.find(key);
  if (found == templates.end()) {
    auto folder = std::make_unique<TempFolder>("template");
    GRAFT_RETURN_IF_ERROR(InitInto(folder->path(), options, mysql_home));
    found = templates.emplace(key, std::move(folder)).first;
  }
  return found->second->path() + "/vt/data";
}

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlSandbox>> MysqlSandbox::Start(
    const MysqlSandboxOptions& options) {
  const absl::StatusOr<std::string> home = MysqlHome();
  GRAFT_RETURN_IF_ERROR(home.status());
  auto sandbox = absl::WrapUnique(new MysqlSandbox(options, *home));
  GRAFT_RETURN_IF_ERROR(sandbox->Fill());
  if (!options.start) return sandbox;
  GRAFT_RETURN_IF_ERROR(sandbox->StartParent());
  GRAFT_RETURN_IF_ERROR(sandbox->AwaitReady());
  if (options.writable) GRAFT_RETURN_IF_ERROR(sandbox->MakeWritable());
  return sandbox;
}

MysqlSandbox::MysqlSandbox(MysqlSandboxOptions options, std::string mysql_home)
    : folder_("mysql"),
      options_(std::move(options)),
      mysql_home_(std::move(mysql_home)),
      paths_{folder_.path() + "/vt"},
      port_(FreePort()) {}

MysqlSandbox::~MysqlSandbox() {
  if (parent_ != nullptr) {
    // In this order the parent starts nothing anew.
    parent_->Kill(SIGTERM);
    parent_->Kill(SIGCONT);
  }
  const std::optional<pid_t> pid = mysqld_pid();
  KillMysqld(SIGKILL);
  if (pid.has_value()) AwaitProcessEnd(*pid, absl::Seconds(30));
  if (parent_ != nullptr) parent_->Wait(absl::Seconds(30)).IgnoreError();
}

absl::Status MysqlSandbox::Fill() {
  const absl::StatusOr<std::string> data = TemplateData(options_, mysql_home_);
  GRAFT_RETURN_IF_ERROR(data.status());
  MyCnfOptions cnf;
  cnf.paths = paths_;
  GRAFT_ASSIGN_OR_RETURN(cnf.version, MysqldVersion(MysqldProgram(mysql_home_)));
  cnf.mysql_port = port_;
  cnf.server_id = options_.server_id == 0 ? static_cast<uint32_t>(port_) : options_.server_id;
  cnf.clone_enabled = options_.clone_enabled;
  cnf.run_as_root = geteuid() == 0;
  cnf.extras = {ExtraText(options_)};
  std::error_code error;
  fs::create_directories(paths_.data(), error);
  if (options_.disk_megabytes > 0) {
    GRAFT_ASSIGN_OR_RETURN(disk_, SmallDisk::Mount(paths_.data(), options_.disk_megabytes));
  }
  fs::copy(*data, paths_.data(), fs::copy_options::recursive, error);
  if (error) return absl::UnavailableError(absl::StrCat("copying ", *data, ": ", error.message()));
  // Holds server_uuid; mysqld makes a new one.
  fs::remove(paths_.data() + "/auto.cnf", error);
  return WriteFile(paths_.my_cnf(), MyCnfText(cnf));
}

absl::StatusOr<SqlRows> MysqlSandbox::Sql(absl::string_view sql, absl::Duration timeout) {
  MysqlLogin login;
  login.socket = socket();
  return RunSql(mysql_home_, login, sql, timeout);
}

absl::StatusOr<std::string> MysqlSandbox::SqlValue(absl::string_view sql) {
  const absl::StatusOr<SqlRows> rows = Sql(sql);
  GRAFT_RETURN_IF_ERROR(rows.status());
  return rows->empty() || rows->front().empty() ? std::string() : rows->front().front();
}

absl::Status MysqlSandbox::MakeWritable() {
  return Sql("SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF").status();
}

std::optional<pid_t> MysqlSandbox::mysqld_pid() const {
  return FindLiveMysqld(paths_);
}

void MysqlSandbox::KillMysqld(int signal) {
  const std::optional<pid_t> pid = mysqld_pid();
  if (pid.has_value() && *pid > 0) kill(*pid, signal);
}

absl::Status MysqlSandbox::StartParent() {
  const absl::StatusOr<std::string> program = OurProgram("graft-mysqld");
  GRAFT_RETURN_IF_ERROR(program.status());
  ProcessOptions options;
  options.env = {"GRAFT_MYSQL_HOME=" + mysql_home_};
  options.log_file = parent_log();
  std::vector<std::string> argv = {*program, "run", "--data-dir", paths_.dir};
  argv.insert(argv.end(), options_.run_flags.begin(), options_.run_flags.end());
  if (!options_.network_namespace.empty()) {
    argv.insert(argv.begin(), {"ip", "netns", "exec", options_.network_namespace});
  }
  GRAFT_ASSIGN_OR_RETURN(parent_, Process::Start(argv, options));
  return absl::OkStatus();
}

void MysqlSandbox::KillParent() {
  parent_->Kill(SIGKILL);
  parent_->Wait(absl::Seconds(10)).IgnoreError();
}

absl::StatusOr<std::unique_ptr<Process>> MysqlSandbox::StartBareMysqld(
    const std::vector<std::string>& arguments) {
  parent_.reset();
  std::vector<std::string> argv = {MysqldProgram(mysql_home_),
                                   "--defaults-file=" + paths_.my_cnf()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  ProcessOptions options;
  options.log_file = parent_log();
  return Process::Start(argv, options);
}

absl::Status MysqlSandbox::Stop() {
  parent_->Kill(SIGTERM);
  const absl::StatusOr<ExitStatus> status = parent_->Wait(absl::Seconds(60));
  GRAFT_RETURN_IF_ERROR(status.status());
  if (status->signal == 0 && status->code == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("graft-mysqld ended with ", status->ToString()));
}

absl::Status MysqlSandbox::AwaitReady(absl::Duration timeout) {
  return AwaitRestart(0, timeout);
}

absl::Status MysqlSandbox::AwaitRestart(pid_t old_pid, absl::Duration timeout) {
  absl::Status last;
  const auto ready = [&] {
    const std::optional<pid_t> pid = mysqld_pid();
    if (!pid.has_value() || *pid == old_pid || !fs::exists(socket())) return false;
    last = Sql("SELECT 1", absl::Seconds(10)).status();
    return last.ok();
  };
  const auto ended = [&] { return parent_ != nullptr && !parent_->running(); };
  bool is_ready = false;
  Eventually(timeout, [&] { return (is_ready = ready()) || ended(); });
  if (is_ready) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "mysqld on ", paths_.dir, " does not answer", ended() ? "; graft-mysqld has ended" : "",
      last.ok() ? "" : ": ", last.message(), "; ", LastErrors(paths_.error_log())));
}

}  // namespace graft
