// graft-backup: parses its flags, makes a temporary mysqld, and a backup by way of it.
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backup/backup_flags.h"
#include "backup/make_backup.h"
#include "backup/temporary_mysqld.h"
#include "base/clocks.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "cli/output.h"

namespace {

// Runs with SIGTERM and SIGINT blocked; a thread waits for them, and for its own end.
class Interrupts {
 public:
  explicit Interrupts(const sigset_t& signals)
      : waiter_([this, signals] {
          int signal = 0;
          sigwait(&signals, &signal);
          interrupt_.Cancel();
        }) {}
  ~Interrupts() {
    if (!interrupt_.cancelled()) pthread_kill(waiter_.native_handle(), SIGTERM);
    waiter_.join();
  }
  graft::Cancellation& interrupt() { return interrupt_; }

 private:
  graft::Cancellation interrupt_;
  std::thread waiter_;
};

// As long as nobody waits for them.
bool IsSignalled() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

absl::Status Run(const graft::BackupOptions& options, graft::Log& log, const sigset_t& signals) {
  const std::unique_ptr<graft::Clock> clock = graft::MakeRealClock();
  GRAFT_ASSIGN_OR_RETURN(const auto storage, graft::OpenStorage(options.storage));
  storage->InterruptBy(&IsSignalled);
  GRAFT_ASSIGN_OR_RETURN(const auto known, graft::FindDueBackup(options, *storage, clock->Now()));
  if (!known.has_value()) {
    log.Info("the newest backup is young enough: nothing to do");
    return absl::OkStatus();
  }
  GRAFT_ASSIGN_OR_RETURN(auto work, graft::WorkFolder::Open(*clock, options.work_dir));
  if (work->cleaned())
    log.Info("removed what a graft-backup that was killed had left in --work-dir");
  GRAFT_RETURN_IF_ERROR(graft::RemoveLeftBackup(*storage, *work, log));
  GRAFT_RETURN_IF_ERROR(graft::TryStorage(options, *storage));
  // Before any thread: it forks.
  GRAFT_ASSIGN_OR_RETURN(
      auto mysqld, graft::TemporaryMysqld::Start(options.server,
                                                 graft::FillFromNewest(options, *known, *storage)));
  Interrupts interrupts(signals);
  graft::BackupStatus status(*clock, graft::ShardOf(options));
  std::unique_ptr<graft::HttpServer> http;
  if (options.http_port.has_value()) {
    GRAFT_ASSIGN_OR_RETURN(
        http,
        graft::ServeBackupStatus(status, *clock, {options.agent.bind_address, *options.http_port}));
    log.Info("HTTP is served", {{"port", absl::StrCat(http->port())}});
  }
  std::optional<graft::StatusLine> line;
  if (options.watch && isatty(STDOUT_FILENO) == 1) line.emplace(status, *clock);
  storage->InterruptBy([&interrupts] { return interrupts.interrupt().cancelled(); });
  GRAFT_ASSIGN_OR_RETURN(const graft::Backup backup,
                         graft::MakeBackup(options, *storage, *mysqld, *work, *clock, log, status,
                                           interrupts.interrupt()));
  status.End(absl::OkStatus());
  log.Info("the backup is complete", {{"backup", backup.folder()},
                                      {"position", backup.manifest.position},
                                      {"stored_bytes", absl::StrCat(backup.stored_bytes)}});
  GRAFT_RETURN_IF_ERROR(
      graft::Annotate(graft::PruneBackups(options, *storage, *clock, log),
                      "the new backup is complete, but old ones could not be removed"));
  mysqld.reset();  // before what it lies in
  work.reset();
  if (options.keep_alive > absl::ZeroDuration()) {
    log.Info("waiting before the end",
             {{"keep_alive_timeout", graft::HumanDuration(options.keep_alive)}});
    interrupts.interrupt().WaitFor(*clock, options.keep_alive);
  }
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  const graft::ParsedBackupFlags parsed = graft::ParseBackupFlags(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  const absl::StatusOr<graft::BackupOptions> options = graft::CheckBackupFlags(parsed.flags);
  if (!options.ok()) {
    std::cerr << options.status().message() << "\nSee graft-backup --help.\n";
    return static_cast<int>(graft::cli::ExitCodeOf(options.status()));
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto log = graft::MakeLog(options->agent.log);
  log->Info("graft-backup starts", graft::StartFields(parsed.given));
  const absl::Status status = Run(*options, *log, signals);
  if (!status.ok()) log->Error("graft-backup ends with an error", graft::StatusFields(status));
  return static_cast<int>(graft::cli::ExitCodeOf(status));
}
