// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PreflightReplicationTest, GtidsAndServerIds) {
  ExpectRows({
      {"GTID_MODE", kFatal, [](PreflightFacts& f) { f.donor->facts.gtid_mode = "OFF"; },
       "OFF on the donor"},
      {"GTID_MODE", kFatal,
       [](PreflightFacts& f) { f.recipient.facts.gtid_mode = "ON_PERMISSIVE"; },
       "ON_PERMISSIVE on the recipient"},
      {"SERVER_ID", kFatal, [](PreflightFacts& f) { SetVariable(f, "server_id", "7", "7"); },
       "the same server_id 7"},
      {"SERVER_ID", kFatal, [](PreflightFacts& f) { SetVariable(f, "server_id", "0", "7"); },
       "server_id is 0"},
      {"SERVER_ID", kUnchecked, [](PreflightFacts& f) { f.donor->variables.erase("server_id"); },
       "server_id of the donor"},
      {"SOURCE_BINLOGS", kFatal, [](PreflightFacts& f) { f.donor->variables["log_bin"] = "OFF"; },
       "writes no binary log"},
      {"SOURCE_BINLOGS", kUnchecked, [](PreflightFacts& f) { f.donor->variables.erase("log_bin"); },
       "log_bin of the donor"},
  });
  ExpectRows(
      {{"SERVER_ID", kWarning, [](PreflightFacts& f) { SetVariable(f, "server_id", "7", "7"); },
        "the same server_id 7"}},
      HealthyPairWithReplicaAsDonor);
  ExpectFine({[](PreflightFacts& f) { f.donor->variables["log_bin"] = "OFF"; }},
             HealthyPairWithReplicaAsDonor);
}

void AcknowledgesAlone(PreflightFacts& facts) {
  facts.recipient.facts.semi_sync.acknowledges = true;
  facts.primary->semi_sync = {true, 1, 1, absl::Hours(24), false};
}

TEST(PreflightReplicationTest, AcknowledgersOfThePrimary) {
  ExpectRows({
      {"SEMI_SYNC", kFatal, AcknowledgesAlone,
       "it wants 1, and has 0 beside the recipient: they would hang"},
      {"SEMI_SYNC", kFatal,
       [](PreflightFacts& f) {
         AcknowledgesAlone(f);
         f.primary->semi_sync.wait_for = f.primary->semi_sync.acknowledgers = 2;
       },
       "it wants 2, and has 1"},
      {"SEMI_SYNC", kFatal,
       [](PreflightFacts& f) {  // another one went away while the fence went up
         AcknowledgesAlone(f);
         f.recipient.facts.semi_sync.acknowledges = false;
         f.acknowledged = true;
         f.primary->semi_sync.acknowledgers = 0;
       },
       "has 0 beside the recipient"},
      {"SEMI_SYNC", kWarning,
       [](PreflightFacts& f) {
         AcknowledgesAlone(f);
         f.primary->semi_sync.patience = absl::Seconds(10);
       },
       "after 10s they would go on without"},
      {"SEMI_SYNC", kWarning,
       [](PreflightFacts& f) {
         AcknowledgesAlone(f);
         f.recipient.channels->front().source_uuid = "another";
         f.recipient.channels->front().receiver_running = false;  // the fence has stopped it
       },
       "acknowledges to db-100.example:3306, which is not the shard's primary"},
  });
  ExpectFine({
      [](PreflightFacts& f) {  // hangs already, and not for want of this one
        AcknowledgesAlone(f);
        f.recipient.facts.semi_sync.acknowledges = false;
      },
      [](PreflightFacts& f) {
        AcknowledgesAlone(f);
        f.primary->semi_sync.acknowledgers = 2;
      },
      [](PreflightFacts& f) {  // its own place is gone already
        AcknowledgesAlone(f);
        f.recipient.facts.semi_sync.acknowledges = false;
        f.acknowledged = true;
      },
      [](PreflightFacts& f) {
        AcknowledgesAlone(f);
        f.primary->semi_sync.waits = false;
      },
  });
}

