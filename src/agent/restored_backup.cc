#include "agent/restored_backup.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/listen.h"
#include "mysqld/my_cnf.h"
#include "mysqld/mysqld_process.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr char kLoopback[] = "127.0.0.1";
constexpr absl::Duration kServerPause = absl::Milliseconds(100);
constexpr absl::Duration kKillPatience = absl::Seconds(30);

absl::StatusOr<int> FindFreePort() {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Fd> sockets,
                         ListenOn(kLoopback, 0, "for the backup's mysqld"));
  return PortOf(sockets.front());
}

absl::StatusOr<std::string> FindUsableMysqld(const std::string& flag) {
  const absl::StatusOr<std::string> mysqld = FindMysqld(flag);
  if (!mysqld.ok()) return absl::FailedPreconditionError(mysqld.status().message());
  GRAFT_RETURN_IF_ERROR(MysqldVersion(*mysqld).status());
  return mysqld;
}

// By its socket, which mysqld opens after its port and only if no other one works there.
bool Accepts(const std::string& path) {
  const Fd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  const auto* const raw = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: likewise
  return socket_fd.ok() && connect(socket_fd.get(), raw, sizeof(address)) == 0;
}

absl::Status Unusable(const std::string& backup, const absl::Status& why) {
  return Failure(Reason::kBackupUnusable, absl::StrCat("the backup ", backup, ": ", why.message()));
}

// In words of an operation's errors.
absl::Status ForOperation(const std::string& backup, const absl::Status& status) {
  if (status.ok() || IsAway(status) || absl::IsCancelled(status)) return status;
  if (absl::IsNotFound(status)) return WithReason(status, Reason::kNoBackup);
  const bool unusable = absl::IsDataLoss(status) || absl::IsUnimplemented(status);
  return unusable ? Unusable(backup, status) : Annotate(status, "the backup " + backup);
}

absl::Status MakeEmptyFolder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) fs::create_directories(path, error);
  if (error) return FileError("make", path, error.value());
  if (chmod(path.c_str(), 0750) != 0) return FileError("chmod", path, errno);
  return absl::OkStatus();
}

}  // namespace

RestoredBackup::RestoredBackup(Clock& clock, RestoreOptions options)
    : clock_(clock), options_(std::move(options)), paths_(PathsOf(options_.dir)) {
  progress_.interrupted = [this] { return interrupt_->cancelled(); };
}

RestoredBackup::~RestoredBackup() {
  Stop();
}

absl::StatusOr<Backup> RestoredBackup::Find(BackupStorage& storage, const BackupChoice& choice) {
  GRAFT_ASSIGN_OR_RETURN(const auto backups, ListBackups(storage, options_.shard));
  return ChooseBackup(backups, choice);
}

absl::StatusOr<std::unique_ptr<BackupStorage>> RestoredBackup::Open() const {
  if (options_.open != nullptr) return options_.open();
  return Failure(Reason::kNoBackup,
                 "this agent has no storage of backups: give it --backup-storage-implementation "
                 "and what goes with it");
}

absl::StatusOr<std::string> RestoredBackup::Choose(const std::string& name) {
  GRAFT_ASSIGN_OR_RETURN(const auto storage, Open());
  BackupChoice choice{name};
  if (name.empty()) {
    choice.not_after = options_.not_after;
    choice.not_before = clock_.Now() - options_.max_age;
  }
  const absl::StatusOr<Backup> backup = Find(*storage, choice);
  if (!backup.ok()) return ForOperation(name, backup.status());
  return backup->name.ToString();
}

void RestoredBackup::Begin(const std::string& backup,
                           const std::map<std::string, std::string>& variables) {
  {
    absl::MutexLock lock(&mutex_);
    if (runs_) return;
  }
  Stop();
  absl::MutexLock lock(&mutex_);
  interrupt_ = std::make_unique<Cancellation>();
  state_ = BackupDonorState();
  progress_.bytes = 0;
  runs_ = true;
  thread_ = std::thread([this, backup, variables] {
    const absl::Status status = ForOperation(backup, Run(backup, variables));
    absl::MutexLock end(&mutex_);
    state_.failure = status;
    state_.serves = status.ok();
    runs_ = false;
  });
}

