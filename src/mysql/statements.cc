#include "mysql/statements.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace graft {
namespace {

constexpr char kMasked[] = "<secret>";
constexpr int kConnectRetrySeconds = 10;  // Vitess's
// For ten days, MySQL's default until 8.4; later servers give up after ten tries.
constexpr int kConnectRetries = 86400;
constexpr int kHeartbeatSeconds = 10;  // of a source with nothing to send

absl::Status CheckName(absl::string_view name) {
  const bool ok = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '.';
  });
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is no MySQL variable name; only a-z, 0-9, '_' and '.' are allowed"));
}

std::string VariableValue(const std::string& value) {
  double number = 0;
  const bool numeric = !value.empty() &&
                       value.find_first_not_of("-.0123456789") == std::string::npos &&
                       absl::SimpleAtod(value, &number);
  return numeric || value == "ON" || value == "OFF" ? value : QuoteText(value);
}

absl::Status CheckAddress(const HostPort& address, absl::string_view whose) {
  if (address.host.empty() || address.port < 1 || address.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address.ToString(),
                                                   "\" is no MySQL address for the ", whose,
                                                   "; host:port is needed"));
  }
  return absl::OkStatus();
}

absl::Status CheckUser(absl::string_view user, absl::string_view whose) {
  if (!user.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no MySQL user is given for the ", whose));
}

std::string QuoteName(absl::string_view name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}

std::string Password(const Secret& password, Secrets secrets) {
  return QuoteText(secrets == Secrets::kMask ? std::string(kMasked) : password.Reveal());
}

}  // namespace

std::string QuoteText(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string SessionSetup(absl::Duration lock_wait) {
  return absl::StrCat(
      "SET NAMES utf8mb4, SESSION sql_mode='NO_BACKSLASH_ESCAPES', SESSION time_zone='+00:00', "
      "SESSION autocommit=1, SESSION lock_wait_timeout=",
      std::max<int64_t>(1, absl::ToInt64Seconds(lock_wait)));
}

absl::StatusOr<std::string> ReadVariablesStatement(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (absl::Status status = CheckName(name); !status.ok()) return status;
  }
  const std::string list = absl::StrJoin(names, ",", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, QuoteText(name));
  });
  return absl::StrCat(
      "SELECT g.variable_name AS name, g.variable_value AS value, p.variable_value AS persisted, "
      "i.variable_source AS source, i.set_user AS set_user, i.set_host AS set_host, "
      "i.set_time AS set_time FROM performance_schema.global_variables g "
      "LEFT JOIN performance_schema.persisted_variables p ON p.variable_name = g.variable_name "
      "LEFT JOIN performance_schema.variables_info i ON i.variable_name = g.variable_name "
      "WHERE g.variable_name IN (",
      list.empty() ? "''" : list, ")");
}

absl::StatusOr<std::string> SetVariableStatement(const VariableChange& change) {
  if (absl::Status status = CheckName(change.name); !status.ok()) return status;
  switch (change.how) {
    case VariableChange::How::kGlobal:
      return absl::StrCat("SET GLOBAL ", change.name, " = ", VariableValue(change.value));
    case VariableChange::How::kPersistOnly:
      return absl::StrCat("SET PERSIST_ONLY ", change.name, " = ", VariableValue(change.value));
    case VariableChange::How::kForget:
      return absl::StrCat("RESET PERSIST IF EXISTS ", change.name);
  }
  return absl::InternalError("unknown kind of variable change");
}

absl::StatusOr<std::string> DonorListStatement(const HostPort& donor) {
  if (absl::Status status = CheckAddress(donor, "donor"); !status.ok()) return status;
  if (donor.host.find_first_of(", :[]") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("CLONE cannot use the donor host \"", donor.host,
                     "\": neither an IPv6 address nor a blank or comma is allowed; register the "
                     "donor's mysqld by host name or IPv4 address"));
  }
  return absl::StrCat("SET GLOBAL clone_valid_donor_list = ", QuoteText(donor.ToString()));
}

absl::StatusOr<std::string> CloneStatement(const CloneRequest& request, Secrets secrets) {
  if (absl::Status status = CheckAddress(request.donor, "donor"); !status.ok()) return status;
  if (absl::Status status = CheckUser(request.user, "donor"); !status.ok()) return status;
  // No blank around the colon: the server's grammar refuses one (1064).
  return absl::StrCat("CLONE INSTANCE FROM ", QuoteText(request.user), "@",
                      QuoteText(request.donor.host), ":", request.donor.port, " IDENTIFIED BY ",
                      Password(request.password, secrets),
                      request.require_ssl ? " REQUIRE SSL" : " REQUIRE NO SSL");
}