TEST(PreflightReplicationTest, ReplicationAccount) {
  ExpectRows({
      {"REPLICATION_ACCOUNT", kFatal, [](PreflightFacts& f) { f.repl_password_length = 33; },
       "vt_repl has 33 characters"},
      {"REPLICATION_ACCOUNT", kFatal,
       [](PreflightFacts& f) {
         f.source_as_replica = absl::UnauthenticatedError("Access denied for user 'vt_repl'");
       },
       "the source refuses vt_repl: Access denied for user 'vt_repl'; check --db-repl-user"},
      {"REPLICATION_ACCOUNT", kFatal,
       [](PreflightFacts& f) { f.source_as_replica->privileges.clear(); },
       "GRANT REPLICATION SLAVE ON *.* TO vt_repl"},
      {"REPLICATION_ACCOUNT", kUnchecked,
       [](PreflightFacts& f) { f.source_as_replica = absl::UnavailableError("no answer"); },
       "no answer"},
  });
  ExpectFine({[](PreflightFacts& f) { f.repl_password_length = 32; }});
}

void HasSettings(PreflightFacts& f) {
  f.recipient.channels->front().delay = absl::Minutes(1);
  *f.recipient.filters = {
      {"", "REPLICATE_IGNORE_TABLE", "shop.log", /*by_statement=*/true, /*plain=*/true},
      {"", "REPLICATE_IGNORE_DB", "old", /*by_statement=*/false, /*plain=*/true},
  };
}

TEST(PreflightReplicationTest, SettingsThatAreSetAgain) {
  PreflightFacts facts = HealthyPair();
  HasSettings(facts);
  for (const CheckResult& result : Preflight(facts)) {
    if (result.id != "REPLICATION_SETTINGS") continue;
    EXPECT_EQ(result.outcome, CheckOutcome::kPassed);
    EXPECT_EQ(result.found,
              "set again: SOURCE_DELAY=60 of the default channel, "
              "REPLICATE_IGNORE_TABLE=(shop.log)");
  }
}

TEST(PreflightReplicationTest, SettingsThatAreLost) {
  ExpectRows({
      {"REPLICATION_SETTINGS", kWarning,
       [](PreflightFacts& f) {
         *f.recipient.filters = {{"", "REPLICATE_IGNORE_DB", "a,b", true, true}};
         f.donor->facts.user_schemas = {"a,b"};
       },
       "will not have REPLICATE_IGNORE_DB=(a,b)"},
      {"REPLICATION_SETTINGS", kWarning,
       [](PreflightFacts& f) {
         HasSettings(f);
         f.allow.lost_replication_settings = true;
       },
       "will not have SOURCE_DELAY=60 of the default channel, REPLICATE_IGNORE_TABLE=(shop.log)"},
      {"REPLICATION_SETTINGS", kWarning,
       [](PreflightFacts& f) {
         HasSettings(f);
         f.recipient.channels->push_back(RunningChannel());
         f.recipient.channels->back().name = "far";
         f.recipient.channels->back().delay = absl::Minutes(2);
         f.recipient.filters->front().plain = false;
         f.recipient.filters->push_back({"far", "REPLICATE_DO_DB", "shop", true, true});
       },
       "will not have channel far from db-100.example:3306, SOURCE_DELAY=120 of channel far, "
       "REPLICATE_IGNORE_TABLE=(shop.log), REPLICATE_DO_DB=(shop) of channel far"},
      {"REPLICATION_SETTINGS", kWarning,
       [](PreflightFacts& f) {
         f.recipient.plugins.push_back({"rpl_semi_sync_replica", "semisync_replica.so", true});
       },
       "will not have rpl_semi_sync_replica, which INSTALL PLUGIN loaded"},
      {"REPLICATION_SETTINGS", kWarning,
       [](PreflightFacts& f) {
         f.recipient.channels = absl::PermissionDeniedError("it may not see them");
       },
       "it may not see them"},
  });
}

