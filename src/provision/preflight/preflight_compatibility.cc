// Checks of whether the recipient can take and run the donor's data.

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/server_version.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

// Fatal unless both servers show the same value of the variable.
Verdict SameVariable(const PreflightFacts& facts, absl::string_view name,
                     absl::string_view remedy) {
  const auto recipient = VariableOf(facts.recipient, name);
  const auto donor = VariableOf(*facts.donor, name);
  if (!recipient.has_value()) return VariableMissing(name, "recipient");
  if (!donor.has_value()) return VariableMissing(name, "donor");
  if (*recipient == *donor) return Passed(*donor);
  return Fatal(
      absl::StrCat(name, " is ", *recipient, " on the recipient and ", *donor, " on the donor"),
      std::string(remedy));
}

Verdict OfRecipient(Verdict verdict) {
  verdict.side = CheckSide::kRecipient;
  return verdict;
}

// One file of innodb_data_file_path: "ibdata1:12M:autoextend:max:500M".
struct SystemFile {
  int64_t bytes = 0;
  bool grows = false;
};

int64_t UnitOf(char letter) {
  const char unit = absl::ascii_tolower(static_cast<unsigned char>(letter));
  return int64_t{1} << 10 * (absl::string_view("kmg").find(unit) + 1);  // npos + 1 is 0
}

std::optional<SystemFile> ParseSystemFile(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2 || parts[1].empty()) return std::nullopt;
  absl::string_view digits = parts[1];
  const int64_t unit = UnitOf(digits.back());
  if (unit != 1) digits.remove_suffix(1);
  SystemFile file;
  if (!absl::SimpleAtoi(digits, &file.bytes)) return std::nullopt;
  file.bytes *= unit;
  file.grows = parts.size() > 2 && absl::StartsWithIgnoreCase(parts[2], "autoextend");
  return file;
}

std::optional<std::vector<SystemFile>> ParseSystemFiles(absl::string_view text) {
  std::vector<SystemFile> files;
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipEmpty())) {
    const auto file = ParseSystemFile(part);
    if (!file.has_value()) return std::nullopt;
    files.push_back(*file);
  }
  if (files.empty()) return std::nullopt;
  return files;
}

enum class Fit { kYes, kNo, kUnlessGrown };

// The recipient takes any size for a file that grows, which only its last can; the others must be
// as they are.
Fit FitsInto(const std::vector<SystemFile>& donor, const std::vector<SystemFile>& recipient) {
  if (recipient.size() < donor.size()) return Fit::kNo;
  Fit fit = Fit::kYes;
  for (size_t i = 0; i < donor.size(); ++i) {
    if (recipient[i].grows) continue;
    if (recipient[i].bytes != donor[i].bytes) return Fit::kNo;
    if (donor[i].grows) fit = Fit::kUnlessGrown;
  }
  return fit;
}

// How the recipient stands to one of the donor's plugins that it has not loaded. From 8.0.22 on it
// tries to load it (Bug#100244).
enum class PluginFit { kLoadable, kUnknown, kMissing };

PluginFit FitOf(const ServerPlugin& plugin, const PreflightFacts& facts) {
  const bool tries =
      VersionAtLeast(facts.recipient, 8, 0, 22) && VersionAtLeast(*facts.donor, 8, 0, 22);
  if (plugin.library.empty() || !tries) return PluginFit::kMissing;
  if (!facts.host.ok() || !facts.host->plugin_libraries.has_value()) return PluginFit::kUnknown;
  const std::vector<std::string>& libraries = *facts.host->plugin_libraries;
  const bool there =
      std::find(libraries.begin(), libraries.end(), plugin.library) != libraries.end();
  return there ? PluginFit::kLoadable : PluginFit::kMissing;
}

const ServerPlugin* FindPlugin(const ServerSurvey& server, absl::string_view name) {
  for (const ServerPlugin& plugin : server.plugins) {
    if (absl::EqualsIgnoreCase(plugin.name, name)) return &plugin;
  }
  return nullptr;
}

}  // namespace

Verdict DonorIsOther(const PreflightFacts& facts) {
  const std::string& uuid = facts.donor->facts.server_uuid;
  if (uuid != facts.recipient.facts.server_uuid) return Passed("two servers");
  return Fatal(
      absl::StrCat("donor and recipient are the same server, or share the server_uuid ", uuid),
      "choose another donor, or remove auto.cnf from one of the two and restart it");
}

Verdict Versions(const PreflightFacts& facts) {
  const std::string& mine = facts.recipient.facts.version;
  const std::string& theirs = facts.donor->facts.version;
  const auto recipient = ServerVersion::Parse(mine);
  const auto donor = ServerVersion::Parse(theirs);
  constexpr char kNoServer[] = "graft works with MySQL from 8.0.17 on";
  if (!recipient.ok()) {
    return OfRecipient(Fatal(std::string(recipient.status().message()), kNoServer));
  }
  if (!donor.ok()) return Fatal(std::string(donor.status().message()), kNoServer);
  constexpr char kRemedy[] = "choose a donor that fits, or install the donor's version";
  if (const absl::Status allowed = CheckCloneVersions(*recipient, *donor); !allowed.ok()) {
    Verdict verdict = Fatal(std::string(allowed.message()), kRemedy);
    return recipient->AtLeast(8, 0, 17) ? verdict : OfRecipient(verdict);
  }
  // Up to 8.0.25 the server compared the whole text.
  if (!recipient->AtLeast(8, 0, 26) && mine != theirs) {
    return Fatal(absl::StrCat("MySQL ", mine, " cannot clone from ", theirs,
                              ": up to 8.0.25 what follows the patch level must be equal too"),
                 kRemedy);
  }
  return Passed(absl::StrCat(mine, " from ", theirs));
}

