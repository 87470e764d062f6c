#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TabletSnapshot FullSnapshot() {
  TabletSnapshot snapshot;
  snapshot.alias = {"zone1", 101};
  snapshot.keyspace = "commerce";
  snapshot.shard = "-80";
  snapshot.type = TabletType::kReplica;
  snapshot.mysql_reachable = true;
  snapshot.mysql_error = "went away";
  snapshot.mysql_version = "9.7.4";
  snapshot.gtid_executed = "00000000-0000-0000-0000-000000000100:1-5";
  snapshot.super_read_only = true;
  snapshot.acknowledges = true;
  ReplicationChannel channel;
  channel.source = {"db-100.example", 3306};
  channel.receiver_running = true;
  channel.applier_running = true;
  channel.receiver_errno = 2003;
  channel.receiver_error = "cannot connect";
  channel.applier_errno = 1062;
  channel.applier_error = "duplicate";
  channel.lag = absl::Seconds(7);
  snapshot.replication = {channel};
  snapshot.donating = true;
  snapshot.donations_seen = 3;
  snapshot.read_at = kNow - absl::Milliseconds(2500);
  return snapshot;
}

TEST(WireTablet, EveryFieldOfTheAnswerIsSet) {
  const v1::GetTabletResponse proto = ToProto(FullSnapshot(), kNow);
  const auto* reflection = proto.GetReflection();
  for (int i = 0; i < proto.GetDescriptor()->field_count(); ++i) {
    const auto* field = proto.GetDescriptor()->field(i);
    const bool set = field->is_repeated() ? reflection->FieldSize(proto, field) > 0
                                          : reflection->HasField(proto, field);
    EXPECT_EQ(set, field->name() != "process") << field->name() << "; process is the server's own";
  }
  const auto& channel = proto.replication(0);
  for (int i = 0; i < channel.GetDescriptor()->field_count(); ++i) {
    const auto* field = channel.GetDescriptor()->field(i);
    EXPECT_TRUE(channel.GetReflection()->HasField(channel, field)) << field->name();
  }
  const std::string text = R"(
    alias: "zone1-0000000101" keyspace: "commerce" shard: "-80" type: "REPLICA"
    mysql_reachable: true mysql_error: "went away" mysql_version: "9.7.4"
    gtid_executed: "00000000-0000-0000-0000-000000000100:1-5" super_read_only: true
    replication {
      source: "db-100.example:3306" receiver_running: true applier_running: true
      receiver_errno: 2003 receiver_error: "cannot connect"
      applier_errno: 1062 applier_error: "duplicate" lag { seconds: 7 }
    }
    age { seconds: 2 nanos: 500000000 } donating: true donations_seen: 3 takes_turns: true
    acknowledges: true)";
  v1::GetTabletResponse expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected));
  EXPECT_EQ(proto.DebugString(), expected.DebugString());
}

TEST(WireTablet, WhatWasNeverReadHasNoAgeAndNoLag) {
  TabletSnapshot snapshot;
  snapshot.replication.emplace_back();
  const v1::GetTabletResponse proto = ToProto(snapshot, kNow);
  EXPECT_FALSE(proto.has_age());
  EXPECT_FALSE(proto.replication(0).has_lag());
  EXPECT_FALSE(proto.has_donating()) << "nobody could look";
}

TEST(WireTablet, AgeIsNeverNegative) {
  TabletSnapshot snapshot;
  snapshot.read_at = kNow + absl::Seconds(1);
  EXPECT_EQ(FromDuration(ToProto(snapshot, kNow).age()), absl::ZeroDuration());
}

std::vector<Operation> Operations(int count) {
  std::vector<Operation> newest_first;
  for (int i = count; i > 0; --i) {
    newest_first.push_back(FullOperation());
    newest_first.back().request.id = absl::StrCat("op-", i);
  }
  return newest_first;
}

