#include "backup/make_backup.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "backup/clone_into_backup.h"
#include "backup/progress_log.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "base/server_version.h"
#include "journal/file_journal.h"
#include "mysql/connector_server.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

constexpr absl::Duration kLookPause = absl::Milliseconds(200);
// As Vitess: replication that only fails for so long is given up.
constexpr absl::Duration kErrorPatience = absl::Minutes(1);

class BackupRun {
 public:
  BackupRun(const BackupOptions& options, const std::vector<Backup>& known, BackupStorage& storage,
            TemporaryMysqld& mysqld, const WorkFolder& work, Clock& clock, Log& log,
            Cancellation& interrupt)
      : options_(options),
        known_(known),
        storage_(storage),
        mysqld_(mysqld),
        work_(work),
        clock_(clock),
        log_(log),
        interrupt_(interrupt),
        server_(MakeConnectorServer(clock, options.agent.mysql)) {}

  absl::StatusOr<Backup> Run() {
    manifest_.time = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
    GRAFT_RETURN_IF_ERROR(AwaitStart());
    GRAFT_ASSIGN_OR_RETURN(OpenedTopology opened, OpenTopology(clock_, options_.agent.topo));
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                           MakeFileJournal(work_.journal()));
    if (options_.clones) {
      GRAFT_RETURN_IF_ERROR(
          CloneIntoBackup({options_.agent, log_, opened, *server_, *journal}, interrupt_));
    }
    GRAFT_ASSIGN_OR_RETURN(const std::string goal, PrimaryPosition(*opened.topology));
    GRAFT_RETURN_IF_ERROR(CatchUp(goal));
    GRAFT_RETURN_IF_ERROR(StopServer());
    GRAFT_ASSIGN_OR_RETURN(Backup backup, Take());
    if (options_.prunes) GRAFT_RETURN_IF_ERROR(Prune(backup));
    return backup;
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
    GRAFT_RETURN_IF_ERROR(server_->StopReplication(/*forget=*/true));
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
    return mysqld_.Stop();
  }

  // A donor that is behind, or of another history, must not become the newest backup.
  absl::Status CheckNewer(const std::string& gtid_executed) const {
    const absl::StatusOr<Backup> newest = ChooseBackup(known_, {});
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
                           ListSourceFiles(options_.server.my_cnf.paths.data()));
    GRAFT_RETURN_IF_ERROR(
        work_.NoteBackup(absl::StrCat(identity.keyspace, "/", identity.shard, "/",
                                      BackupName{manifest_.time, identity.alias}.ToString())));
    GRAFT_ASSIGN_OR_RETURN(Backup backup, Write(source));
    log_.Info("reading the backup",
              {{"backup", backup.folder()}, {"stored_bytes", absl::StrCat(backup.stored_bytes)}});
    BackupProgress read;
    read.interrupted = [this] { return interrupt_.cancelled(); };
    const ProgressLog tells(log_, clock_, "reading the backup", read, backup.stored_bytes);
    const auto faults = VerifyBackup(storage_, backup, options_.take.threads, read);
    if (faults.ok() && faults->empty()) return backup;
    RemoveBackup(storage_, backup).IgnoreError();
    GRAFT_RETURN_IF_ERROR(faults.status());
    return absl::DataLossError(absl::StrCat("the storage does not give back what was written, so ",
                                            backup.folder(), " was removed: ", faults->front()));
  }

  absl::StatusOr<Backup> Write(const SourceFiles& source) {
    int64_t bytes = 0;
    for (const SourceFile& file : source.files) bytes += file.bytes;
    log_.Info("writing the backup",
              {{"files", absl::StrCat(source.files.size())}, {"bytes", absl::StrCat(bytes)}});
    BackupProgress written;
    written.interrupted = [this] { return interrupt_.cancelled(); };
    const ProgressLog tells(log_, clock_, "writing the backup", written, bytes);
    return TakeBackup(storage_, source, manifest_, options_.take, clock_, written);
  }

  absl::Status Prune(const Backup& taken) {
    std::vector<Backup> all = known_;
    all.push_back(taken);
    GRAFT_ASSIGN_OR_RETURN(const std::vector<Backup> pruned,
                           ChoosePruned(all, options_.retention, clock_.Now()));
    for (const Backup& backup : pruned) {
      GRAFT_RETURN_IF_ERROR(RemoveBackup(storage_, backup));
      log_.Info("removed a backup", {{"backup", backup.folder()}});
    }
    return absl::OkStatus();
  }

  const BackupOptions& options_;
  const std::vector<Backup>& known_;
  BackupStorage& storage_;
  TemporaryMysqld& mysqld_;
  const WorkFolder& work_;
  Clock& clock_;
  Log& log_;
  Cancellation& interrupt_;
  std::unique_ptr<MysqlServer> server_;
  Manifest manifest_;
};

}  // namespace

absl::StatusOr<std::optional<std::vector<Backup>>> FindDueBackup(const BackupOptions& options,
                                                                 BackupStorage& storage,
                                                                 absl::Time now) {
  const ProvisionerOptions& identity = options.agent.tablet.provisioner;
  const std::string shard = absl::StrCat(identity.keyspace, "/", identity.shard);
  GRAFT_ASSIGN_OR_RETURN(std::vector<Backup> known, ListBackups(storage, shard));
  const absl::StatusOr<Backup> newest = ChooseBackup(known, {});
  if (!newest.ok() && !options.allow_first) {
    return absl::FailedPreconditionError(
        absl::StrCat(shard, " has no complete backup in ", options.storage_root,
                     ": is that the right storage? --allow-first-backup makes the first one"));
  }
  if (!newest.ok() && !options.clones) {
    return absl::FailedPreconditionError(
        absl::StrCat(shard, " has no complete backup to begin with: use --restore-with-clone"));
  }
  if (!newest.ok()) return known;
  if (newest->name.time > now) {
    return absl::FailedPreconditionError(
        absl::StrCat("the backup ", newest->name.ToString(),
                     " is from the future: this machine's clock, or the one that made it, is off"));
  }
  if (now - newest->name.time < options.min_interval) return std::nullopt;
  return known;
}

TemporaryMysqld::Fill FillFromNewest(const BackupOptions& options, const std::vector<Backup>& known,
                                     BackupStorage& storage) {
  if (options.clones) return nullptr;
  return [&](const std::string& data_directory,
             const std::function<bool()>& interrupted) -> absl::Status {
    GRAFT_ASSIGN_OR_RETURN(const Backup newest, ChooseBackup(known, {}));
    BackupProgress progress;
    progress.interrupted = interrupted;
    return Annotate(RestoreFiles(storage, newest, data_directory, options.take.threads, progress),
                    "the backup " + newest.name.ToString());
  };
}

absl::StatusOr<Backup> MakeBackup(const BackupOptions& options, const std::vector<Backup>& known,
                                  BackupStorage& storage, TemporaryMysqld& mysqld,
                                  const WorkFolder& work, Clock& clock, Log& log,
                                  Cancellation& interrupt) {
  return BackupRun(options, known, storage, mysqld, work, clock, log, interrupt).Run();
}

absl::Status RemoveLeftBackup(BackupStorage& storage, const WorkFolder& work, Log& log) {
  const std::string& folder = work.left_backup();
  if (folder.empty()) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, storage.ListFiles(folder));
  for (const StoredFile& file : files) {
    if (file.name == kManifestName) return absl::OkStatus();
  }
  log.Info("removing what a graft-backup that was killed had begun", {{"backup", folder}});
  return storage.RemoveFolder(folder);
}

}  // namespace graft