// 3865: letter by letter, "Linux" is not "debian-linux-gnu".
Verdict OperatingSystem(const PreflightFacts& facts) {
  return SameVariable(facts, "version_compile_os",
                      "choose a donor whose MySQL comes from the same packages");
}

// 3866.
Verdict Architecture(const PreflightFacts& facts) {
  return SameVariable(facts, "version_compile_machine", "choose a donor on the same hardware");
}

// 3868.
Verdict PageSize(const PreflightFacts& facts) {
  return SameVariable(facts, "innodb_page_size",
                      "initialise the recipient anew with the donor's page size");
}

// MySQL never compares it: CLONE "succeeds", and then the recipient cannot start (MY-011087).
Verdict LowerCaseTableNames(const PreflightFacts& facts) {
  const int recipient = facts.recipient.facts.lower_case_table_names;
  const int donor = facts.donor->facts.lower_case_table_names;
  if (recipient == donor) return Passed(absl::StrCat(donor));
  return Fatal(
      absl::StrCat("lower_case_table_names is ", recipient, " on the recipient and ", donor,
                   " on the donor; the recipient could not start on the donor's data"),
      absl::StrCat("initialise the recipient anew with ", donor));
}

// 3868, and only the first that differs.
Verdict CharacterSets(const PreflightFacts& facts) {
  std::vector<std::string> differ;
  std::string remedy;
  for (const char* name :
       {"character_set_server", "collation_server", "character_set_filesystem"}) {
    Verdict verdict = SameVariable(facts, name, "give both servers the same in their my.cnf");
    if (verdict.outcome == CheckOutcome::kUnchecked) return verdict;
    if (verdict.outcome != CheckOutcome::kFatal) continue;
    differ.push_back(std::move(verdict.found));
    remedy = std::move(verdict.remedy);
  }
  if (differ.empty()) return Passed("all the same");
  return Fatal(NameThem(differ), std::move(remedy));
}

// 3867.
Verdict Collations(const PreflightFacts& facts) {
  std::vector<std::string> missing;
  for (const std::string& collation : facts.donor->collations) {
    if (facts.recipient.collations.count(collation) == 0) missing.push_back(collation);
  }
  if (missing.empty()) return Passed("the recipient knows all of the donor's");
  return Fatal(absl::StrCat("the recipient lacks collations of the donor's: ", NameThem(missing)),
               "install them there (Index.xml in its character_sets_dir)");
}

// 3869, but after the old data is dropped.
Verdict SystemTablespace(const PreflightFacts& facts) {
  constexpr char kName[] = "innodb_data_file_path";
  const auto mine = VariableOf(facts.recipient, kName);
  const auto theirs = VariableOf(*facts.donor, kName);
  if (!mine.has_value()) return VariableMissing(kName, "recipient");
  if (!theirs.has_value()) return VariableMissing(kName, "donor");
  if (*mine == *theirs) return Passed(*theirs);
  const auto recipient = ParseSystemFiles(*mine);
  const auto donor = ParseSystemFiles(*theirs);
  const std::string both =
      absl::StrCat(kName, " is ", *mine, " on the recipient and ", *theirs, " on the donor");
  const std::string remedy = absl::StrCat("initialise the recipient anew with the donor's ", kName);
  if (!recipient.has_value() || !donor.has_value()) {
    return Unclear(absl::StrCat(both, ", which is not understood"), remedy);
  }
  const Fit fit = FitsInto(*donor, *recipient);
  if (fit == Fit::kYes) return Passed(both);
  if (fit == Fit::kNo) return Fatal(absl::StrCat(both, "; the donor's files do not fit"), remedy);
  return Unclear(
      absl::StrCat(both, "; it fits only as long as the donor's last file has not grown"), remedy);
}

// 3870.
Verdict Plugins(const PreflightFacts& facts) {
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
  for (const ServerPlugin& plugin : facts.donor->plugins) {
    // The clone plugin has a check of its own.
    if (plugin.name == "clone" || FindPlugin(facts.recipient, plugin.name) != nullptr) continue;
    const PluginFit fit = FitOf(plugin, facts);
    const std::string name =
        plugin.library.empty() ? plugin.name : absl::StrCat(plugin.name, " (", plugin.library, ")");
    if (fit == PluginFit::kMissing) missing.push_back(name);
    if (fit == PluginFit::kUnknown) unknown.push_back(name);
  }
  constexpr char kRemedy[] =
      "install these plugins on the recipient, or uninstall them from the donor";
  if (!missing.empty()) {
    return Fatal(absl::StrCat("plugins are active on the donor that the recipient cannot load: ",
                              NameThem(missing)),
                 kRemedy);
  }
  if (unknown.empty()) return Passed("the recipient has, or can load, all of the donor's");
  return Unclear(absl::StrCat("plugins are active on the donor but not on the recipient, and "
                              "whether it could load them cannot be seen: ",
                              NameThem(unknown)),
                 kRemedy);
}

// CLONE replaces mysql.plugin.
Verdict ClonePluginStays(const PreflightFacts& facts) {
  const ServerPlugin* mine = FindPlugin(facts.recipient, "clone");
  const ServerPlugin* theirs = FindPlugin(*facts.donor, "clone");
  const bool goes =
      mine != nullptr && mine->by_statement && !(theirs != nullptr && theirs->by_statement);
  if (!goes) return Passed("the clone plugin is there after the restart, too");
  return Warn("the recipient's clone plugin came by INSTALL PLUGIN, which the clone undoes",
              "graft installs it again; plugin-load-add=mysql_clone.so in its my.cnf saves that");
}

}  // namespace graft