v1::ListOperationsRequest PageRequest(int limit, const std::string& before_id) {
  v1::ListOperationsRequest request;
  request.set_limit(limit);
  request.set_before_id(before_id);
  return request;
}

std::vector<std::string> Ids(const v1::ListOperationsResponse& page) {
  std::vector<std::string> ids;
  for (const v1::Operation& operation : page.operations()) ids.push_back(operation.id());
  return ids;
}

TEST(WireOperationsPage, PagesFollowEachOtherToTheOldest) {
  const std::vector<Operation> five = Operations(5);
  const auto first = OperationsPage(five, PageRequest(2, ""));
  EXPECT_THAT(Ids(*first), ElementsAre("op-5", "op-4"));
  EXPECT_TRUE(first->more());
  const auto last = OperationsPage(five, PageRequest(4, "op-4"));
  EXPECT_THAT(Ids(*last), ElementsAre("op-3", "op-2", "op-1"));
  EXPECT_FALSE(last->more());
  EXPECT_TRUE(last->abridged().empty());
  EXPECT_EQ(last->operations(0).DebugString(), ToProto(five[2]).DebugString());
  EXPECT_TRUE(OperationsPage(five, PageRequest(2, "op-1"))->operations().empty());
  EXPECT_TRUE(OperationsPage({}, PageRequest(0, ""))->operations().empty());
}

TEST(WireOperationsPage, TheLimitHasADefaultAndABound) {
  const std::vector<Operation> many = Operations(200);
  EXPECT_EQ(OperationsPage(many, PageRequest(0, ""))->operations_size(), 20);
  EXPECT_EQ(OperationsPage(many, PageRequest(1'000'000, ""))->operations_size(), 100);
  EXPECT_TRUE(absl::IsInvalidArgument(OperationsPage(many, PageRequest(-1, "")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OperationsPage(many, PageRequest(0, "a b")).status()));
  EXPECT_TRUE(absl::IsNotFound(OperationsPage(many, PageRequest(0, "op-201")).status()));
}

// Dead tablets, sessions, tables: in all far more than a client takes.
TEST(WireOperationsPage, WhateverAnOperationHoldsAPageStaysSmall) {
  std::vector<Operation> operations = Operations(30);
  for (Operation& operation : operations) {
    operation.error = absl::UnavailableError(std::string(200'000, 'x'));
    for (int i = 0; i < 200; ++i) {
      operation.refused_donors.push_back(
          {{"zone1", 1}, "DONOR_UNREACHABLE", std::string(9000, 'x')});
      operation.ended_sessions.push_back({i, "app", "10.0.0.1:4711"});
    }
    operation.proof.emptied_tables.assign(100, std::string(5000, 'x'));
  }
  std::vector<std::string> seen;
  std::string before_id;
  for (bool more = true; more; before_id = seen.back()) {
    const auto page = OperationsPage(operations, PageRequest(100, before_id));
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), 1'200'000u);
    EXPECT_EQ(page->abridged_size(), page->operations_size());
    for (const std::string& id : Ids(*page)) seen.push_back(id);
    more = page->more();
  }
  EXPECT_EQ(seen.size(), operations.size());
}

TEST(WireOperationsPage, TextsAreCutBetweenCharacters) {
  std::vector<Operation> one = Operations(1);
  one[0].progress.note = "x";
  for (int i = 0; i < 2000; ++i) one[0].progress.note += "ä";
  const auto page = OperationsPage(one, PageRequest(0, ""));
  const std::string& note = page->operations(0).progress().note();
  EXPECT_EQ(note.size(), 1u + 2 * 1023 + 3);
  EXPECT_EQ(note.substr(note.size() - 5), "ä…");
}

TEST(WireReprovision, ACallSurvives) {
  ReprovisionCall call;
  call.id = "nightly:2026-11-20_a.1";
  call.donor = DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 100}};
  call.replicate_from = ReplicateFrom::kPrimary;
  call.settings = {0, 1048576, 128, true, false};
  call.allow = {true, {kAllChecks}, false};
  const absl::StatusOr<ReprovisionCall> back = FromProto(ToProto(call));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->id, call.id);
  EXPECT_EQ(back->donor, call.donor);
  EXPECT_EQ(back->replicate_from, call.replicate_from);
  EXPECT_EQ(back->settings, call.settings);
  EXPECT_EQ(back->allow, call.allow);
}