BackupDonorState RestoredBackup::Look() {
  absl::MutexLock lock(&mutex_);
  BackupDonorState state = state_;
  state.bytes_done = std::min<int64_t>(progress_.bytes, state.bytes_expected);
  if (state.serves && !Accepts(paths_.socket())) state.serves = false;
  if (!state.serves && !runs_ && state.failure.ok()) {
    state.failure = absl::UnavailableError("the mysqld that serves the backup has ended");
  }
  return state;
}

void RestoredBackup::Stop() {
  if (interrupt_ != nullptr) interrupt_->Cancel();
  if (thread_.joinable()) thread_.join();
}

absl::Status RestoredBackup::Run(const std::string& backup,
                                 const std::map<std::string, std::string>& variables) {
  // Before hours of restoring.
  GRAFT_ASSIGN_OR_RETURN(const std::string mysqld, FindUsableMysqld(options_.mysqld));
  GRAFT_ASSIGN_OR_RETURN(const std::string position, Restore(backup));
  {
    absl::MutexLock lock(&mutex_);
    state_.position = position;
  }
  absl::Status served = Serve(mysqld, variables);
  // Its port may have been taken meanwhile.
  if (absl::IsFailedPrecondition(served)) served = Serve(mysqld, variables);
  if (served.ok() || absl::IsCancelled(served) || IsAway(served)) return served;
  return Unusable(backup, served);
}

// my.cnf is older than any server here: one that an earlier process has just started shows nothing
// else yet.
absl::Status RestoredBackup::Serve(const std::string& mysqld,
                                   const std::map<std::string, std::string>& variables) {
  std::error_code error;
  if (HasEnded()) {
    // Of one that was killed; its number may be another process's by now.
    fs::remove(paths_.socket() + ".lock", error);
    if (!fs::exists(paths_.my_cnf(), error)) {
      GRAFT_RETURN_IF_ERROR(WriteMyCnf(mysqld, variables));
    }
    ChildCommand command;
    command.argv = {mysqld, "--defaults-file=" + paths_.my_cnf()};
    GRAFT_ASSIGN_OR_RETURN(child_, SpawnChild(command));
  }
  const absl::Status served = AwaitServer();
  if (!served.ok() && !absl::IsCancelled(served)) fs::remove(paths_.my_cnf(), error);
  return served;
}

absl::StatusOr<std::string> RestoredBackup::Restore(const std::string& backup) {
  const std::string note = paths_.dir + "/backup";
  const std::vector<std::string> known = absl::StrSplit(ReadFile(note).value_or(""), '\n');
  if (known.size() > 1 && known[0] == backup) return known[1];
  GRAFT_ASSIGN_OR_RETURN(const auto storage, Open());
  storage->InterruptBy(progress_.interrupted);
  GRAFT_ASSIGN_OR_RETURN(const Backup found, Find(*storage, BackupChoice{backup}));
  {
    absl::MutexLock lock(&mutex_);
    state_.bytes_expected = found.stored_bytes;
  }
  GRAFT_RETURN_IF_ERROR(KillServer());  // of another backup
  GRAFT_RETURN_IF_ERROR(MakeEmptyFolder(paths_.dir));
  GRAFT_RETURN_IF_ERROR(MakeEmptyFolder(paths_.data()));
  const absl::Status restored =
      RestoreFiles(*storage, found, paths_.data(), options_.threads, progress_);
  if (!restored.ok()) {
    std::error_code ignored;
    fs::remove_all(paths_.dir, ignored);
    return restored;
  }
  const std::string position = GtidSetOf(found.manifest.position);
  GRAFT_RETURN_IF_ERROR(ReplaceFile(note, absl::StrCat(backup, "\n", position)));
  GRAFT_RETURN_IF_ERROR(SyncDirectory(paths_.dir));
  return position;
}

