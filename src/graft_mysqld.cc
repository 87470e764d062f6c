// graft-mysqld: makes a tablet's directory (init), and is mysqld's parent (run).
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/files.h"
#include "command_line/command_line.h"
#include "mysqld/commands.h"
#include "mysqld/mysqld_process.h"

namespace {

using graft::Account;

constexpr int kUsage = 2;
constexpr uint32_t kFirstServerId = 1;

struct Flags {
  std::string data_dir;
  std::string mysqld;
  graft::InitOptions init;
  graft::RunOptions run;
  std::string dba_password_file;
  std::string repl_password_file;
  std::string clone_password_file;
  std::vector<std::string> extra_my_cnf;
};

void Log(absl::string_view text) {
  std::cerr << absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())
            << " graft-mysqld: " << text << std::endl;
}

absl::Status ReadPassword(const std::string& path, Account& account) {
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = graft::ReadFile(path);
  if (!text.ok()) return graft::Annotate(text.status(), "password of " + account.user);
  account.password =
      graft::Secret(std::string(absl::StripSuffix(absl::StripSuffix(*text, "\n"), "\r")));
  return absl::OkStatus();
}

absl::Status ReadFiles(Flags& flags) {
  graft::Accounts& accounts = flags.init.accounts;
  GRAFT_RETURN_IF_ERROR(ReadPassword(flags.dba_password_file, accounts.dba));
  GRAFT_RETURN_IF_ERROR(ReadPassword(flags.repl_password_file, accounts.repl));
  GRAFT_RETURN_IF_ERROR(ReadPassword(flags.clone_password_file, accounts.clone));
  for (const std::string& path : flags.extra_my_cnf) {
    absl::StatusOr<std::string> text = graft::ReadFile(path);
    if (!text.ok()) return graft::Annotate(text.status(), "--extra-my-cnf");
    flags.init.my_cnf.extras.push_back(*std::move(text));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Init(Flags& flags) {
  graft::SignalQueue signals({SIGCHLD, SIGTERM, SIGINT});
  GRAFT_RETURN_IF_ERROR(ReadFiles(flags));
  GRAFT_ASSIGN_OR_RETURN(flags.init.mysqld, graft::FindMysqld(flags.mysqld));
  graft::MyCnfOptions& my_cnf = flags.init.my_cnf;
  GRAFT_ASSIGN_OR_RETURN(my_cnf.version, graft::MysqldVersion(flags.init.mysqld));
  my_cnf.paths = graft::PathsOf(flags.data_dir);
  my_cnf.run_as_root = geteuid() == 0;
  my_cnf.clone_enabled = flags.init.accounts.clone_enabled;
  if (my_cnf.server_id == 0) {
    // As Vitess does: two servers of a shard with one id would not replicate.
    my_cnf.server_id =
        std::uniform_int_distribution<uint32_t>(1)(*std::make_unique<std::random_device>());
  }
  GRAFT_RETURN_IF_ERROR(graft::InitTablet(flags.init, signals));
  Log(absl::StrCat("initialised ", my_cnf.paths.dir));
  return 0;
}

absl::StatusOr<int> Run(Flags& flags) {
  graft::SignalQueue signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP});
  GRAFT_ASSIGN_OR_RETURN(flags.run.mysqld, graft::FindMysqld(flags.mysqld));
  flags.run.paths = graft::PathsOf(flags.data_dir);
  flags.run.log = Log;
  return graft::RunMysqld(flags.run, signals);
}

template <typename T>
CLI::Option* Add(CLI::App& command, const std::string& name, T& target, const std::string& kind,
                 const std::string& text) {
  return command.add_option("--" + name, target, text)->type_name(kind);
}

void AddCommonFlags(CLI::App& command, Flags& flags) {
  Add(command, "data-dir", flags.data_dir, "DIR", "The tablet's directory (see above)")->required();
  Add(command, "mysqld", flags.mysqld, "FILE",
      "Path of mysqld (default: $GRAFT_MYSQL_HOME/bin/mysqld or sbin/mysqld, else the one in "
      "PATH)");
}

void AddAccountFlags(CLI::App& command, const std::string& name, Account& account,
                     std::string& password_file) {
  Add(command, "db-" + name + "-user", account.user, "USER", "Account for " + name)
      ->capture_default_str();
  Add(command, "db-" + name + "-password-file", password_file, "FILE",
      "File with its password (default: none is asked for)");
}