TEST(PreflightReplicationTest, ReplicationOfTheDonor) {
  using Channels = std::vector<ReplicationChannel>;
  ExpectRows(
      {
          {"DONOR_REPLICATION", kFatal,
           [](PreflightFacts& f) {
             ReplicationChannel& channel = f.donor->channels->front();
             channel.applier_running = false;
             channel.applier_errno = 1062;
             channel.applier_error = "Duplicate entry '1'";
           },
           "1062: Duplicate entry '1'"},
          {"DONOR_REPLICATION", kFatal,
           [](PreflightFacts& f) {
             ReplicationChannel& channel = f.donor->channels->front();
             channel.name = "far";
             channel.receiver_running = false;
             channel.receiver_errno = 1236;
             channel.receiver_error = "purged";
           },
           "in channel far: 1236: purged"},
          {"DONOR_REPLICATION", kFatal,
           [](PreflightFacts& f) {
             f.donor->channels->front().filters = {"REPLICATE_WILD_IGNORE_TABLE=(shop.ign%)"};
             f.recipient.filters->push_back({"", "REPLICATE_DO_DB", "shop.ign%", true, true});
           },
           "the filter REPLICATE_WILD_IGNORE_TABLE=(shop.ign%), which the recipient does not have"},
          {"DONOR_REPLICATION", kFatal,
           [](PreflightFacts& f) {
             ReplicationChannel channel = RunningChannel();
             channel.filters = {"REPLICATE_DO_DB=(shop)"};
             f.above_donor = {{{"db5", 3306}, absl::UnavailableError("away")},
                              {{"db6", 3306}, Channels{channel}}};
           },
           "the server db6:3306, from which the donor has its data, replicates with the filter "
           "REPLICATE_DO_DB=(shop)"},
          {"DONOR_REPLICATION", kUnchecked,
           [](PreflightFacts& f) {
             f.above_donor = {{{"db5", 3306}, absl::UnavailableError("away")}};
           },
           "whether the server db5:3306, from which the donor has its data,"},
          // The primary may be dead, and this the best there is.
          {"DONOR_REPLICATION", kWarning,
           [](PreflightFacts& f) {
             ReplicationChannel& channel = f.donor->channels->front();
             channel.receiver_running = false;
             channel.receiver_connecting = true;
             channel.receiver_errno = 2003;
             channel.receiver_error = "cannot connect";
           },
           "the default channel: cannot connect"},
          {"DONOR_REPLICATION", kWarning,
           [](PreflightFacts& f) { f.donor->channels->front().applier_running = false; },
           "START REPLICA"},
          {"DONOR_LAG", kWarning,
           [](PreflightFacts& f) {
             f.donor->channels->push_back(RunningChannel());
             f.donor->channels->front().lag = absl::Seconds(601);
           },
           "10m1s"},
      },
      HealthyPairWithReplicaAsDonor);
  ExpectFine({[](PreflightFacts& f) {  // a filter of the whole shard
               f.donor->channels->front().filters = {"REPLICATE_IGNORE_DB=(scratch)"};
               f.recipient.filters->push_back({"", "REPLICATE_IGNORE_DB", "scratch", false, true});
             }},
             HealthyPairWithReplicaAsDonor);
  ExpectFine({[](PreflightFacts& f) { f.donor->channels->front().lag = absl::Minutes(10); },
              [](PreflightFacts& f) { f.donor->channels->front().lag = std::nullopt; },
              [](PreflightFacts& f) { f.donor->channels = Channels(); }},
             HealthyPairWithReplicaAsDonor);
}

TEST(PreflightReplicationTest, AnOldChannelOfThePrimary) {
  ExpectRows({{"DONOR_REPLICATION", kWarning,
               [](PreflightFacts& f) {
                 f.donor->channels->push_back(RunningChannel());
                 f.donor->channels->front().receiver_running = false;
                 f.donor->channels->front().applier_running = false;
                 f.donor->channels->front().applier_errno = 1062;
               },
               "a channel from its time as a replica is left there, stopped: the default channel; "
               "RESET REPLICA ALL there removes it"}});
}

TEST(PreflightReplicationTest, AServerUuidThatAnotherTabletHas) {
  ExpectRows({{"SERVER_ID", kFatal,
               [](PreflightFacts& f) {
                 f.with_the_recipients_uuid = {{"zone1", 103}};
               },
               "the server of tablet zone1-0000000103 has the recipient's server_uuid"},
              {"SERVER_ID", kWarning,
               [](PreflightFacts& f) {
                 f.perhaps_with_it = {{"zone1", 103}};
               },
               "the record of tablet zone1-0000000103 names the recipient's server_uuid"},
              {"SERVER_ID", kFatal,
               [](PreflightFacts& f) {
                 f.recipient.channels = {{RunningChannel()}};
                 ReplicationChannel& channel = f.recipient.channels->front();
                 channel.receiver_running = false;
                 channel.receiver_errno = 13114;
                 channel.receiver_error = "A replica with the same server_uuid/server_id";
               },
               "the source has thrown the recipient off for another server with the same "
               "server_uuid"}});
}

