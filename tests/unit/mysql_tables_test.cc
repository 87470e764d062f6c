#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/tables.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

RowSet StatusRows(const std::string& state) {
  return {{"PID", "STATE", "BEGIN_TIME", "END_TIME", "SOURCE", "DESTINATION", "ERROR_NO",
           "ERROR_MESSAGE", "GTID_EXECUTED"},
          {{"17", state, "2026-11-20 13:00:00.123", std::nullopt, "db1:3306", "LOCAL INSTANCE",
            "1317", "killed", "a:1-5,\nb:1"}}};
}

RowSet ProgressRows(const std::string& first) {
  return {{"stage", "state", "begin_time", "end_time", "estimate", "data", "network"},
          {{"FILE COPY", "In Progress", "2026-11-20 13:00:01.000001", std::nullopt, "1000", "400",
            "410"},
           {first, "Completed", "2026-11-20 13:00:00.5", "2026-11-20 13:00:01", "0", "0", "0"}}};
}

TEST(CloneTables, EmptyOnesMeanThatNoCloneWasTried) {
  const auto report = ReadCloneTables({}, {});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->status.has_value());
  EXPECT_TRUE(report->stages.empty());
}

TEST(CloneTables, RowsBecomeValues) {
  const auto report = ReadCloneTables(StatusRows("In Progress"), ProgressRows("DROP DATA"));
  ASSERT_TRUE(report.ok()) << report.status();
  const CloneStatus& status = *report->status;
  EXPECT_EQ(status.connection_id, 17);
  EXPECT_EQ(status.state, CloneState::kInProgress);
  EXPECT_EQ(status.begin_time, "2026-11-20 13:00:00.123");
  EXPECT_EQ(status.end_time, "");
  EXPECT_EQ(status.source, "db1:3306");
  EXPECT_EQ(status.error_no, 1317);
  EXPECT_EQ(status.error_message, "killed");
  EXPECT_EQ(status.gtid_executed, "a:1-5,b:1");
  ASSERT_EQ(report->stages.size(), 2u);
  EXPECT_EQ(report->stages[0].stage, CloneStage::kDropData);
  EXPECT_EQ(report->stages[1].stage, CloneStage::kFileCopy);
  EXPECT_EQ(report->stages[1].estimate_bytes, 1000);
  EXPECT_EQ(report->stages[1].data_bytes, 400);
  EXPECT_EQ(report->stages[1].network_bytes, 410);
}

TEST(CloneTables, UnknownWordsAreErrors) {
  EXPECT_TRUE(absl::IsInternal(ReadCloneTables(StatusRows("Resting"), {}).status()));
  EXPECT_TRUE(
      absl::IsInternal(ReadCloneTables(StatusRows("Failed"), ProgressRows("TEA BREAK")).status()));
  RowSet no_number = StatusRows("Failed");
  no_number.rows[0][0] = "x";
  EXPECT_TRUE(absl::IsInternal(ReadCloneTables(no_number, {}).status()));
}

TEST(ServerTables, GrantsAreTheGlobalOnes) {
  const RowSet grants = {{"Grants for a@%"},
                         {{"GRANT SELECT, REPLICATION SLAVE ON *.* TO `a`@`%` WITH GRANT OPTION"},
                          {"GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `a`@`%`"},
                          {"GRANT USAGE ON *.* TO `a`@`%`"},
                          {"GRANT INSERT ON `db`.* TO `a`@`%`"},
                          {"GRANT `role`@`%` TO `a`@`%`"},
                          {"REVOKE DELETE ON *.* TO `a`@`%`"}}};
  EXPECT_THAT(ReadGrants(grants),
              UnorderedElementsAre("SELECT", "REPLICATION SLAVE", "BACKUP_ADMIN", "CLONE_ADMIN"));
}