absl::Status RestoredBackup::WriteMyCnf(const std::string& mysqld,
                                        const std::map<std::string, std::string>& variables) const {
  MyCnfOptions my_cnf;
  GRAFT_ASSIGN_OR_RETURN(my_cnf.version, MysqldVersion(mysqld));
  GRAFT_ASSIGN_OR_RETURN(my_cnf.mysql_port, FindFreePort());
  my_cnf.paths = paths_;
  my_cnf.server_id = std::uniform_int_distribution<uint32_t>(
      1, INT32_MAX)(*std::make_unique<std::random_device>());
  my_cnf.bind_address = kLoopback;
  my_cnf.run_as_root = geteuid() == 0;
  my_cnf.clone_enabled = true;
  std::string extra =
      "# A donor for this machine's tablet, and nothing else.\n"
      "super_read_only=ON\n"
      "event_scheduler=OFF\n"
      "disable_log_bin\n";
  for (const auto& [name, value] : variables) absl::StrAppend(&extra, name, "=", value, "\n");
  my_cnf.extras.push_back(extra);
  if (paths_.socket().size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the socket's path is too long: ", paths_.socket(), "; give a --restore-dir"));
  }
  GRAFT_RETURN_IF_ERROR(CheckMyCnfOptions(my_cnf));
  return ReplaceFile(paths_.my_cnf(), MyCnfText(my_cnf));
}

absl::Status RestoredBackup::AwaitServer() {
  const std::string text = ReadFile(paths_.my_cnf()).value_or("");
  int port = 0;
  if (!absl::SimpleAtoi(FindMyCnfValue(text, "port").value_or(""), &port)) {
    return absl::DataLossError(absl::StrCat(paths_.my_cnf(), " names no port"));
  }
  {
    absl::MutexLock lock(&mutex_);
    state_.address = {kLoopback, port};
  }
  while (!Accepts(paths_.socket())) {
    if (HasEnded()) {
      const std::string errors = LastErrors(paths_.error_log());
      return absl::FailedPreconditionError(
          absl::StrCat("no mysqld starts on it: ", errors.empty() ? "it logged no error" : errors));
    }
    GRAFT_RETURN_IF_ERROR(Wait());
  }
  return absl::OkStatus();
}

bool RestoredBackup::HasEnded() {
  if (child_ != 0 && waitpid(child_, nullptr, WNOHANG) == child_) child_ = 0;
  return child_ == 0 && !FindLiveMysqld(paths_).has_value();
}

absl::Status RestoredBackup::Wait() {
  const WaitEnd end = interrupt_->WaitFor(clock_, kServerPause);
  return end == WaitEnd::kCancelled ? absl::CancelledError("interrupted") : absl::OkStatus();
}

absl::Status RestoredBackup::Remove() {
  Stop();
  {
    absl::MutexLock lock(&mutex_);
    state_ = BackupDonorState();
    state_.failure = absl::UnavailableError("no backup is served");
  }
  std::error_code error;
  if (!fs::exists(paths_.dir, error)) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(KillServer());
  fs::remove_all(paths_.dir, error);
  return error ? FileError("remove", paths_.dir, error.value()) : absl::OkStatus();
}

absl::Status RestoredBackup::KillServer() {
  Cancellation never;
  const absl::Time deadline = clock_.Now() + kKillPatience;
  for (auto pid = FindLiveMysqld(paths_); pid.has_value(); pid = FindLiveMysqld(paths_)) {
    kill(*pid, SIGKILL);  // nobody needs its data any more
    if (clock_.Now() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat("the backup's mysqld (process ", *pid, ") does not end"));
    }
    never.WaitFor(clock_, kServerPause);
    HasEnded();
  }
  return absl::OkStatus();
}

}  // namespace graft
