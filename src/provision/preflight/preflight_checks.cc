#include "provision/preflight/preflight_checks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/server_version.h"

namespace graft {

Verdict Passed(std::string found) {
  return {CheckOutcome::kPassed, std::move(found), ""};
}

Verdict Warn(std::string found, std::string remedy) {
  return {CheckOutcome::kWarning, std::move(found), std::move(remedy)};
}

Verdict Fatal(std::string found, std::string remedy) {
  return {CheckOutcome::kFatal, std::move(found), std::move(remedy)};
}

Verdict Unclear(std::string found, std::string remedy) {
  return {CheckOutcome::kUnchecked, std::move(found), std::move(remedy)};
}

Verdict Unchecked(absl::string_view what, const absl::Status& status) {
  const bool denied = absl::IsPermissionDenied(status);
  return Unclear(absl::StrCat(what, " could not be read: ", status.message()),
                 denied ? "grant the missing privilege" : "repair that");
}

std::optional<std::string> VariableOf(const ServerSurvey& server, absl::string_view name) {
  const auto found = server.variables.find(std::string(name));
  if (found == server.variables.end()) return std::nullopt;
  return found->second == "NULL" ? "" : found->second;
}

bool IsOn(const ServerSurvey& server, absl::string_view name) {
  const auto value = VariableOf(server, name);
  return value.has_value() && (*value == "1" || absl::EqualsIgnoreCase(*value, "ON"));
}

std::optional<int64_t> NumberOf(const ServerSurvey& server, absl::string_view name) {
  const auto value = VariableOf(server, name);
  int64_t number = 0;
  if (!value.has_value() || !absl::SimpleAtoi(*value, &number)) return std::nullopt;
  return number;
}

Verdict VariableMissing(absl::string_view name, absl::string_view whose) {
  return Unchecked(absl::StrCat(name, " of the ", whose),
                   absl::NotFoundError("the server does not show it"));
}

bool VersionAtLeast(const ServerSurvey& server, int major, int minor, int patch) {
  const auto version = ServerVersion::Parse(server.facts.version);
  return version.ok() && version->AtLeast(major, minor, patch);
}

bool HasPrivilege(const std::set<std::string>& has, absl::string_view privilege) {
  return has.count(std::string(privilege)) > 0 || has.count("ALL PRIVILEGES") > 0;
}

std::string NameChannel(const ReplicationChannel& channel) {
  return channel.name.empty() ? "the default channel" : absl::StrCat("channel ", channel.name);
}

std::string NameThem(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMost));
  std::string text = absl::StrJoin(names.begin(), end, ", ");
  if (names.size() > kMost) absl::StrAppend(&text, " and ", names.size() - kMost, " more");
  return text;
}

std::string NameSession(const ServerSession& session) {
  return absl::StrCat(session.connection_id, " (", session.user, "@", session.host, ", ",
                      session.in_transaction ? "in a transaction" : session.command, ")");
}

bool IsBinlogDump(const ServerSession& session) {
  return absl::StartsWithIgnoreCase(session.command, "Binlog Dump");
}

bool IsClone(const ServerSession& session) {
  return absl::EqualsIgnoreCase(session.command, "clone");
}

std::vector<std::string> NameSessions(const std::vector<ServerSession>& sessions,
                                      const std::function<bool(const ServerSession&)>& is) {
  std::vector<std::string> names;
  for (const ServerSession& session : sessions) {
    if (is(session)) names.push_back(NameSession(session));
  }
  return names;
}

Verdict PluginIsActive(const ServerSurvey& server, absl::string_view whose) {
  const std::string& status = server.facts.clone_plugin_status;
  if (absl::EqualsIgnoreCase(status, "ACTIVE")) return Passed("ACTIVE");
  return Fatal(absl::StrCat("the clone plugin of the ", whose, " is ",
                            status.empty() ? "not installed" : status),
               "put plugin-load-add=mysql_clone.so into its my.cnf and restart it, or INSTALL "
               "PLUGIN clone SONAME 'mysql_clone.so'");
}

Verdict PacketIsLargeEnough(const ServerSurvey& server, absl::string_view whose) {
  constexpr int64_t kLeast = 2097152;  // else 3957 on the recipient, 3862 with 3957 on the donor
  const auto bytes = NumberOf(server, "max_allowed_packet");
  if (!bytes.has_value()) return VariableMissing("max_allowed_packet", whose);
  if (*bytes >= kLeast) return Passed(absl::StrCat(*bytes, " bytes"));
  return Fatal(absl::StrCat("max_allowed_packet of the ", whose, " is ", *bytes,
                            " bytes; CLONE needs 2 MiB"),
               "SET GLOBAL max_allowed_packet=67108864 there, and in its my.cnf");
}

}  // namespace graft
