// graftctl backups: looks at a storage of backups and works on it. Asks no agent and no topology.
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backups/backups.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "cli/backups.h"
#include "cli/text.h"
#include "view/text.h"

namespace graft::cli {
namespace {

using Json = nlohmann::ordered_json;
using view::Count;
using view::HumanBytes;
using view::UtcTime;

std::string StateWord(const Backup& backup) {
  if (backup.state.ok()) return "complete";
  if (absl::IsNotFound(backup.state)) return "incomplete";
  return absl::IsUnimplemented(backup.state) ? "not readable" : "damaged";
}

std::string CompressionWord(const Manifest& manifest) {
  if (manifest.skip_compress) return "none";
  return manifest.compression_engine.empty() ? "pargzip" : manifest.compression_engine;
}

Json ToJson(const Backup& backup) {
  const Manifest& manifest = backup.manifest;
  return {{"shard", backup.shard},
          {"name", backup.name.ToString()},
          {"state", StateWord(backup)},
          {"error", std::string(backup.state.message())},
          {"tablet", backup.name.alias.ToString()},
          {"time", UtcTime(backup.name.time)},
          {"finishedTime", backup.state.ok() ? UtcTime(manifest.finished_time) : ""},
          {"storedBytes", backup.stored_bytes},
          {"files", manifest.files.size()},
          {"compression", backup.state.ok() ? CompressionWord(manifest) : ""},
          {"mysqlVersion", manifest.mysql_version},
          {"position", manifest.position},
          {"provesContent", backup.proves_content}};
}

std::vector<std::string> ToRow(const Backup& backup) {
  const Manifest& manifest = backup.manifest;
  if (!backup.state.ok()) {
    return {backup.name.ToString(), StateWord(backup), HumanBytes(backup.stored_bytes),
            Printable(backup.state.message(), /*utf8=*/true)};
  }
  const std::string version =
      manifest.mysql_version.empty() ? "?" : Printable(manifest.mysql_version, /*utf8=*/true);
  return {backup.name.ToString(), StateWord(backup), HumanBytes(backup.stored_bytes),
          absl::StrCat(Count(static_cast<int64_t>(manifest.files.size()), "file"), ", ",
                       CompressionWord(manifest), ", MySQL ", version,
                       backup.proves_content ? "" : ", no GRAFT")};
}

void WriteJson(const Session& session, const Json& json) {
  WriteObject(session.output, json.dump(-1, ' ', false, Json::error_handler_t::replace),
              session.out);
}

void ShowList(const Session& session, const std::vector<Backup>& backups) {
  if (session.output != OutputFormat::kTable) {
    for (const Backup& backup : backups) WriteJson(session, ToJson(backup));
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"BACKUP", "STATE", "SIZE", "WHAT"}};
  for (const Backup& backup : backups) rows.push_back(ToRow(backup));
  WriteLines(AlignColumns(rows), session.out);
}

// What was done to a backup: a line for people, an object for programs.
void Tell(const Session& session, const Backup& backup, const std::string& text,
          const std::vector<std::string>& faults = {}) {
  if (session.output == OutputFormat::kTable) {
    session.out << text << '\n';
    return;
  }
  Json json = ToJson(backup);
  json["result"] = text;
  json["faults"] = faults;
  WriteJson(session, json);
}

// Newer ones than the one that is taken, beside the result.
void TellPassedOver(const Session& session, const std::vector<Backup>& backups,
                    const Backup& taken) {
  for (const Backup& backup : backups) {
    if (backup.name.time <= taken.name.time || backup.state.ok()) continue;
    session.err << "passed over the newer " << backup.folder() << ": "
                << Printable(backup.state.message(), session.screen.utf8) << '\n';
  }
}

Result Verify(const Session& session, BackupStorage& storage, const Backup& backup, int threads) {
  BackupProgress progress;
  const absl::Time began = session.clock.Now();
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> faults,
                         VerifyBackup(storage, backup, threads, progress));
  const std::string took = HumanDuration(session.clock.Now() - began);
  const std::string what = absl::StrCat(
      backup.folder(), ": ", Count(static_cast<int64_t>(backup.manifest.files.size()), "file"),
      ", ", HumanBytes(progress.bytes), ", read in ", took);
  if (faults.empty()) {
    Tell(
        session, backup,
        absl::StrCat("good: ", what,
                     backup.proves_content ? "; stored bytes and contents are as they were written"
                                           : "; stored bytes are as they were written (no GRAFT)"));
    return ExitCode::kDone;
  }
  for (const std::string& fault : faults) {
    if (session.output != OutputFormat::kTable) break;
    session.out << Printable(fault, /*utf8=*/true) << '\n';
  }
  Tell(session, backup,
       absl::StrCat("damaged: ", what, "; ", Count(static_cast<int64_t>(faults.size()), "fault")),
       faults);
  return ExitCode::kInternal;
}

