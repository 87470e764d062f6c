// restore_backup: makes the donor of an operation that restores a backup. The tablet serves as
// before meanwhile; nothing of its data is touched.

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "graft/backup_donor.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(200);

absl::StatusOr<BackupDonor*> DonorOf(StepContext& context) {
  if (context.deps.backups != nullptr) return context.deps.backups;
  return Failure(Reason::kNoBackup, "this agent has no storage of backups");
}

bool FellBack(const Operation& operation) {
  return operation.request.donor.kind != DonorChoice::Kind::kBackup;
}

// The same one in each attempt, and after a restart of the agent.
absl::StatusOr<std::string> Choose(StepContext& context, BackupDonor& donor) {
  Operation& operation = context.operation;
  if (!operation.backup.empty()) return operation.backup;
  absl::StatusOr<std::string> chosen = donor.Choose(operation.request.donor.backup);
  if (HasReason(chosen.status(), Reason::kNoBackup) && FellBack(operation)) {
    operation.from_backup = false;  // the next attempt looks for a donor again
    return Failure(Reason::kNoDonor,
                   absl::StrCat("no tablet of the shard can be the donor, and no backup of the "
                                "shard can be restored: ",
                                chosen.status().message()));
  }
  GRAFT_ASSIGN_OR_RETURN(operation.backup, std::move(chosen));
  GRAFT_RETURN_IF_ERROR(context.Save());
  return operation.backup;
}

absl::StatusOr<std::map<std::string, std::string>> ReadVariables(StepContext& context) {
  std::map<std::string, std::string> variables;
  for (const char* name : kVariablesOfDonor) {
    GRAFT_ASSIGN_OR_RETURN(const auto read, context.recipient().ReadVariables({name}));
    variables[name] = read.front().value;
  }
  return variables;
}

// CLONE empties the data directory.
absl::Status CheckFolder(StepContext& context, const BackupDonor& donor) {
  GRAFT_ASSIGN_OR_RETURN(const auto read, context.recipient().ReadVariables({"datadir"}));
  const std::string& data = read.front().value;
  if (data.empty() || !absl::StartsWith(donor.folder() + "/", data)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--restore-dir: ", donor.folder(), " lies in mysqld's data directory ", data,
                   ", which the copy empties: name a folder outside of that"));
}

void Show(StepContext& context, const BackupDonorState& state, ProgressMeter& meter) {
  Progress& progress = context.operation.progress;
  if (state.bytes_done != progress.bytes_done) progress.last_byte = context.clock().Now();
  progress.bytes_done = state.bytes_done;
  progress.bytes_expected = state.bytes_expected;
  progress.bytes_per_second = meter.Rate(context.clock().Now(), state.bytes_done);
}

absl::Status Await(StepContext& context, BackupDonor& donor) {
  ProgressMeter meter;
  while (true) {
    const BackupDonorState state = donor.Look();
    if (!state.failure.ok()) return state.failure;
    if (state.serves) return absl::OkStatus();
    Show(context, state, meter);
    const bool restores = state.position.empty();
    context.Say(absl::StrCat(restores ? "restores the backup " : "starts a mysqld on the backup ",
                             context.operation.backup,
                             restores ? " beside the tablet's data" : ""));
    GRAFT_RETURN_IF_ERROR(context.Wait(kLookEvery));
  }
}

// The server's own word, not MANIFEST's.
absl::Status CheckPosition(StepContext& context, const BackupDonorState& state) {
  const auto server = AskServer<ServerFacts>(PeersOf(context), state.address,
                                             [](MysqlServer& mysqld) { return mysqld.Describe(); });
  if (!server.ok()) return absl::OkStatus();  // preflight says so, and what to do
  GRAFT_ASSIGN_OR_RETURN(const GtidSet lacking,
                         GtidDifference(state.position, server->gtid_executed));
  if (lacking.empty()) return absl::OkStatus();
  return Failure(
      Reason::kBackupUnusable,
      absl::StrCat("the server that was started on the backup ", context.operation.backup,
                   " lacks ", DescribeGtids(lacking), " of the backup's position"));
}

}  // namespace

TabletAlias BackupDonorAlias(const TabletAlias& recipient) {
  return {"backup", recipient.uid};
}

absl::StatusOr<Tablet> BackupDonorRecord(const StepContext& context) {
  Tablet tablet;
  tablet.alias = BackupDonorAlias(context.options.alias);
  tablet.keyspace = context.options.keyspace;
  tablet.shard = context.options.shard;
  tablet.type = TabletType::kSpare;
  const BackupDonorState state =
      context.deps.backups == nullptr ? BackupDonorState() : context.deps.backups->Look();
  tablet.mysql = state.address;
  if (state.serves) return tablet;
  return Failure(Reason::kDonorUnreachable,
                 absl::StrCat("the mysqld that serves the backup ", context.operation.backup,
                              " does not run"));
}

bool FallsBack(StepContext& context) {
  Operation& operation = context.operation;
  if (!operation.request.fallback_to_backup || context.deps.backups == nullptr) return false;
  operation.from_backup = true;
  return true;
}

// Advance: a server with the backup's data answers on this machine. UNAVAILABLE: the storage is
// away.
StepOutcome RestoreBackupStep(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(BackupDonor* const donor, DonorOf(context));
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.ReadOwnTablet());
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  GRAFT_RETURN_IF_ERROR(CheckFolder(context, *donor));
  GRAFT_ASSIGN_OR_RETURN(const std::string backup, Choose(context, *donor));
  GRAFT_ASSIGN_OR_RETURN(const auto variables, ReadVariables(context));
  donor->Begin(backup, variables);
  absl::Status served = Await(context, *donor);
  context.Say("");
  if (served.ok()) served = CheckPosition(context, donor->Look());
  if (!served.ok()) donor->Stop();
  context.operation.progress.bytes_done = context.operation.progress.bytes_expected = 0;
  context.operation.progress.bytes_per_second = 0;
  return served;
}

}  // namespace graft