void AddInitFlags(CLI::App& command, Flags& flags) {
  AddCommonFlags(command, flags);
  graft::MyCnfOptions& my_cnf = flags.init.my_cnf;
  graft::Accounts& accounts = flags.init.accounts;
  Add(command, "mysql-port", my_cnf.mysql_port, "PORT", "mysqld's port")->capture_default_str();
  Add(command, "socket", my_cnf.socket, "FILE", "mysqld's socket (default: <data-dir>/mysql.sock)");
  Add(command, "server-id", my_cnf.server_id, "N", "One of its own in the shard (default: random)")
      ->check(CLI::Range(kFirstServerId, UINT32_MAX));
  Add(command, "report-host", my_cnf.report_host, "HOST",
      "The name under which others reach this mysqld");
  Add(command, "bind-address", my_cnf.bind_address, "ADDRESS",
      "Where mysqld listens (default: every address)");
  Add(command, "extra-my-cnf", flags.extra_my_cnf, "FILE",
      "A file whose text is added to my.cnf and wins");
  command.add_flag("--mysql-clone-enabled", accounts.clone_enabled,
                   "Load MySQL's CLONE plugin and make the clone account");
  AddAccountFlags(command, "dba", accounts.dba, flags.dba_password_file);
  AddAccountFlags(command, "repl", accounts.repl, flags.repl_password_file);
  AddAccountFlags(command, "clone", accounts.clone, flags.clone_password_file);
}

void AddDuration(CLI::App& command, const std::string& name, absl::Duration& target,
                 const std::string& help) {
  command
      .add_option_function<std::string>(
          name,
          [name, &target](const std::string& text) {
            const absl::StatusOr<absl::Duration> value = graft::ParseDuration(text);
            if (!value.ok()) {
              throw CLI::ValidationError(name, std::string(value.status().message()));
            }
            target = *value;
          },
          absl::StrCat(help, " (default: ", graft::HumanDuration(target), ")"))
      ->type_name("DURATION");
}

void AddRunFlags(CLI::App& command, Flags& flags) {
  AddCommonFlags(command, flags);
  graft::RestartLimits& limits = flags.run.limits;
  command
      .add_option("--max-crashes", limits.max_crashes,
                  "Give up after this many crashes within --crash-window")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  AddDuration(command, "--crash-window", limits.window, "The time in which crashes count");
  AddDuration(command, "--restart-backoff", limits.backoff,
              "Pause before the second restart within the window; the first is at once, each "
              "further one takes twice as long");
}

// Makes the commands init and run, in this order.
void AddCommands(CLI::App& app, Flags& flags) {
  app.require_subcommand(1);
  app.footer(
      "Exit status:\n"
      "  0  done; run: stopped by SIGTERM or SIGINT\n"
      "  1  it failed; run: or mysqld's own code, when mysqld ended by itself\n"
      "  2  usage error or invalid argument\n");
  AddInitFlags(
      *app.add_subcommand(
          "init", "Fills an empty or missing directory: my.cnf, data, accounts. All or nothing."),
      flags);
  AddRunFlags(
      *app.add_subcommand(
          "run",
          "Runs mysqld. Starts it again when it asks for that (RESTART and CLONE end mysqld with "
          "exit code 16) and after a crash (a signal, or exit code 2); ends with any other exit "
          "code of mysqld's. SIGTERM and SIGINT stop both. If graft-mysqld itself is killed, "
          "mysqld goes on."),
      flags);
  graft::AddDocuments(app);
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "graft-mysqld: makes a MySQL tablet ready for cloning, and is mysqld's parent.\n"
      "--data-dir is the tablet's directory, Vitess's vt_<uid>. It holds my.cnf, data/ (mysqld's\n"
      "own data directory), mysql.sock, mysqld.pid and error.log.",
      "graft-mysqld");
  Flags flags;
  AddCommands(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  const bool is_init = app.got_subcommand("init");
  if (!is_init) {
    Log(absl::StrCat("starts, version ", graft::kVersion, ", options ",
                     graft::ToCommandLine(graft::GivenOptions(app, argc, argv),
                                          graft::OptionSource::kCommandLine)));
  }
  const absl::StatusOr<int> code = is_init ? Init(flags) : Run(flags);
  if (code.ok()) return *code;
  Log(code.status().message());
  return absl::IsInvalidArgument(code.status()) ? kUsage : 1;
}
