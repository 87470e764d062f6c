#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

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
  snapshot.read_at = kNow - absl::Milliseconds(2500);
  return snapshot;
}

TEST(WireTablet, EveryFieldOfTheAnswerIsSetAndSurvives) {
  const v1::GetTabletResponse proto = ToProto(FullSnapshot(), kNow);
  const auto* reflection = proto.GetReflection();
  for (int i = 0; i < proto.GetDescriptor()->field_count(); ++i) {
    const auto* field = proto.GetDescriptor()->field(i);
    const bool set = field->is_repeated() ? reflection->FieldSize(proto, field) > 0
                                          : reflection->HasField(proto, field);
    EXPECT_TRUE(set) << field->name();
  }
  const auto& channel = proto.replication(0);
  for (int i = 0; i < channel.GetDescriptor()->field_count(); ++i) {
    const auto* field = channel.GetDescriptor()->field(i);
    EXPECT_TRUE(channel.GetReflection()->HasField(channel, field)) << field->name();
  }
  const absl::StatusOr<TabletSnapshot> back = FromProto(proto, kNow);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->alias, FullSnapshot().alias);
  EXPECT_EQ(back->type, TabletType::kReplica);
  EXPECT_EQ(back->read_at, FullSnapshot().read_at);
  EXPECT_EQ(ToProto(*back, kNow).SerializeAsString(), proto.SerializeAsString());
}

TEST(WireTablet, WhatWasNeverReadHasNoAgeAndNoLag) {
  TabletSnapshot snapshot;
  snapshot.replication.emplace_back();
  const v1::GetTabletResponse proto = ToProto(snapshot, kNow);
  EXPECT_FALSE(proto.has_age());
  EXPECT_FALSE(proto.replication(0).has_lag());
  const absl::StatusOr<TabletSnapshot> back = FromProto(proto, kNow);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->read_at, absl::InfinitePast());
  EXPECT_EQ(back->replication[0].lag, std::nullopt);
}

TEST(WireTablet, AgeIsNeverNegative) {
  TabletSnapshot snapshot;
  snapshot.read_at = kNow + absl::Seconds(1);
  EXPECT_EQ(FromDuration(ToProto(snapshot, kNow).age()), absl::ZeroDuration());
}

TEST(WireReprovision, ACallSurvives) {
  ReprovisionCall call;
  call.id = "nightly:2026-11-20_a.1";
  call.donor = DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 100}};
  call.replicate_from = ReplicateFrom::kPrimary;
  const absl::StatusOr<ReprovisionCall> back = FromProto(ToProto(call));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->id, call.id);
  EXPECT_EQ(back->donor, call.donor);
  EXPECT_EQ(back->replicate_from, call.replicate_from);
}

TEST(WireReprovision, WhatTheCallLeavesOutStaysOut) {
  const absl::StatusOr<ReprovisionCall> back = FromProto(ToProto(ReprovisionCall()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->id, "");
  EXPECT_EQ(back->donor, std::nullopt);
  EXPECT_EQ(back->replicate_from, std::nullopt);
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
