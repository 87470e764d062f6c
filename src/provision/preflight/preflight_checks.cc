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
  return {CheckOutcome::kPassed, std::move(found), "", std::nullopt};
}

Verdict Warn(std::string found, std::string remedy) {
  return {CheckOutcome::kWarning, std::move(found), std::move(remedy), std::nullopt};
}

Verdict Fatal(std::string found, std::string remedy) {
  return {CheckOutcome::kFatal, std::move(found), std::move(remedy), std::nullopt};
}

Verdict Unchecked(absl::string_view what, const absl::Status& status) {
  return {CheckOutcome::kUnchecked, absl::StrCat(what, " could not be read: ", status.message()),
          absl::IsPermissionDenied(status)
              ? "grant the missing privilege, or pass --allow-unchecked"
              : "repair that, or pass --allow-unchecked",
          std::nullopt};
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

bool HasPrivilege(const ServerSurvey& server, absl::string_view privilege) {
  const std::set<std::string>& has = server.facts.privileges;
  return has.count(std::string(privilege)) > 0 || has.count("ALL PRIVILEGES") > 0;
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

}  // namespace graft
