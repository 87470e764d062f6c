#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "mysql/error_map.h"
#include "mysql/tables.h"

namespace graft {
namespace {

// How far receiver and applier are. Neither the relay log's own position nor its size are in it: a
// receiver that connects anew again and again begins a new relay log each time.
std::string Position(const Row& row) {
  std::string text;
  const std::initializer_list<absl::string_view> columns[] = {
      {"Source_Log_File", "Master_Log_File"},
      {"Read_Source_Log_Pos", "Read_Master_Log_Pos"},
      {"Relay_Source_Log_File", "Relay_Master_Log_File"},
      {"Exec_Source_Log_Pos", "Exec_Master_Log_Pos"},
      {"Retrieved_Gtid_Set"},
      {"Executed_Gtid_Set"}};
  for (const auto& names : columns) absl::StrAppend(&text, row.Text(names), "|");
  return text;
}

bool HasBacklog(const Row& row) {
  return row.Text({"Source_Log_File", "Master_Log_File"}) !=
             row.Text({"Relay_Source_Log_File", "Relay_Master_Log_File"}) ||
         row.Text({"Read_Source_Log_Pos", "Read_Master_Log_Pos"}) !=
             row.Text({"Exec_Source_Log_Pos", "Exec_Master_Log_Pos"});
}

// Whether its names can be told from each other: MySQL shows them without quotes.
// "(a,b),(c,d)"; "a,b"; "a.t,b.u"; "a.%,b.t%".
bool IsPlain(absl::string_view name, absl::string_view rule) {
  if (absl::StrContains(name, "REWRITE")) {
    if (!absl::ConsumePrefix(&rule, "(") || !absl::ConsumeSuffix(&rule, ")")) return false;
    const std::vector<absl::string_view> pairs = absl::StrSplit(rule, "),(");
    return std::all_of(pairs.begin(), pairs.end(), [](absl::string_view pair) {
      const std::vector<absl::string_view> names = absl::StrSplit(pair, absl::ByAnyChar(",()"));
      return names.size() == 2 && !names[0].empty() && !names[1].empty();
    });
  }
  const bool patterns = absl::StrContains(name, "WILD");
  const bool tables = absl::EndsWith(name, "_TABLE");
  const std::vector<absl::string_view> items = absl::StrSplit(rule, ',');
  return std::all_of(items.begin(), items.end(), [=](absl::string_view item) {
    if (!tables) return !item.empty();
    const std::vector<absl::string_view> parts = absl::StrSplit(item, '.');
    if (patterns) return parts.size() >= 2;
    return parts.size() == 2 && !parts[0].empty() && !parts[1].empty();
  });
}

std::vector<std::string> ShownFilters(const Row& row) {
  std::vector<std::string> filters;
  for (const char* column :
       {"Replicate_Do_DB", "Replicate_Ignore_DB", "Replicate_Do_Table", "Replicate_Ignore_Table",
        "Replicate_Wild_Do_Table", "Replicate_Wild_Ignore_Table", "Replicate_Rewrite_DB"}) {
    const std::string rule = row.Text({column});
    if (rule.empty()) continue;
    filters.push_back(ReplicationFilter{"", absl::AsciiStrToUpper(column), rule}.Text());
  }
  return filters;
}

absl::StatusOr<ReplicationChannel> ReadChannel(const Row& row) {
  ReplicationChannel channel;
  channel.name = row.Text({"Channel_Name"});
  channel.source.host = row.Text({"Source_Host", "Master_Host"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t port, row.Number({"Source_Port", "Master_Port"}));
  channel.source.port = static_cast<int>(port);
  channel.source_uuid = row.Text({"Source_UUID", "Master_UUID"});
  const std::string receiver = row.Text({"Replica_IO_Running", "Slave_IO_Running"});
  channel.receiver_running = receiver == "Yes";
  channel.receiver_connecting = receiver == "Connecting";
  channel.applier_running = row.Text({"Replica_SQL_Running", "Slave_SQL_Running"}) == "Yes";
  GRAFT_ASSIGN_OR_RETURN(const int64_t io_errno, row.Number({"Last_IO_Errno"}));
  GRAFT_ASSIGN_OR_RETURN(const int64_t sql_errno, row.Number({"Last_SQL_Errno"}));
  channel.receiver_errno = static_cast<int>(io_errno);
  channel.receiver_error = row.Text({"Last_IO_Error"});
  channel.source_away =
      channel.receiver_errno != 0 &&
      absl::IsUnavailable(FromMysqlError(channel.receiver_errno, channel.receiver_error, ""));
  channel.applier_errno = static_cast<int>(sql_errno);
  channel.applier_error = row.Text({"Last_SQL_Error"});
  channel.auto_position = row.Text({"Auto_Position"}) == "1";
  int64_t delay = 0;
  if (absl::SimpleAtoi(row.Text({"SQL_Delay"}), &delay)) channel.delay = absl::Seconds(delay);
  const auto lag = row.Find({"Seconds_Behind_Source", "Seconds_Behind_Master"});
  int64_t seconds = 0;
  if (lag.has_value() && absl::SimpleAtoi(*lag, &seconds)) channel.lag = absl::Seconds(seconds);
  channel.activity = Position(row);
  channel.filters = ShownFilters(row);
  return channel;
}

// Adds the state of the channel's threads; false: performance_schema has no row for the channel.
bool AddWork(const RowSet& work, ReplicationChannel* channel) {
  bool found = false;
  for (const Row& row : Rows(work)) {
    if (row.Text({"channel"}) != channel->name) continue;
    found = true;
    int number = 0;
    if (absl::SimpleAtoi(row.Text({"error"}), &number) && number != 0) {
      channel->thread_errors.push_back({row.Text({"part"}), number, row.Text({"message"})});
    }
    const std::string current = row.Text({"current"});
    const std::string last = row.Text({"last"});
    absl::StrAppend(&channel->activity, current, ",", last, ";");
    const bool is_receiver = row.Text({"part"}) == "receiver";
    if (is_receiver) channel->heard = absl::StrCat(last, "/", row.Text({"heartbeats"}));
    if (current.empty()) continue;
    if (is_receiver) {
      channel->receiving = channel->receiver_running;
      continue;
    }
    channel->applying = channel->applier_running;
    // A worker that has been told to stop shows OFF at once, and finishes its transaction first.
    const bool told = row.Text({"part"}) == "worker" && row.Text({"state"}) == "OFF";
    if (told) channel->stopping = channel->applier_running;
  }
  return found;
}

}  // namespace

std::vector<ReplicationFilter> ReadFilters(const RowSet& rows) {
  std::vector<ReplicationFilter> filters;
  for (const Row& row : Rows(rows)) {
    ReplicationFilter filter;
    filter.channel = row.Text({"channel"});
    filter.name = row.Text({"name"});
    filter.rule = row.Text({"rule"});
    filter.by_statement = absl::StartsWith(row.Text({"configured_by"}), "CHANGE_");
    filter.plain = IsPlain(filter.name, filter.rule);
    filters.push_back(std::move(filter));
  }
  return filters;
}

absl::StatusOr<std::vector<ReplicationChannel>> ReadReplicationRows(const RowSet& status,
                                                                    const RowSet& work) {
  std::vector<ReplicationChannel> channels;
  for (const Row& row : Rows(status)) {
    GRAFT_ASSIGN_OR_RETURN(ReplicationChannel channel, ReadChannel(row));
    channel.thread_errors_seen = AddWork(work, &channel);
    if (!channel.thread_errors_seen) {
      channel.applying = channel.applier_running && HasBacklog(row);
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

std::string PendingStop(const RowSet& processlist) {
  for (const Row& row : Rows(processlist)) {
    const std::string statement = absl::AsciiStrToUpper(row.Text({"Info"}));
    if (absl::StartsWith(statement, "STOP REPLICA") || absl::StartsWith(statement, "STOP SLAVE")) {
      return absl::StrCat("connection ", row.Text({"Id"}), " of '", row.Text({"User"}), "'");
    }
  }
  return "";
}

}  // namespace graft