Result Restore(const Session& session, BackupStorage& storage, const Backup& backup,
               const BackupCall& call) {
  BackupProgress progress;
  const absl::Time began = session.clock.Now();
  GRAFT_RETURN_IF_ERROR(RestoreFiles(storage, backup, call.to, call.threads, progress));
  Tell(session, backup,
       absl::StrCat(backup.folder(), " is in ", call.to, ": ",
                    Count(static_cast<int64_t>(backup.manifest.files.size()), "file"), " in ",
                    HumanDuration(session.clock.Now() - began), ". The data is as of the position ",
                    backup.manifest.position));
  return ExitCode::kDone;
}

Result Remove(const Session& session, BackupStorage& storage, const std::vector<Backup>& backups,
              const std::string& name) {
  int complete = 0;
  const Backup* found = nullptr;
  const absl::Time now = session.clock.Now();
  for (const Backup& backup : backups) {
    complete += backup.state.ok() && backup.name.time <= now ? 1 : 0;
    if (backup.name.ToString() == name) found = &backup;
  }
  if (found == nullptr) return ChooseBackup(backups, {name}).status();
  if (found->state.ok() && complete == 1 && found->name.time <= now) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, " is the only complete backup of ", found->shard,
                     ": take another one first; nothing was removed"));
  }
  GRAFT_RETURN_IF_ERROR(RemoveBackup(storage, *found));
  Tell(session, *found, "removed " + found->folder());
  return ExitCode::kDone;
}

Result Prune(const Session& session, BackupStorage& storage, const std::vector<Backup>& backups,
             const BackupCall& call) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Backup> pruned,
                         ChoosePruned(backups, call.retention, session.clock.Now()));
  for (const Backup& backup : pruned) {
    if (!call.dry_run) GRAFT_RETURN_IF_ERROR(RemoveBackup(storage, backup));
    Tell(session, backup, (call.dry_run ? "would remove " : "removed ") + backup.folder());
  }
  if (session.output == OutputFormat::kTable && pruned.empty()) {
    session.out << "nothing to remove: " << Count(static_cast<int64_t>(backups.size()), "backup")
                << '\n';
  }
  return ExitCode::kDone;
}

}  // namespace

Result RunBackups(const Session& session, const BackupCall& call) {
  GRAFT_RETURN_IF_ERROR(SplitShard(call.shard).status());
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<BackupStorage> storage, OpenStorage(call.storage));
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Backup> backups, ListBackups(*storage, call.shard));
  if (backups.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no backup of ", call.shard, " in ", NameOf(call.storage),
                     ": is it the right shard, and the folder above its keyspace's?"));
  }
  switch (call.kind) {
    case BackupCall::Kind::kList:
      ShowList(session, backups);
      return ExitCode::kDone;
    case BackupCall::Kind::kRemove:
      return Remove(session, *storage, backups, call.name);
    case BackupCall::Kind::kPrune:
      return Prune(session, *storage, backups, call);
    default:
      break;
  }
  GRAFT_ASSIGN_OR_RETURN(const Backup backup, ChooseBackup(backups, {call.name}));
  TellPassedOver(session, backups, backup);
  return call.kind == BackupCall::Kind::kVerify ? Verify(session, *storage, backup, call.threads)
                                                : Restore(session, *storage, backup, call);
}

}  // namespace graft::cli
