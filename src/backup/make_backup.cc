#include "backup/make_backup.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "backup/backup_layout.h"
#include "backup/clone_into_backup.h"
#include "backup/progress_log.h"
#include "backup/table_check.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "base/server_version.h"
#include "journal/file_journal.h"
#include "mysql/connector_server.h"
#include "mysql/maintenance.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

constexpr absl::Duration kLookPause = absl::Milliseconds(200);
// As Vitess: replication that only fails for so long is given up.
constexpr absl::Duration kErrorPatience = absl::Minutes(1);

// mysqld's own end, with its buffers to write, and with all of undo to purge for --upgrade-safe.
constexpr absl::Duration kCleanEndPatience = absl::Hours(1);

class BackupRun {
 public:
  BackupRun(const BackupOptions& options, BackupStorage& storage, TemporaryMysqld& mysqld,
            const WorkFolder& work, Clock& clock, Log& log, BackupStatus& status,
            Cancellation& interrupt)
      : options_(options),
        storage_(storage),
        mysqld_(mysqld),
        work_(work),
        clock_(clock),
        log_(log),
        status_(status),
        interrupt_(interrupt),
        server_(MakeConnectorServer(clock, options.agent.mysql)) {}

  absl::StatusOr<Backup> Run() {
    manifest_.time = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
    status_.Enter(BackupPhase::kRestoreLastBackup,
                  options_.clones ? "making the temporary mysqld" : "restoring the newest backup");
    GRAFT_RETURN_IF_ERROR(AwaitStart());
    GRAFT_RETURN_IF_ERROR(CheckLayout(*server_).status());  // by its my.cnf; its data comes later
    GRAFT_ASSIGN_OR_RETURN(OpenedTopology opened, OpenTopology(clock_, options_.agent.topo));
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                           MakeFileJournal(work_.journal()));
    if (options_.clones) {
      GRAFT_RETURN_IF_ERROR(CloneIntoBackup({options_.agent, log_, opened, *server_, *journal,
                                             [this] { return mysqld_.CheckRuns(); }, status_},
                                            interrupt_));
    }
    status_.Enter(BackupPhase::kCatchupReplication, "asking for the primary's position");
    DisableRedoLog();
    GRAFT_ASSIGN_OR_RETURN(const std::string goal, AwaitPrimary(*opened.topology));
    GRAFT_RETURN_IF_ERROR(CatchUp(goal));
    status_.Enter(BackupPhase::kTakeNewBackup, "reading every table, and ending mysqld");
    GRAFT_RETURN_IF_ERROR(StopServer());
    return Take();
  }

 private:
  absl::Status Wait() {
    GRAFT_RETURN_IF_ERROR(mysqld_.CheckRuns());
    if (interrupt_.WaitFor(clock_, kLookPause) != WaitEnd::kCancelled) return absl::OkStatus();
    return absl::CancelledError("interrupted");
  }

  // Its end is noticed; a restore, or a recovery, takes as long as it takes.
  absl::Status AwaitStart() {
    absl::Status answer = server_->Describe().status();
    while (IsAway(answer)) {
      GRAFT_RETURN_IF_ERROR(Wait());
      answer = server_->Describe().status();
    }
    return Annotate(answer, "the temporary mysqld, whose accounts are those of its data");
  }

  // As Vitess: a server that cannot do without it catches up with it. If mysqld is killed without
  // it, no mysqld starts on the data; this run ends then, and its data with it.
  void DisableRedoLog() {
    if (!options_.disable_redo_log) return;
    const absl::Status status = SwitchRedoLog(clock_, options_.agent.mysql, false);
    redo_log_off_ = status.ok();
    if (!status.ok()) log_.Warning("the redo log stays enabled", StatusFields(status));
  }

  // A topology or a primary that is away for a while does not cost the copy.
  absl::StatusOr<std::string> AwaitPrimary(Topology& topology) {
    const absl::Duration patience = options_.agent.tablet.provisioner.catch_up_stall_timeout;
    const absl::Time deadline = clock_.Now() + patience;
    absl::StatusOr<std::string> position = PrimaryPosition(topology);
    while (IsAway(position.status()) && clock_.Now() < deadline) {
      GRAFT_RETURN_IF_ERROR(Wait());
      position = PrimaryPosition(topology);
    }
    if (!position.ok()) return Annotate(position.status(), "the primary's position");
    return position;
  }

  // What the primary has now: the backup is to have that too. A restored server follows it from
  // here on; a cloned one does already.
  absl::StatusOr<std::string> PrimaryPosition(Topology& topology) {
    const ProvisionerOptions& identity = options_.agent.tablet.provisioner;
    GRAFT_ASSIGN_OR_RETURN(const Shard shard, topology.GetShard(identity.keyspace, identity.shard));
    GRAFT_ASSIGN_OR_RETURN(const Tablet primary, topology.GetTablet(shard.primary));
    const auto server = MakeConnectorServer(clock_, PeerConnection(primary.mysql, identity.clone));
    GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, server->Describe());
    if (!options_.clones) GRAFT_RETURN_IF_ERROR(Follow(primary.mysql));
    log_.Info("catching up with the primary",
              {{"primary", shard.primary.ToString()}, {"goal", facts.gtid_executed}});
    return facts.gtid_executed;
  }

  absl::Status Follow(const HostPort& primary) {
    const MysqlAccount& account = options_.agent.tablet.provisioner.repl;
    ReplicationSource source;
    source.address = primary;
    source.user = account.user;
    source.password = account.password;
    source.use_ssl = account.use_ssl;
    return server_->StartReplication(source);
  }

  absl::Status CatchUp(const std::string& goal) {
    GRAFT_ASSIGN_OR_RETURN(const GtidSet wanted, GtidSet::Parse(goal));
    const absl::Duration patience = options_.agent.tablet.provisioner.catch_up_stall_timeout;
    absl::Time moved = clock_.Now();
    absl::Time good = clock_.Now();
    std::string seen;
    while (true) {
      GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, server_->Describe());
      GRAFT_ASSIGN_OR_RETURN(const GtidSet here, GtidSet::Parse(facts.gtid_executed));
      if (here.Contains(wanted)) return absl::OkStatus();
      const absl::Time now = clock_.Now();
      if (facts.gtid_executed != seen) moved = now;
      seen = facts.gtid_executed;
      GRAFT_ASSIGN_OR_RETURN(const std::string error, ReplicationError());
      if (error.empty()) good = now;
      const std::string missing = DescribeGtids(wanted.Minus(here));
      status_.Enter(BackupPhase::kCatchupReplication,
                    absl::StrCat("catching up, ", missing, " are missing"));
      if (now - good >= kErrorPatience) {
        return absl::UnavailableError(absl::StrCat("replication fails for ",
                                                   HumanDuration(now - good), ": ", error, "; ",
                                                   missing, " are missing. No backup was taken"));
      }
      if (patience > absl::ZeroDuration() && now - moved >= patience) {
        return absl::DeadlineExceededError(absl::StrCat(
            "catching up with the primary stands still for ", HumanDuration(now - moved), "; ",
            missing, " are missing. No backup was taken"));
      }
      GRAFT_RETURN_IF_ERROR(Wait());
    }
  }

  // FAILED_PRECONDITION: it will never go on.
  absl::StatusOr<std::string> ReplicationError() {
    const auto channels = server_->ReadReplication();
    if (!channels.ok()) return std::string(channels.status().message());
    for (const ReplicationChannel& channel : *channels) {
      if (channel.lacks_binlogs()) {
        return absl::FailedPreconditionError(
            absl::StrCat("the primary no longer has the binary logs since the newest backup: use "
                         "--restore-with-clone. Replication says: ",
                         channel.receiver_error));
      }
      if (channel.applier_errno != 0) return channel.applier_error;
      if (channel.receiver_errno != 0) return channel.receiver_error;
    }
    return "";
  }

  // The position is of the data that the files will have: nothing changes it any more.
  absl::Status StopServer() {
    GRAFT_ASSIGN_OR_RETURN(system_files_, CheckLayout(*server_));
    GRAFT_RETURN_IF_ERROR(server_->StopReplication(/*forget=*/true));
    if (redo_log_off_) GRAFT_RETURN_IF_ERROR(SwitchRedoLog(clock_, options_.agent.mysql, true));
    GRAFT_RETURN_IF_ERROR(CheckTablesReadable(
        {options_.agent.mysql, mysqld_, clock_, log_, status_, options_.take.threads}, interrupt_));
    GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, server_->Describe());
    GRAFT_ASSIGN_OR_RETURN(const ServerVersion version, ServerVersion::Parse(facts.version));
    manifest_.position = "MySQL56/" + facts.gtid_executed;
    manifest_.purged_position = "MySQL56/" + facts.gtid_purged;
    manifest_.server_uuid = facts.server_uuid;
    manifest_.mysql_version = version.ToString();
    manifest_.upgrade_safe = options_.upgrade_safe;
    if (options_.upgrade_safe) {
      GRAFT_RETURN_IF_ERROR(
          server_->SetVariables({{VariableChange::How::kGlobal, "innodb_fast_shutdown", "0"}}));
    }
    GRAFT_RETURN_IF_ERROR(CheckNewer(facts.gtid_executed));
    server_.reset();  // an open session delays mysqld's end
    return mysqld_.Stop(kCleanEndPatience);
  }

  // A donor that is behind, or of another history, must not become the newest backup.
  absl::Status CheckNewer(const std::string& gtid_executed) const {
    GRAFT_ASSIGN_OR_RETURN(const auto known, ListBackups(storage_, ShardOf(options_)));
    const absl::StatusOr<Backup> newest = ChooseBackup(known, {});
    if (!newest.ok()) return absl::OkStatus();
    const absl::StatusOr<GtidSet> lost =
        GtidDifference(GtidSetOf(newest->manifest.position), gtid_executed);
    if (!lost.ok()) return Annotate(lost.status(), "the position of " + newest->manifest.name);
    if (lost->empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("the backup ", newest->name.ToString(), " has ", DescribeGtids(*lost),
                     " that the new one would lack: nothing was written"));
  }

  absl::StatusOr<Backup> Take() {
    const ProvisionerOptions& identity = options_.agent.tablet.provisioner;
    manifest_.tablet_alias = identity.alias.ToString();
    manifest_.hostname = options_.agent.tablet.hostname;
    manifest_.keyspace = identity.keyspace;
    manifest_.shard = identity.shard;
    GRAFT_ASSIGN_OR_RETURN(const SourceFiles source,
                           ListSourceFiles(options_.server.my_cnf.paths.data(), system_files_));
    const BackupName name = {manifest_.time, identity.alias};
    GRAFT_RETURN_IF_ERROR(work_.NoteBackup(absl::StrCat(ShardOf(options_), "/", name.ToString())));
    return Write(source);
  }

  // Before anybody can see it.
  absl::Status ReadBack(const Backup& backup, int64_t bytes) {
    log_.Info("reading the backup", {{"backup", backup.folder()}});
    BackupProgress read;
    read.interrupted = [this] { return interrupt_.cancelled(); };
    const ProgressLog tells(log_, clock_, "reading the backup", read, bytes, status_);
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> faults,
                           VerifyBackup(storage_, backup, options_.take.threads, read));
    if (faults.empty()) return absl::OkStatus();
    return absl::DataLossError(
        "the storage does not give back what was written, which is removed: " + faults.front());
  }

  absl::StatusOr<Backup> Write(const SourceFiles& source) {
    int64_t bytes = 0;
    for (const SourceFile& file : source.files) bytes += file.bytes;
    log_.Info("writing the backup",
              {{"files", absl::StrCat(source.files.size())}, {"bytes", absl::StrCat(bytes)}});
    BackupProgress written;
    written.interrupted = [this] { return interrupt_.cancelled(); };
    const ProgressLog tells(log_, clock_, "writing the backup", written, bytes, status_);
    return TakeBackup(storage_, source, manifest_, options_.take, clock_, written,
                      [&](const Backup& backup) { return ReadBack(backup, bytes); });
  }

  const BackupOptions& options_;
  BackupStorage& storage_;
  TemporaryMysqld& mysqld_;
  const WorkFolder& work_;
  Clock& clock_;
  Log& log_;
  BackupStatus& status_;
  Cancellation& interrupt_;
  std::unique_ptr<MysqlServer> server_;
  Manifest manifest_;
  std::vector<std::string> system_files_;
  bool redo_log_off_ = false;
};

}  // namespace

absl::StatusOr<Backup> MakeBackup(const BackupOptions& options, BackupStorage& storage,
                                  TemporaryMysqld& mysqld, const WorkFolder& work, Clock& clock,
                                  Log& log, BackupStatus& status, Cancellation& interrupt) {
  return BackupRun(options, storage, mysqld, work, clock, log, status, interrupt).Run();
}

}  // namespace graft