TEST(WireRelease, ACallSurvives) {
  const ReleaseCall call = {"release-1", {"alice@ops-1", "restored by hand", true}};
  const absl::StatusOr<ReleaseCall> back = FromProto(ToProto(call));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->id, call.id);
  EXPECT_EQ(back->word, call.word);
}

// What it says goes into journal, log and page: one line, of a bounded length, with a name to it.
TEST(WireRelease, AWordThatIsNoLineOfTextIsRefused) {
  const auto refusal = [](std::string by, std::string note) {
    return std::string(FromProto(ToProto(ReleaseCall{"", {std::move(by), std::move(note), false}}))
                           .status()
                           .message());
  };
  EXPECT_THAT(refusal("", ""), HasSubstr("who releases"));
  EXPECT_THAT(refusal(std::string(257, 'a'), ""), HasSubstr("by has 257 bytes"));
  EXPECT_THAT(refusal("alice", std::string(1025, 'a')), HasSubstr("note has 1025 bytes"));
  EXPECT_THAT(refusal("al\nice", ""), HasSubstr("by must be one line"));
  EXPECT_THAT(refusal("alice", "\x1b[2J"), HasSubstr("note must be one line"));
}

TEST(WireReprovision, WhatTheCallLeavesOutStaysOut) {
  const absl::StatusOr<ReprovisionCall> back = FromProto(ToProto(ReprovisionCall()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->id, "");
  EXPECT_EQ(back->donor, std::nullopt);
  EXPECT_EQ(back->replicate_from, std::nullopt);
  EXPECT_EQ(back->settings, CloneSettings());
  EXPECT_EQ(back->allow, Allowances());
}

struct SettingsCase {
  std::string text;  // of the refusal; empty: taken
  CloneSettings settings;
};

TEST(WireReprovision, SettingsThatMysqlWouldCutAreRefused) {
  const std::vector<SettingsCase> cases = {
      {"", {0, 0, 1, false, false}},
      {"", {1048576, 1048576, 128, true, true}},
      {"settings.max_data_bandwidth_mib is -1; it must be 0 to 1048576", {-1, {}, {}, {}, {}}},
      {"settings.max_data_bandwidth_mib is 1048577", {1048577, {}, {}, {}, {}}},
      {"settings.max_network_bandwidth_mib is -1", {{}, -1, {}, {}, {}}},
      {"settings.max_network_bandwidth_mib is 1048577", {{}, 1048577, {}, {}, {}}},
      {"settings.max_concurrency is 0; it must be 1 to 128", {{}, {}, 0, {}, {}}},
      {"settings.max_concurrency is 129", {{}, {}, 129, {}, {}}},
  };
  for (const SettingsCase& one : cases) {
    ReprovisionCall call;
    call.settings = one.settings;
    v1::PreflightRequest preflight;
    *preflight.mutable_settings() = ToProto(one.settings);
    v1::ThrottleOperationRequest throttle;
    *throttle.mutable_settings() = ToProto(one.settings);
    for (const absl::Status& status :
         {FromProto(ToProto(call)).status(), FromProto(preflight).status(),
          FromProto(throttle).status()}) {
      EXPECT_EQ(status.ok(), one.text.empty()) << status;
      EXPECT_EQ(absl::IsInvalidArgument(status), !one.text.empty()) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(one.text));
    }
  }
}