TEST(ServerTables, Facts) {
  const RowSet facts = {
      {"version", "server_uuid", "now", "lower_case_table_names", "read_only", "super_read_only",
       "gtid_mode", "gtid_executed", "gtid_purged", "performance_schema", "clone_plugin_status"},
      {{"9.7.4-2", "uuid", "2026-11-20 13:00:00.123", "1", "1", "0", "ON", "a:1,\nb:2", "a:1", "1",
        std::nullopt}}};
  const RowSet uptime = {{"now", "uptime"}, {{"1000077", "77"}}};
  const RowSet pid = {{"pid"}, {{"4711"}}};
  const auto result = ReadServerFacts(facts, uptime, pid, {}, {{"name"}, {{"shop"}, {"blog"}}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->version, "9.7.4-2");
  EXPECT_EQ(result->uptime, absl::Seconds(77));
  EXPECT_EQ(result->process, "4711@1000000");
  EXPECT_TRUE(result->performance_schema);
  EXPECT_EQ(result->lower_case_table_names, 1);
  EXPECT_TRUE(result->read_only);
  EXPECT_FALSE(result->super_read_only);
  EXPECT_EQ(result->gtid_executed, "a:1,b:2");
  EXPECT_EQ(result->clone_plugin_status, "");
  EXPECT_THAT(result->user_schemas, ElementsAre("shop", "blog"));
  EXPECT_TRUE(absl::IsInternal(ReadServerFacts({}, uptime, {}, {}, {}).status()));
}

TEST(ServerTables, VariablesKeepTheOrderAskedFor) {
  const RowSet rows = {{"name", "value", "persisted"},
                       {{"a", "1", std::nullopt}, {"b", "ON", "OFF"}}};
  const auto variables = OrderVariables({"b", "a"}, rows);
  ASSERT_TRUE(variables.ok());
  EXPECT_EQ((*variables)[0].name, "b");
  EXPECT_EQ((*variables)[0].persisted, "OFF");
  EXPECT_EQ((*variables)[1].value, "1");
  EXPECT_EQ((*variables)[1].persisted, std::nullopt);
  EXPECT_TRUE(absl::IsNotFound(OrderVariables({"c"}, rows).status()));
}

// Old and new names of the same columns.
RowSet ReplicaRows(const std::string& side, const std::string& replica) {
  return {
      {"Channel_Name", side + "_Host", side + "_Port", replica + "_IO_Running",
       replica + "_SQL_Running", "Last_IO_Errno", "Last_IO_Error", "Last_SQL_Errno",
       "Last_SQL_Error", "Seconds_Behind_" + side, "Auto_Position"},
      {{"", "db1", "3306", "Yes", "No", "0", "", "1062", "Duplicate", "12", "1"},
       {"x", "db2", "3307", "Connecting", "Yes", "2003", "no way", "0", "", std::nullopt, "0"}}};
}

TEST(ServerTables, ReplicationInBothDialects) {
  for (const RowSet& rows : {ReplicaRows("Source", "Replica"), ReplicaRows("Master", "Slave")}) {
    const auto channels = ReadReplicationRows(rows, {});
    ASSERT_TRUE(channels.ok());
    ASSERT_EQ(channels->size(), 2u);
    const ReplicationChannel& first = (*channels)[0];
    EXPECT_EQ(first.source.ToString(), "db1:3306");
    EXPECT_TRUE(first.receiver_running);
    EXPECT_FALSE(first.receiver_connecting);
    EXPECT_FALSE(first.applier_running);
    EXPECT_EQ(first.applier_errno, 1062);
    EXPECT_EQ(first.applier_error, "Duplicate");
    EXPECT_EQ(first.lag, absl::Seconds(12));
    EXPECT_TRUE(first.auto_position);
    const ReplicationChannel& second = (*channels)[1];
    EXPECT_EQ(second.name, "x");
    EXPECT_FALSE(second.receiver_running);
    EXPECT_TRUE(second.receiver_connecting);
    EXPECT_TRUE(second.applier_running);
    EXPECT_EQ(second.receiver_errno, 2003);
    EXPECT_TRUE(second.source_away);
    EXPECT_FALSE(first.source_away);
    EXPECT_EQ(second.lag, std::nullopt);
    EXPECT_FALSE(second.auto_position);
  }
}

// Whether another START may mend what the receiver says.
TEST(ServerTables, WhatTheReceiverStoppedFor) {
  RowSet rows = ReplicaRows("Source", "Replica");
  const auto away = [&rows](const std::string& number) {
    rows.rows[0][5] = number;
    return ReadReplicationRows(rows, {})->at(0).source_away;
  };
  for (const char* number : {"2002", "2003", "2005", "2006", "2013", "1040", "1053", "1158", "1159",
                             "1160", "1161", "1203"}) {
    EXPECT_TRUE(away(number)) << number;
  }
  for (const char* number : {"0", "1045", "1236", "13114", "13117"}) {
    EXPECT_FALSE(away(number)) << number;
  }
}

TEST(ServerTables, TransactionsAndHeartbeatsOfTheSourceAreHeard) {
  const RowSet rows = ReplicaRows("Source", "Replica");
  const auto heard = [&rows](const char* last, const char* heartbeats) {
    const RowSet work = {
        {"channel", "part", "state", "current", "last", "heartbeats"},
        {{"", "worker", "ON", "", "uuid:7", "0"}, {"", "receiver", "ON", "", last, heartbeats}}};
    return ReadReplicationRows(rows, work)->at(0);
  };
  EXPECT_EQ(heard("uuid:1", "1").heard, heard("uuid:1", "1").heard);
  EXPECT_NE(heard("uuid:1", "1").heard, heard("uuid:2", "1").heard);
  EXPECT_NE(heard("uuid:1", "1").heard, heard("uuid:1", "2").heard);
  EXPECT_EQ(heard("uuid:1", "1").activity, heard("uuid:1", "2").activity) << "no work";
}

TEST(ServerTables, ErrorsOfEveryThreadAreRead) {
  const RowSet work = {{"channel", "part", "state", "error", "message"},
                       {{"", "worker", "OFF", "1317", "killed"},
                        {"", "worker", "OFF", "1062", "Duplicate entry"},
                        {"", "receiver", "ON", "0", ""}}};
  const ReplicationChannel channel =
      ReadReplicationRows(ReplicaRows("Source", "Replica"), work)->at(0);
  ASSERT_EQ(channel.thread_errors.size(), 2U);
  EXPECT_EQ(channel.thread_errors[1].number, 1062);
  EXPECT_EQ(channel.thread_errors[1].text, "Duplicate entry");
  EXPECT_TRUE(channel.thread_errors_seen);
  const RowSet none = {{"channel", "part"}, {}};
  EXPECT_FALSE(
      ReadReplicationRows(ReplicaRows("Source", "Replica"), none)->at(0).thread_errors_seen);
}

// MySQL shows the names without quotes.
TEST(FiltersTest, NamesThatCannotBeToldFromEachOther) {
  const auto plain = [](const std::string& name, const std::string& rule) {
    const RowSet rows = {{"channel", "name", "rule", "configured_by"},
                         {{"", name, rule, "CHANGE_REPLICATION_FILTER"}}};
    return ReadFilters(rows).at(0).plain;
  };
  EXPECT_TRUE(plain("REPLICATE_DO_DB", "a,c d,e\"f,g`h,p%q,m.n,öl"));
  EXPECT_FALSE(plain("REPLICATE_DO_DB", "a,,b")) << "\"a,\" and \"b\"";
  EXPECT_TRUE(plain("REPLICATE_DO_TABLE", "k-l.m n,a.b"));
  EXPECT_FALSE(plain("REPLICATE_DO_TABLE", "a,b.c"));
  EXPECT_FALSE(plain("REPLICATE_DO_TABLE", "a.b.c"));
  EXPECT_TRUE(plain("REPLICATE_WILD_DO_TABLE", "it's.\\_x%,a.b.c"));
  EXPECT_FALSE(plain("REPLICATE_WILD_DO_TABLE", "a,b.%"));
  EXPECT_TRUE(plain("REPLICATE_REWRITE_DB", "(a b,c),(d,e)"));
  EXPECT_FALSE(plain("REPLICATE_REWRITE_DB", "(a,(b,c)d),(e,f)"));
}

}  // namespace
}  // namespace graft
