// Checks of the recipient's own options: whether CLONE and the next start of mysqld find what these
// options ask for.

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

// Whether my.cnf or the command line gives it a value.
bool IsGiven(const std::string& source) {
  return source != "COMPILED" && source != "PERSISTED" && source != "DYNAMIC";
}

// Whose variable it is, among those that somebody installed with INSTALL PLUGIN.
const ServerPlugin* InstalledPluginOf(const std::string& variable,
                                      const std::vector<ServerPlugin>& plugins) {
  const auto found = std::find_if(plugins.begin(), plugins.end(), [&](const ServerPlugin& plugin) {
    return plugin.by_statement &&
           absl::StartsWith(variable, absl::StrCat(absl::AsciiStrToLower(plugin.name), "_"));
  });
  return found == plugins.end() ? nullptr : &*found;
}

// A plugin or component that comes with the copy knows it, too. One that the donor's own my.cnf
// loads does not come.
bool GoesWithTheData(const std::string& variable, const ServerSurvey& recipient,
                     const ServerSurvey& donor) {
  const bool component = absl::StrContains(variable, '.');
  if (component) return donor.sources.count(variable) == 0;
  return InstalledPluginOf(variable, recipient.plugins) != nullptr &&
         InstalledPluginOf(variable, donor.plugins) == nullptr;
}

// A time zone's name, not "SYSTEM" or an offset.
bool IsNamed(absl::string_view zone) {
  return !zone.empty() && zone != "SYSTEM" && zone[0] != '+' && zone[0] != '-';
}

// mysqld looks default_time_zone up at its start, and ends if it does not know it (MY-010361). The
// server does not show whether the value is my.cnf's: its source becomes DYNAMIC as soon as any
// session sets its own time_zone (seen on 9.7.4), and a persisted one does no harm.
std::optional<Verdict> UnknownTimeZone(const PreflightFacts& facts) {
  const std::string zone = VariableOf(facts.recipient, "time_zone").value_or("SYSTEM");
  const std::optional<bool>& tables = facts.donor->named_time_zones;
  if (!IsNamed(zone) || tables.value_or(false)) return std::nullopt;
  return Unclear(
      absl::StrCat("the recipient's time_zone is ", zone, ", and the donor ",
                   tables.has_value() ? "has no" : "does not show whether it has",
                   " time zone tables: if my.cnf has default_time_zone, mysqld would not start"),
      "load them on the shard's primary (mysql_tzinfo_to_sql), or use an offset as +01:00");
}

}  // namespace

std::map<std::string, std::string> CloneSslFiles(const ServerSurvey& recipient) {
  std::map<std::string, std::string> files;
  const std::string datadir = VariableOf(recipient, "datadir").value_or("");
  for (const char* name : {"clone_ssl_ca", "clone_ssl_cert", "clone_ssl_key"}) {
    const std::string path = VariableOf(recipient, name).value_or("");
    if (path.empty()) continue;
    files[name] = absl::StartsWith(path, "/") ? path : absl::StrCat(datadir, path);
  }
  return files;
}

// 2026, when CLONE connects. Another tool may have left them behind.
Verdict CloneSsl(const PreflightFacts& facts) {
  std::vector<std::string> set;
  std::vector<std::string> missing;
  for (const auto& [name, path] : CloneSslFiles(facts.recipient)) {
    const std::string named = absl::StrCat(name, "=", path);
    set.push_back(named);
    const bool known = facts.host.ok() && facts.existing_ssl_files.ok();
    if (known && facts.existing_ssl_files->count(path) == 0) missing.push_back(named);
  }
  if (set.empty() || !facts.clone_use_ssl) return Passed("CLONE connects without files of its own");
  constexpr char kRemedy[] =
      "SET GLOBAL … = '' and RESET PERSIST … on the recipient, unless they are meant to verify the "
      "donor's certificate";
  if (!missing.empty()) {
    return Fatal(absl::StrCat("the recipient has no such file: ", NameThem(missing)), kRemedy);
  }
  return Warn(absl::StrCat("CLONE will use the recipient's ", NameThem(set)), kRemedy);
}

// CLONE replaces mysql.plugin, mysql.component and the tables of time zones; mysqld ends at its
// start if an option is unknown (MY-000067).
Verdict OptionsStayKnown(const PreflightFacts& facts) {
  if (const auto zone = UnknownTimeZone(facts)) return *zone;
  std::vector<std::string> unknown;
  for (const auto& [name, source] : facts.recipient.sources) {
    if (IsGiven(source) && GoesWithTheData(name, facts.recipient, *facts.donor)) {
      unknown.push_back(name);
    }
  }
  if (unknown.empty()) return Passed("what comes with the copy knows all of them");
  // The server does not show whether my.cnf has "loose_" before an option.
  return Unclear(
      absl::StrCat("the recipient's my.cnf sets what only its own plugins and components know, and "
                   "these go with the old data: ",
                   NameThem(unknown), ": without loose_ before them mysqld would not start"),
      "install these on the shard's primary, or write loose_ before the options");
}

}  // namespace graft