TEST(PreflightReplicationTest, UnreadableReplicationOfTheDonor) {
  PreflightFacts facts = HealthyPairWithReplicaAsDonor();
  facts.donor->channels = absl::PermissionDeniedError("it lacks REPLICATION CLIENT");
  for (const CheckResult& result : Preflight(facts)) {
    const CheckOutcome expected = result.id == "DONOR_REPLICATION" ? kUnchecked
                                  : result.id == "DONOR_LAG"       ? kWarning
                                                                   : CheckOutcome::kPassed;
    EXPECT_EQ(result.outcome, expected) << result.id;
  }
}

TEST(PreflightReplicationTest, Transactions) {
  const std::string uuid = kPrimaryUuid;
  ExpectRows(
      {
          {"ERRANT_TRANSACTIONS", kFatal,
           [](PreflightFacts& f) {
             f.donor->facts.gtid_executed += ",00000000-0000-0000-0000-000000000102:1-3";
           },
           "3 transactions (00000000-0000-0000-0000-000000000102:1-3)"},
          {"ERRANT_TRANSACTIONS", kUnchecked,
           [](PreflightFacts& f) { f.primary = absl::UnavailableError("primary is down"); },
           "primary is down"},
          {"ERRANT_TRANSACTIONS", kWarning,
           [](PreflightFacts& f) { f.primary = absl::NotFoundError("none"); }, "no primary"},
          {"RECIPIENT_TRANSACTIONS", kWarning,
           [](PreflightFacts& f) {
             f.recipient.facts.gtid_executed += ",00000000-0000-0000-0000-000000000101:7";
           },
           "only the recipient has 1 transaction (00000000-0000-0000-0000-000000000101:7)"},
          {"RECIPIENT_TRANSACTIONS", kWarning,
           [](PreflightFacts& f) { f.recipient.facts.gtid_executed = "nonsense"; }, "nonsense"},
          {"SOURCE_BINLOGS", kFatal,
           [=](PreflightFacts& f) {
             f.donor->facts.gtid_executed = uuid + ":1-50";
             f.source->gtid_purged = uuid + ":1-60";
           },
           "10 transactions ("},
          {"SOURCE_BINLOGS", kUnchecked,
           [](PreflightFacts& f) { f.source = absl::UnavailableError("source is down"); },
           "source is down"},
          {"SOURCE_BINLOGS", kUnchecked,
           [](PreflightFacts& f) { f.source->gtid_purged = "nonsense"; }, "nonsense"},
      },
      HealthyPairWithReplicaAsDonor);
  ExpectFine({
                 // The primary is further on than the donor, and the recipient than the donor.
                 [=](PreflightFacts& f) {
                   f.donor->facts.gtid_executed = uuid + ":1-50";
                   f.source->gtid_purged = uuid + ":1-50";
                 },
                 [=](PreflightFacts& f) { f.primary->gtid_executed = uuid + ":1-500"; },
             },
             HealthyPairWithReplicaAsDonor);
}

TEST(PreflightReplicationTest, ALongSetIsCut) {
  PreflightFacts facts = HealthyPairWithReplicaAsDonor();
  for (int i = 1; i < 300; i += 2) {
    facts.donor->facts.gtid_executed +=
        (i == 1 ? ",00000000-0000-0000-0000-000000000102:" : ":") + std::to_string(i);
  }
  for (const CheckResult& result : Preflight(facts)) {
    if (result.id != "ERRANT_TRANSACTIONS") continue;
    EXPECT_THAT(result.found, AllOf(HasSubstr("150 transactions ("), HasSubstr("…)")));
    EXPECT_LT(result.found.size(), 300u);
  }
}

}  // namespace
}  // namespace graft
