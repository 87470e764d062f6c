#include "mysql/server_tables.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"

namespace graft {
namespace {

bool IsOn(const std::string& value) {
  return value == "1" || value == "ON";
}

std::string OneLine(const std::string& gtid_set) {
  return absl::StrReplaceAll(gtid_set, {{"\n", ""}});
}

absl::StatusOr<ReplicationChannel> ReadChannel(const Row& row) {
  ReplicationChannel channel;
  channel.name = row.Text({"Channel_Name"});
  channel.source.host = row.Text({"Source_Host", "Master_Host"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t port, row.Number({"Source_Port", "Master_Port"}));
  channel.source.port = static_cast<int>(port);
  const std::string receiver = row.Text({"Replica_IO_Running", "Slave_IO_Running"});
  channel.receiver_running = receiver == "Yes";
  channel.receiver_connecting = receiver == "Connecting";
  channel.applier_running = row.Text({"Replica_SQL_Running", "Slave_SQL_Running"}) == "Yes";
  GRAFT_ASSIGN_OR_RETURN(const int64_t io_errno, row.Number({"Last_IO_Errno"}));
  GRAFT_ASSIGN_OR_RETURN(const int64_t sql_errno, row.Number({"Last_SQL_Errno"}));
  channel.receiver_errno = static_cast<int>(io_errno);
  channel.receiver_error = row.Text({"Last_IO_Error"});
  channel.applier_errno = static_cast<int>(sql_errno);
  channel.applier_error = row.Text({"Last_SQL_Error"});
  channel.auto_position = row.Text({"Auto_Position"}) == "1";
  const auto lag = row.Find({"Seconds_Behind_Source", "Seconds_Behind_Master"});
  int64_t seconds = 0;
  if (lag.has_value() && absl::SimpleAtoi(*lag, &seconds)) channel.lag = absl::Seconds(seconds);
  return channel;
}

}  // namespace

std::set<std::string> ReadGrants(const RowSet& grants) {
  std::set<std::string> privileges;
  for (const auto& row : grants.rows) {
    if (row.empty() || !row[0].has_value()) continue;
    absl::string_view line = *row[0];
    const size_t end = line.find(" ON *.* TO ");
    if (end == absl::string_view::npos || !absl::ConsumePrefix(&line, "GRANT ")) continue;
    const absl::string_view list = line.substr(0, end - absl::string_view("GRANT ").size());
    for (absl::string_view privilege : absl::StrSplit(list, ',')) {
      privileges.emplace(absl::StripAsciiWhitespace(privilege));
    }
  }
  privileges.erase("USAGE");  // means: none
  return privileges;
}

absl::StatusOr<ServerFacts> ReadServerFacts(const RowSet& facts, const RowSet& uptime,
                                            const RowSet& grants, const RowSet& schemas) {
  if (facts.rows.size() != 1 || uptime.rows.size() != 1) {
    return absl::InternalError("MySQL did not describe itself in one row");
  }
  const Row row(facts, 0);
  ServerFacts result;
  result.version = row.Text({"version"});
  result.server_uuid = row.Text({"server_uuid"});
  result.now = row.Text({"now"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t seconds, Row(uptime, 0).Number({"Value"}));
  result.uptime = absl::Seconds(seconds);
  GRAFT_ASSIGN_OR_RETURN(const int64_t lower_case, row.Number({"lower_case_table_names"}));
  result.lower_case_table_names = static_cast<int>(lower_case);
  result.read_only = IsOn(row.Text({"read_only"}));
  result.super_read_only = IsOn(row.Text({"super_read_only"}));
  result.gtid_mode = row.Text({"gtid_mode"});
  result.gtid_executed = OneLine(row.Text({"gtid_executed"}));
  result.gtid_purged = OneLine(row.Text({"gtid_purged"}));
  result.clone_plugin_status = row.Text({"clone_plugin_status"});
  result.privileges = ReadGrants(grants);
  for (size_t i = 0; i < schemas.rows.size(); ++i) {
    result.user_schemas.push_back(Row(schemas, i).Text({"name"}));
  }
  return result;
}

absl::StatusOr<std::vector<Variable>> OrderVariables(const std::vector<std::string>& names,
                                                     const RowSet& rows) {
  std::vector<Variable> variables;
  for (const std::string& name : names) {
    bool found = false;
    for (size_t i = 0; i < rows.rows.size() && !found; ++i) {
      const Row row(rows, i);
      if (row.Text({"name"}) != name) continue;
      variables.push_back({name, row.Text({"value"}), row.Find({"persisted"})});
      found = true;
    }
    if (!found) {
      return WithReason(
          absl::NotFoundError(absl::StrCat("this MySQL server has no variable ", name)),
          Reason::kNoSuchVariable);
    }
  }
  return variables;
}

absl::StatusOr<std::vector<ReplicationChannel>> ReadReplicationRows(const RowSet& rows) {
  std::vector<ReplicationChannel> channels;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    GRAFT_ASSIGN_OR_RETURN(ReplicationChannel channel, ReadChannel(Row(rows, i)));
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace graft