std::string ReplicaStatement(const ServerVersion& version, absl::string_view sql) {
  if (version.AtLeast(8, 0, 22)) return std::string(sql);
  return absl::StrReplaceAll(sql, {{"REPLICA", "SLAVE"}});
}

absl::StatusOr<std::vector<std::string>> DisableEventStatements(const ServerVersion& version,
                                                                const Row& event) {
  const std::string definer = event.Text({"definer"});
  const size_t at = definer.rfind('@');
  const std::string host = at == std::string::npos ? "" : definer.substr(at + 1);
  const std::string statement = absl::StrCat(
      "ALTER DEFINER=", QuoteName(definer.substr(0, at)), "@", QuoteName(host), " EVENT ",
      QuoteName(event.Text({"schema"})), ".", QuoteName(event.Text({"name"})), " DISABLE ON ",
      version.AtLeast(8, 2, 0) ? "REPLICA" : "SLAVE");
  const std::string charset = event.Text({"charset"});
  const bool ascii = std::all_of(statement.begin(), statement.end(),
                                 [](char c) { return absl::ascii_isascii(c); });
  if (!ascii && !absl::StartsWith(charset, "utf8")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "its name or definer is not ASCII, and it was made with character_set_client=", charset));
  }
  return std::vector<std::string>{
      absl::StrCat("SET SESSION sql_mode=", QuoteText(event.Text({"sql_mode"})),
                   ", SESSION time_zone=", QuoteText(event.Text({"time_zone"})),
                   ", SESSION character_set_client=", QuoteText(charset),
                   ", SESSION collation_connection=", QuoteText(event.Text({"collation"}))),
      statement};
}

std::string SetFilterStatement(const ReplicationFilter& filter) {
  const bool patterns = absl::StrContains(filter.name, "WILD");
  absl::string_view between = ",";
  if (absl::StrContains(filter.name, "REWRITE")) between = ",()";
  if (absl::EndsWith(filter.name, "_TABLE") && !patterns) between = ",.";
  std::string rule;
  std::string name;
  for (const char c : absl::StrCat(filter.rule, ",")) {
    if (!absl::StrContains(between, c)) {
      name += c;
      continue;
    }
    if (!name.empty()) absl::StrAppend(&rule, patterns ? QuoteText(name) : QuoteName(name));
    name.clear();
    rule += c;
  }
  rule.pop_back();
  return absl::StrCat("CHANGE REPLICATION FILTER ", filter.name, "=(", rule, ") FOR CHANNEL ''");
}

std::string DelayStatement(const ServerVersion& version, absl::Duration delay) {
  const bool modern = version.AtLeast(8, 0, 23);
  return absl::StrCat("CHANGE ", modern ? "REPLICATION SOURCE" : "MASTER", " TO ",
                      modern ? "SOURCE" : "MASTER", "_DELAY=", absl::ToInt64Seconds(delay),
                      " FOR CHANNEL ''");
}

absl::StatusOr<std::string> ChangeSourceStatement(const ServerVersion& version,
                                                  const ReplicationSource& source,
                                                  Secrets secrets) {
  if (absl::Status status = CheckAddress(source.address, "source"); !status.ok()) return status;
  if (absl::Status status = CheckUser(source.user, "source"); !status.ok()) return status;
  const bool modern = version.AtLeast(8, 0, 23);
  const absl::string_view side = modern ? "SOURCE" : "MASTER";
  // Without TLS a caching_sha2_password account needs the source's RSA key.
  const std::string transport = source.use_ssl
                                    ? absl::StrCat(side, "_SSL=1")
                                    : absl::StrCat(side, "_SSL=0, GET_", side, "_PUBLIC_KEY=1");
  return absl::StrCat("CHANGE ", modern ? "REPLICATION SOURCE" : "MASTER", " TO ", side,
                      "_HOST=", QuoteText(source.address.host), ", ", side,
                      "_PORT=", source.address.port, ", ", side, "_USER=", QuoteText(source.user),
                      ", ", side, "_PASSWORD=", Password(source.password, secrets), ", ", side,
                      "_CONNECT_RETRY=", kConnectRetrySeconds, ", ", side,
                      "_RETRY_COUNT=", kConnectRetries, ", ", side,
                      "_HEARTBEAT_PERIOD=", kHeartbeatSeconds, ", ", transport, ", ", side,
                      "_AUTO_POSITION=1 FOR CHANNEL ''");
}

}  // namespace graft
