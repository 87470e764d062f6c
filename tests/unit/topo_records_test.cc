// The bytes here are put together by hand from the field numbers of Vitess's own .proto files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "topo/records.h"

namespace graft::topo {
namespace {

using ::testing::HasSubstr;

std::string Hex(absl::string_view text) {
  return absl::HexStringToBytes(absl::StrReplaceAll(text, {{" ", ""}}));
}

constexpr char kAlias[] = "0a09 0a057a6f6e6531 1065";          // zone1, 101
constexpr char kHostname[] = "1202 6831";                      // h1
constexpr char kGrpcPort[] = "2209 0a0467727063 10f77c";       // grpc: 15991
constexpr char kVtPort[] = "2207 0a027674 10fc75";             // vt: 15100
constexpr char kKeyspaceAndShard[] = "2a02 6b73 3203 2d3830";  // ks, -80
constexpr char kKeyRange[] = "3a03 120180";                    // up to 0x80
constexpr char kReplica[] = "4002";
constexpr char kDbNameOverride[] = "4a02 6431";              // field 9, unknown to graft
constexpr char kTag[] = "5206 0a0161 120162";                // a: b
constexpr char kMysql[] = "6202 6d31 68ea19";                // m1:3306
constexpr char kCollation[] = "8001 ff01";                   // field 16, unknown to graft
constexpr char kStartTime[] = "8a0109 0880a4a7da06 10f403";  // 1800000000.0000005
constexpr char kPrimaryTerm[] = "7206 0880a4a7da06";         // field 14

std::string VitessTablet() {
  return Hex(absl::StrCat(kAlias, kHostname, kGrpcPort, kVtPort, kKeyspaceAndShard, kKeyRange,
                          kReplica, kDbNameOverride, kTag, kMysql, kCollation, kStartTime));
}

TEST(TopoRecordsTest, ReadsATabletAsVitessWritesIt) {
  const auto record = Parse<topodata::Tablet>("k", VitessTablet());
  ASSERT_TRUE(record.ok()) << record.status();
  const Tablet tablet = FromRecord(*record);
  EXPECT_EQ(tablet.alias.ToString(), "zone1-0000000101");
  EXPECT_EQ(tablet.hostname, "h1");
  EXPECT_EQ(tablet.port_map, (std::map<std::string, int>{{"grpc", 15991}, {"vt", 15100}}));
  EXPECT_EQ(tablet.keyspace, "ks");
  EXPECT_EQ(tablet.shard, "-80");
  EXPECT_EQ(tablet.type, TabletType::kReplica);
  EXPECT_EQ(tablet.tags, (std::map<std::string, std::string>{{"a", "b"}}));
  EXPECT_EQ(tablet.mysql.ToString(), "m1:3306");
  EXPECT_EQ(tablet.start_time, absl::FromUnixSeconds(1'800'000'000) + absl::Nanoseconds(500));
  EXPECT_EQ(tablet.shutdown_time, absl::InfinitePast());
}

TEST(TopoRecordsTest, WritesATabletAsVitessReadsItAndKeepsUnknownFields) {
  auto record = Parse<topodata::Tablet>("k", VitessTablet());
  ASSERT_TRUE(record.ok());
  MergeInto(FromRecord(*record), *record);
  // Known fields in the order of their numbers, then those graft does not know.
  EXPECT_EQ(absl::BytesToHexString(Serialize(*record)),
            absl::BytesToHexString(Hex(
                absl::StrCat(kAlias, kHostname, kGrpcPort, kVtPort, kKeyspaceAndShard, kKeyRange,
                             kReplica, kTag, kMysql, kStartTime, kDbNameOverride, kCollation))));
}

// What nobody can connect to is no address, and what graft cannot use stays in the record.
TEST(TopoRecordsTest, AnAddressThatIsNoneIsNotTakenForOne) {
  const struct {
    std::string host;
    int port;
    const char* fault;
  } rows[] = {
      {"m1", 70000, "mysql_port is 70000"},
      {"m1", 65536, "mysql_port is 65536"},
      {"m1", 0, "mysql_port is 0"},
      {"m1", -3306, "mysql_port is -3306"},
      {"", 3306, "mysql_hostname is \"\""},
      {"m 1", 3306, "mysql_hostname is \"m 1\""},
      {"m1\n", 3306, "mysql_hostname is \"m1\\n\""},
      {std::string(256, 'm'), 3306, "mysql_hostname is \"mmm"},
  };
  for (const auto& [host, port, fault] : rows) {
    topodata::Tablet record;
    record.set_mysql_hostname(host);
    record.set_mysql_port(port);
    const std::string before = Serialize(record);
    const Tablet tablet = FromRecord(record);
    EXPECT_TRUE(tablet.mysql.host.empty() && tablet.mysql.port == 0) << fault;
    EXPECT_THAT(tablet.mysql_fault, HasSubstr(fault));
    topodata::Tablet merged = record;
    MergeInto(tablet, merged);
    EXPECT_EQ(merged.mysql_hostname(), host);
    EXPECT_EQ(merged.mysql_port(), port) << "not graft's to mend";
  }
  topodata::Tablet fine;
  fine.set_mysql_hostname("::1");
  fine.set_mysql_port(65535);
  EXPECT_EQ(FromRecord(fine).mysql.ToString(), "[::1]:65535");
  EXPECT_EQ(FromRecord(fine).mysql_fault, "");
  EXPECT_EQ(FromRecord(topodata::Tablet()).mysql_fault, "") << "a tablet that was stopped cleanly";
}

TEST(TopoRecordsTest, ATypeOfALaterVitessIsUnknownAndStays) {
  topodata::Tablet record;
  record.set_type(static_cast<topodata::TabletType>(42));
  Tablet tablet = FromRecord(record);
  EXPECT_EQ(tablet.type, TabletType::kUnknown);
  MergeInto(tablet, record);
  EXPECT_EQ(static_cast<int>(record.type()), 42);
  tablet.type = TabletType::kReplica;
  MergeInto(tablet, record);
  EXPECT_EQ(record.type(), topodata::REPLICA);
}

TEST(TopoRecordsTest, TimesOfTheFarFutureStay) {
  topodata::Tablet record;
  record.mutable_tablet_start_time()->set_seconds(std::numeric_limits<int64_t>::max());
  record.mutable_tablet_start_time()->set_nanoseconds(7);
  const std::string before = Serialize(record);
  MergeInto(FromRecord(record), record);
  record.clear_alias();
  EXPECT_EQ(Serialize(record), before);
}

TEST(TopoRecordsTest, OnlyAPrimaryKeepsItsTerm) {
  auto record = Parse<topodata::Tablet>("k", Hex(absl::StrCat(kAlias, "4001", kPrimaryTerm)));
  ASSERT_TRUE(record.ok());
  Tablet tablet = FromRecord(*record);
  MergeInto(tablet, *record);
  EXPECT_EQ(record->primary_term_start_time().seconds(), 1'800'000'000);
  tablet.type = TabletType::kReplica;
  MergeInto(tablet, *record);
  EXPECT_FALSE(record->has_primary_term_start_time());
}

TEST(TopoRecordsTest, ShardAndCellAreVitesss) {
  topodata::Shard shard;
  *shard.mutable_primary_alias() = ToRecord(TabletAlias{"zone1", 101});
  shard.mutable_key_range()->set_end("\x80");
  shard.set_is_primary_serving(true);
  *shard.mutable_primary_term_start_time() = ToRecord(absl::FromUnixSeconds(1'800'000'000));
  EXPECT_EQ(Serialize(shard),
            Hex(absl::StrCat(kAlias, "1203 120180", "3801", "4206 0880a4a7da06")));
  topodata::CellInfo cell;
  cell.set_server_address("a:1");
  cell.set_root("/r");
  EXPECT_EQ(Serialize(cell), Hex("0a03 613a31 1202 2f72"));
  topodata::Keyspace keyspace;
  keyspace.set_sidecar_db_name("_vt");
  EXPECT_EQ(Serialize(keyspace), Hex("5203 5f7674"));
}

TEST(TopoRecordsTest, BytesThatAreNoRecordNameTheirKey) {
  const auto record = Parse<topodata::Tablet>("/vitess/x/Tablet", "\x0a\xff");
  EXPECT_EQ(record.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(record.status().message()), HasSubstr("/vitess/x/Tablet"));
}

TEST(TopoRecordsTest, TimesBeforeTheEpochHaveNanosecondsThatAreNotNegative) {
  const absl::Time time = absl::UnixEpoch() - absl::Milliseconds(250);
  EXPECT_EQ(ToRecord(time).seconds(), -1);
  EXPECT_EQ(ToRecord(time).nanoseconds(), 750'000'000);
  EXPECT_EQ(FromRecord(true, ToRecord(time)), time);
  EXPECT_EQ(FromRecord(false, vttime::Time()), absl::InfinitePast());
}

TEST(TopoRecordsTest, ShardNames) {
  EXPECT_EQ(ParseShardName("0")->key_range, std::nullopt);
  EXPECT_EQ(ParseShardName("Custom_1")->text, "Custom_1");
  const auto range = ParseShardName("4A-C0FF");
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->text, "4a-c0ff");
  EXPECT_EQ(range->key_range->start(), "\x4a");
  EXPECT_EQ(range->key_range->end(), "\xc0\xff");
  EXPECT_EQ(ParseShardName("80-")->key_range->end(), "");
  EXPECT_TRUE(ParseShardName("-")->key_range.has_value());
  for (const char* bad : {"", "4-8", "40-80-c0", "80-40", "40-40", "x0-80", "a/b", "0 "}) {
    EXPECT_EQ(ParseShardName(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(ParseShardName(std::string(65, 'a')).ok());
  EXPECT_TRUE(ParseShardName(std::string(64, 'a')).ok());
}

TEST(TopoRecordsTest, RangesIntersect) {
  const auto range = [](absl::string_view name) { return ParseShardName(name)->key_range; };
  EXPECT_FALSE(Intersect(range("-80"), range("80-")));
  EXPECT_FALSE(Intersect(range("80-"), range("-80")));
  EXPECT_TRUE(Intersect(range("-80"), range("40-")));
  EXPECT_TRUE(Intersect(range("-"), range("40-80")));
  EXPECT_TRUE(Intersect(range("0"), range("40-80")));
}

TEST(TopoRecordsTest, NamesThatWouldLeaveTheirFolderAreRefused) {
  EXPECT_FALSE(ValidateCellName("..").ok());
  EXPECT_FALSE(ValidateCellName("a/b").ok());
  EXPECT_FALSE(ValidateCellName("").ok());
  EXPECT_TRUE(ValidateCellName("us-east_1.a").ok());
  EXPECT_FALSE(ValidateKeyspaceName("..").ok());
  EXPECT_FALSE(ValidateKeyspaceName("a/b").ok());
  EXPECT_TRUE(ValidateKeyspaceName("commerce").ok());
}

}  // namespace
}  // namespace graft::topo