TEST(WirePreflight, ARequestIsACallWithoutAnId) {
  v1::PreflightRequest request;
  request.mutable_donor()->set_any(true);
  request.set_replicate_from(v1::REPLICATE_FROM_PRIMARY);
  request.mutable_settings()->set_max_concurrency(4);
  request.mutable_allow()->set_non_innodb(true);
  const absl::StatusOr<ReprovisionCall> call = FromProto(request);
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->id, "");
  EXPECT_EQ(call->donor, (DonorChoice{DonorChoice::Kind::kAny, {}}));
  EXPECT_EQ(call->replicate_from, ReplicateFrom::kPrimary);
  EXPECT_EQ(call->settings.max_concurrency, 4);
  EXPECT_EQ(call->allow, (Allowances{true, {}, false}));
  EXPECT_EQ(ToPreflightRequest(*call).DebugString(), request.DebugString());
  request.mutable_donor()->set_any(false);
  EXPECT_EQ(FromProto(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WirePreflight, EveryFieldOfTheReportIsShown) {
  PreflightReport report;
  report.recipient = {"zone1", 101};
  report.donor = {"zone1", 102};
  report.source = {"zone1", 103};
  report.results = {{"A", CheckSide::kDonor, CheckOutcome::kFatal, "looks", "found", "remedy"},
                    {"B", CheckSide::kSource, CheckOutcome::kPassed, "b", "c", ""}};
  report.made = kNow;
  const std::string text = R"(
    recipient: "zone1-0000000101" donor: "zone1-0000000102" source: "zone1-0000000103"
    results {
      id: "A" side: CHECK_SIDE_DONOR outcome: FATAL looks_at: "looks" found: "found"
      remedy: "remedy"
    }
    results { id: "B" side: CHECK_SIDE_SOURCE outcome: PASSED looks_at: "b" found: "c" }
    made { seconds: 1800000000 })";
  v1::PreflightReport expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected));
  EXPECT_EQ(ToProto(report).DebugString(), expected.DebugString());
  EXPECT_FALSE(ToProto(PreflightReport()).has_made());
}

TEST(WireThrottle, TheSettingsToChangeAndNothingElse) {
  v1::ThrottleOperationRequest request;
  EXPECT_THAT(std::string(FromProto(request).status().message()), HasSubstr("nothing to change"));
  request.mutable_settings()->set_max_network_bandwidth_mib(0);
  const absl::StatusOr<CloneSettings> settings = FromProto(request);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(*settings, (CloneSettings{{}, 0, {}, {}, {}}));
  request.set_id("a b");
  EXPECT_EQ(FromProto(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WireCancel, TheWishGoesAsFarAsTheRequestSays) {
  v1::CancelOperationRequest request;
  EXPECT_EQ(WishOf(request), CancelWish::kIfNothingDropped);
  request.set_even_if_dropped(true);
  EXPECT_EQ(WishOf(request), CancelWish::kEvenIfDropped);
}

TEST(WireReprovision, ADonorThatIsNeitherIsRefused) {
  v1::ReprovisionRequest proto;
  proto.mutable_donor();
  EXPECT_EQ(FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument);
  proto.mutable_donor()->set_primary(false);
  EXPECT_EQ(FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WireOperationId, LengthAndCharacters) {
  EXPECT_TRUE(CheckOperationId("").ok());
  EXPECT_TRUE(CheckOperationId(std::string(128, 'a')).ok());
  EXPECT_TRUE(CheckOperationId("AZaz09-_.:").ok());
  const absl::Status too_long = CheckOperationId(std::string(129, 'a'));
  EXPECT_EQ(too_long.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(too_long.message()), HasSubstr("129 characters"));
  for (const char* id : {"a/b", "a b", "a\n", "\xc3\xa4", "a\"", "%"}) {
    EXPECT_EQ(CheckOperationId(id).code(), absl::StatusCode::kInvalidArgument) << id;
  }
}

}  // namespace
}  // namespace graft
