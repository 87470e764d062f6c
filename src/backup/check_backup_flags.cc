#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backup/backup_flags.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

// As vtbackup calls itself, so that Vitess knows the backup's name.
constexpr char kCell[] = "vtbackup";
constexpr int kMostThreads = 256;

class BackupFaults {
 public:
  void Add(absl::string_view flag, const absl::Status& status) {
    if (!status.ok()) texts_.push_back(absl::StrCat(flag, status.message()));
  }
  template <typename T>
  void Take(absl::string_view flag, absl::StatusOr<T> value, T& into) {
    Add(flag, value.status());
    if (value.ok()) into = *std::move(value);
  }
  absl::Status ToStatus() const {
    if (texts_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(texts_, "\n"));
  }

 private:
  std::vector<std::string> texts_;
};

uint32_t RandomId() {
  return std::uniform_int_distribution<uint32_t>(
      1, INT32_MAX)(*std::make_unique<std::random_device>());
}

std::string DefaultWorkDir(const ProvisionerOptions& tablet) {
  const char* root = std::getenv("VTDATAROOT");
  return absl::StrCat(root != nullptr ? root : "/vt/vtdataroot", "/graft-backup-", tablet.keyspace,
                      "-", tablet.shard);
}

// The server reads another server's data, so what decides whether it can is set as the user says.
absl::Status FillServer(const BackupFlags& flags, BackupOptions& options) {
  InitOptions& server = options.server;
  GRAFT_ASSIGN_OR_RETURN(server.mysqld, FindMysqld(flags.mysqld));
  MyCnfOptions& my_cnf = server.my_cnf;
  GRAFT_ASSIGN_OR_RETURN(my_cnf.version, MysqldVersion(server.mysqld));
  my_cnf.paths = PathsOf(options.work_dir + "/server");
  my_cnf.server_id = RandomId();
  my_cnf.run_as_root = geteuid() == 0;
  my_cnf.clone_enabled = true;
  my_cnf.extras.push_back(
      "# Nobody is to reach it but graft-backup, through the socket.\n"
      "skip_networking=ON\n"
      "event_scheduler=OFF\n");
  for (const std::string& path : flags.extra_my_cnf) {
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return Annotate(text.status(), "--extra-my-cnf");
    my_cnf.extras.push_back(*std::move(text));
  }
  const AgentOptions& agent = options.agent;
  server.accounts.clone_enabled = true;
  server.accounts.dba = {agent.mysql.user, agent.mysql.password};
  server.accounts.repl = {agent.tablet.provisioner.repl.user,
                          agent.tablet.provisioner.repl.password};
  server.accounts.clone = {agent.tablet.provisioner.clone.user,
                           agent.tablet.provisioner.clone.password};
  // CheckMyCnfOptions() would speak of graft-mysqld's flags.
  if (my_cnf.paths.socket().size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("--work-dir: the socket's path is too long: ",
                                                   my_cnf.paths.socket(), "; name a shorter one"));
  }
  return CheckMyCnfOptions(my_cnf);
}

}  // namespace

absl::StatusOr<BackupOptions> CheckBackupFlags(BackupFlags flags) {
  BackupFaults faults;
  AgentFlags& agent = flags.agent;
  ProvisionerOptions& tablet = agent.options.tablet.provisioner;
  BackupOptions options = flags.options;
  options.clones = agent.options.tablet.restore_with_clone;
  agent.tablet_path = TabletAlias{kCell, RandomId()}.ToString();
  if (options.work_dir.empty()) options.work_dir = DefaultWorkDir(tablet);
  agent.options.mysql.socket = PathsOf(options.work_dir + "/server").socket();
  agent.options.state_dir = options.work_dir;
  faults.Take("", CheckFlags(agent), options.agent);
  faults.Add("", CheckStorageOptions(options.storage));
  if (flags.compression == "none") {
    options.take.compression = Compression::kNone;
  } else {
    faults.Take("--compression-engine-name: ", ParseCompression(flags.compression),
                options.take.compression);
  }
  if (options.take.threads < 1 || options.take.threads > kMostThreads) {
    faults.Add("--concurrency: ", absl::InvalidArgumentError(absl::StrCat(
                                      options.take.threads, " is not 1 to ", kMostThreads)));
  }
  faults.Take("--min-backup-interval: ", ParseDuration(flags.min_interval), options.min_interval);
  faults.Take("--min-retention-time: ", ParseDuration(flags.min_retention_time),
              options.retention.min_time);
  faults.Take("--keep-alive-timeout: ", ParseDuration(flags.keep_alive), options.keep_alive);
  options.prunes = options.retention.min_time > absl::ZeroDuration();
  if (options.prunes) {
    faults.Add("", ChoosePruned({}, options.retention, absl::InfinitePast()).status());
  }
  GRAFT_RETURN_IF_ERROR(faults.ToStatus());
  faults.Add("", FillServer(flags, options));
  GRAFT_RETURN_IF_ERROR(faults.ToStatus());
  return options;
}

}  // namespace graft
