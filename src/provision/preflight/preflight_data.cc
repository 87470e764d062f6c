// Checks of the donor's data: its size, its places, its engines, its encryption.

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

std::string Gib(int64_t bytes) {
  return absl::StrFormat("%.2f GiB", static_cast<double>(bytes) / (int64_t{1} << 30));
}

// The size of InnoDB's redo log: one number from 8.0.30 on, files of one size before.
std::optional<int64_t> RedoBytes(const ServerSurvey& server) {
  if (const auto capacity = NumberOf(server, "innodb_redo_log_capacity")) return capacity;
  const auto size = NumberOf(server, "innodb_log_file_size");
  const auto files = NumberOf(server, "innodb_log_files_in_group");
  if (!size.has_value() || !files.has_value()) return std::nullopt;
  return *size * *files;
}

bool IsBelow(absl::string_view path, absl::string_view directory) {
  if (!absl::EndsWith(directory, "/")) {
    return absl::StartsWith(path, absl::StrCat(directory, "/"));
  }
  return absl::StartsWith(path, directory);
}

// Folders that the server may open data files in; relative ones lie in its data directory.
std::vector<std::string> KnownDirectories(const ServerSurvey& server) {
  std::vector<std::string> known;
  for (const char* name :
       {"datadir", "innodb_data_home_dir", "innodb_undo_directory", "innodb_directories"}) {
    const auto value = VariableOf(server, name);
    if (!value.has_value()) continue;
    for (absl::string_view directory : absl::StrSplit(*value, ';', absl::SkipEmpty())) {
      if (absl::StartsWith(directory, "/")) known.emplace_back(directory);
    }
  }
  return known;
}

// Where the recipient keeps these files outside of its data directory. CLONE gives each file the
// path that it has on the donor; an undo file comes into the recipient's innodb_undo_directory.
std::set<std::string> PlacesOutside(const ServerSurvey& recipient, const TablespaceFacts& files) {
  std::set<std::string> places(files.outside.begin(), files.outside.end());
  const std::string undo = VariableOf(recipient, "innodb_undo_directory").value_or("");
  if (!absl::StartsWith(undo, "/")) return places;
  for (const std::string& path : files.undo) {
    places.insert(
        absl::StrCat(absl::StripSuffix(undo, "/"), "/", path.substr(path.rfind('/') + 1)));
  }
  return places;
}

// Database folders that are links to places with more data files than the recipient's own. Only of
// databases that CLONE drops or writes.
std::vector<std::string> SharedLinks(const HostFacts& host, const TablespaceFacts& own,
                                     const TablespaceFacts& donor) {
  std::vector<std::string> shared;
  for (const auto& [folder, files] : host.linked_databases) {
    const auto known = own.files_in.find(folder);
    const bool has = known != own.files_in.end();
    const bool meant = has || donor.files_in.count(folder) > 0;
    if (meant && files > (has ? known->second : 0)) shared.push_back(folder);
  }
  return shared;
}

constexpr char kNotTheirs[] =
    "if another server uses them, give each server folders of its own; if nobody does, move them "
    "away";

// CLONE would rename and delete these files, though another server may write to them.
Verdict TakenPlaces(const PreflightFacts& facts) {
  const auto& mine = facts.recipient.tablespaces;
  if (!facts.host.ok()) return Unchecked("the recipient's folders", facts.host.status());
  if (!facts.existing_paths.ok()) {
    return Unchecked("the places of the donor's data files", facts.existing_paths.status());
  }
  const bool nothing = PlacesOutside(facts.recipient, *facts.donor->tablespaces).empty() &&
                       facts.host->linked_databases.empty();
  if (!mine.ok() && nothing) return Passed("none lies outside of the data directory");
  if (!mine.ok()) return Unchecked("the recipient's data files", mine.status());
  std::vector<std::string> taken;
  for (const std::string& path : DataPathsToLookAt(facts.recipient, *facts.donor)) {
    if (facts.existing_paths->count(path) > 0) taken.push_back(path);
  }
  if (!taken.empty()) {
    return Fatal(absl::StrCat("files that are not the recipient's lie where CLONE would write: ",
                              NameThem(taken)),
                 kNotTheirs);
  }
  const std::vector<std::string> shared =
      SharedLinks(*facts.host, *mine, *facts.donor->tablespaces);
  if (shared.empty()) return Passed("none lies outside of the data directory");
  return Fatal(absl::StrCat("database folders of the recipient are links to places that hold "
                            "other data files too: ",
                            NameThem(shared)),
               kNotTheirs);
}

}  // namespace

// Empty where either server's files are not known.
std::vector<std::string> DataPathsToLookAt(const ServerSurvey& recipient,
                                           const ServerSurvey& donor) {
  if (!recipient.tablespaces.ok() || !donor.tablespaces.ok()) return {};
  const std::set<std::string> written = PlacesOutside(recipient, *donor.tablespaces);
  const std::set<std::string> own = PlacesOutside(recipient, *recipient.tablespaces);
  std::vector<std::string> others;
  std::set_difference(written.begin(), written.end(), own.begin(), own.end(),
                      std::back_inserter(others));
  return others;
}

