// Checks of the recipient's own options: whether CLONE and the next start of mysqld find what these
// options ask for.

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

// A variable of a component, or of a plugin that somebody installed with INSTALL PLUGIN.
bool GoesWithTheData(const std::string& variable, const std::vector<ServerPlugin>& plugins) {
  if (absl::StrContains(variable, '.')) return true;
  return std::any_of(plugins.begin(), plugins.end(), [&](const ServerPlugin& plugin) {
    return plugin.by_statement &&
           absl::StartsWith(variable, absl::StrCat(absl::AsciiStrToLower(plugin.name), "_"));
  });
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
    const bool known = facts.host.ok() && facts.existing_paths.ok();
    if (known && facts.existing_paths->count(path) == 0) missing.push_back(named);
  }
  if (set.empty() || !facts.clone_use_ssl) return Passed("CLONE connects without files of its own");
  constexpr char kRemedy[] =
      "SET GLOBAL … = '' and RESET PERSIST … on the recipient, unless the donor's certificate is "
      "to "
      "be verified with them";
  if (!missing.empty()) {
    return Fatal(absl::StrCat("the recipient has no such file: ", NameThem(missing)), kRemedy);
  }
  return Warn(absl::StrCat("CLONE will use the recipient's ", NameThem(set)), kRemedy);
}

// CLONE replaces mysql.plugin, mysql.component and the tables of time zones; mysqld ends at its
// start if an option is unknown (MY-000067) or names an unknown time zone (MY-010361).
Verdict OptionsStayKnown(const PreflightFacts& facts) {
  std::vector<std::string> unknown;
  for (const auto& [name, given] : facts.recipient.options) {
    const bool there = facts.donor->options.count(name) > 0;
    if (given && !there && GoesWithTheData(name, facts.recipient.plugins)) unknown.push_back(name);
  }
  const std::string zone = VariableOf(facts.recipient, "time_zone").value_or("SYSTEM");
  const auto source = facts.recipient.options.find("time_zone");
  const bool asked_for = source != facts.recipient.options.end() && source->second;
  const bool named =
      zone != "SYSTEM" && !absl::StartsWith(zone, "+") && !absl::StartsWith(zone, "-");
  if (asked_for && named && !facts.donor->named_time_zones) {
    return Fatal(
        absl::StrCat("the recipient's my.cnf has default_time_zone=", zone,
                     ", and the donor has no time zone tables: mysqld would not start"),
        "load them on the shard's primary (mysql_tzinfo_to_sql), or use an offset as +01:00");
  }
  if (unknown.empty()) return Passed("all of them are known to the donor, too");
  // The server does not show whether my.cnf has "loose_" before an option.
  return Unclear(
      absl::StrCat("the recipient's my.cnf sets what only its own plugins and components know, and "
                   "these go with the old data: ",
                   NameThem(unknown), ": without loose_ before them mysqld would not start"),
      "install the plugins or components on the shard's primary, or write loose_ before the "
      "options "
      "and pass --allow-unchecked");
}

}  // namespace graft