// MySQL looks after the drop, at the data directory's file system (3873).
Verdict DiskSpace(const PreflightFacts& facts) {
  const auto& theirs = facts.donor->tablespaces;
  if (!facts.host.ok()) {
    return Unchecked("the free space of the recipient", facts.host.status());
  }
  if (!theirs.ok()) return Unchecked("the size of the donor's data", theirs.status());
  const auto redo = RedoBytes(*facts.donor);
  if (!redo.has_value()) return VariableMissing("innodb_redo_log_capacity", "donor");
  const auto& mine = facts.recipient.tablespaces;
  const int64_t needed = theirs->bytes + *redo;
  const int64_t freed = mine.ok() ? mine->dropped_bytes : 0;
  const int64_t room = facts.host->free_bytes + freed;
  const std::string numbers = absl::StrCat(
      "the donor's data and redo log need ", Gib(needed), "; the recipient has ",
      Gib(facts.host->free_bytes), " free", mine.ok() ? " and " : "", mine.ok() ? Gib(freed) : "",
      mine.ok() ? " that dropping its own data frees" : "");
  if (needed > room && !mine.ok()) {
    return Unchecked(absl::StrCat(numbers, "; the space that the drop frees"), mine.status());
  }
  constexpr char kRemedy[] = "make room on the file system of the recipient's data directory";
  if (needed > room) return Fatal(numbers, kRemedy);
  // The donor goes on writing, and CLONE copies the new data too.
  const bool tight = room - needed < needed / 20;
  return tight ? Warn(numbers, kRemedy) : Passed(numbers);
}

// 1525, after the drop, if the recipient may have no file there.
Verdict TablespacePaths(const PreflightFacts& facts) {
  const auto& theirs = facts.donor->tablespaces;
  if (!theirs.ok()) return Unchecked("the donor's data files", theirs.status());
  const std::vector<std::string> known = KnownDirectories(facts.recipient);
  std::vector<std::string> unknown;
  std::vector<std::string> elsewhere;
  const auto datadir = VariableOf(facts.recipient, "datadir");
  for (const std::string& path : theirs->outside) {
    if (datadir.has_value() && IsBelow(path, *datadir)) continue;
    const bool allowed = std::any_of(known.begin(), known.end(), [&](const std::string& directory) {
      return IsBelow(path, directory);
    });
    (allowed ? elsewhere : unknown).push_back(path);
  }
  if (!unknown.empty()) {
    return Fatal(absl::StrCat("data files of the donor lie where the recipient may have none: ",
                              NameThem(unknown)),
                 "add their folders to innodb_directories in the recipient's my.cnf, make these "
                 "folders there, and restart it");
  }
  Verdict taken = TakenPlaces(facts);
  if (taken.outcome != CheckOutcome::kPassed || elsewhere.empty()) return taken;
  return Warn(absl::StrCat("data files will lie outside of the recipient's data directory, where "
                           "free space was not looked at: ",
                           NameThem(elsewhere)),
              "see that there is room");
}

// They arrive empty without a word; ARCHIVE ones cannot even be opened (1017).
Verdict NonInnodbTables(const PreflightFacts& facts) {
  const auto& tables = facts.donor->non_innodb_tables;
  if (!tables.ok()) return Unchecked("the engines of the donor's tables", tables.status());
  if (tables->empty()) return Passed("all are InnoDB's");
  const std::string found = absl::StrCat(
      "tables on the donor are not InnoDB's and would arrive empty: ", NameThem(*tables));
  if (facts.allow.non_innodb) return Warn(found, "copy their rows afterwards, by other means");
  return Fatal(found,
               "ALTER TABLE … ENGINE=InnoDB on the shard's primary, or pass "
               "--allow-non-innodb");
}

// 3862 with 3872 in FILE COPY, and 1815 in PAGE COPY: both after the drop.
Verdict Encryption(const PreflightFacts& facts) {
  const auto& theirs = facts.donor->tablespaces;
  std::vector<std::string> encrypted;
  for (const char* name : {"innodb_redo_log_encrypt", "innodb_undo_log_encrypt"}) {
    if (IsOn(*facts.donor, name)) encrypted.emplace_back(name);
  }
  if (theirs.ok()) {
    encrypted.insert(encrypted.end(), theirs->encrypted.begin(), theirs->encrypted.end());
  }
  const bool fit = facts.clone_use_ssl && facts.recipient.keyring_active;
  if (fit) return Passed("the recipient has a keyring, and the copy is encrypted on its way");
  if (encrypted.empty() && !theirs.ok()) {
    return Unchecked("whether the donor's tablespaces are encrypted", theirs.status());
  }
  if (encrypted.empty()) return Passed("nothing is encrypted on the donor");
  const bool no_keyring = !facts.recipient.keyring_active;
  return Fatal(absl::StrCat("the donor's data is encrypted (", NameThem(encrypted), ") but ",
                            no_keyring ? "the recipient has no keyring" : "",
                            no_keyring && !facts.clone_use_ssl ? " and " : "",
                            facts.clone_use_ssl ? "" : "the copy is configured without TLS"),
               no_keyring ? "give the recipient a keyring component, and the copy TLS"
                          : "give the agent --db-clone-use-ssl");
}

}  // namespace graft
