#include "base/gtid_set.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"

namespace graft {
namespace {

// Short names for the tables: A, B and C stand for three servers' UUIDs.
std::string Expanded(const std::string& text) {
  return absl::StrReplaceAll(text, {{"A", "3e11fa47-71ca-11e1-9e33-c80aa9429562"},
                                    {"B", "4e11fa47-71ca-11e1-9e33-c80aa9429562"},
                                    {"C", "5e11fa47-71ca-11e1-9e33-c80aa9429562"}});
}

GtidSet Set(const std::string& text) {
  const absl::StatusOr<GtidSet> set = GtidSet::Parse(Expanded(text));
  EXPECT_TRUE(set.ok()) << text << ": " << set.status();
  return set.value_or(GtidSet());
}

TEST(GtidSetTest, ParsesAndMerges) {
  const struct {
    const char* text;
    const char* merged;
    int64_t size;
  } cases[] = {
      {"", "", 0},
      {" \n", "", 0},
      {"A:1", "A:1", 1},
      {"A:1-5", "A:1-5", 5},
      {"A:7-7", "A:7", 1},
      {"A:1-5:7:9-10", "A:1-5:7:9-10", 8},
      {"A:1-5:6-9", "A:1-9", 9},                       // adjacent
      {"A:1-5:3-9", "A:1-9", 9},                       // overlapping
      {"A:1-9:3-4", "A:1-9", 9},                       // inside
      {"A:3-4:1-9", "A:1-9", 9},                       // around
      {"A:9:7:5:6:8", "A:5-9", 5},                     // out of order
      {"A:1-2:5-6:9-10:3-8", "A:1-10", 10},            // closes several gaps
      {"A:1-3,A:5", "A:1-3:5", 4},                     // one server twice
      {"B:1,A:2", "A:2,B:1", 2},                       // sorted
      {"A:1-5,\nB:1-3,\n C:7", "A:1-5,B:1-3,C:7", 9},  // as MySQL prints it
      {"A:1,", "A:1", 1},
      {"A:t:1-3", "A:t:1-3", 3},  // a tag
      {"A:1-5:t:1-3:u:2", "A:1-5,A:t:1-3,A:u:2", 9},
      {"A:_tag_9:4", "A:_tag_9:4", 1},
      {"A:TaG:1,A:tag:2", "A:tag:1-2", 2},
      {"A:1-9223372036854775806", "A:1-9223372036854775806", 9223372036854775806},
  };
  for (const auto& [text, merged, size] : cases) {
    const GtidSet set = Set(text);
    EXPECT_EQ(set.ToString(), Expanded(merged)) << text;
    EXPECT_EQ(set.size(), size) << text;
    EXPECT_EQ(set.empty(), size == 0) << text;
    EXPECT_EQ(Set(set.ToString()).ToString(), set.ToString()) << text;
  }
}

TEST(GtidSetTest, UpperCaseIsTheSameServer) {
  EXPECT_EQ(GtidSet::Parse("3E11FA47-71CA-11E1-9E33-C80AA9429562:1")->ToString(), Expanded("A:1"));
}

TEST(GtidSetTest, RefusesWhatIsNone) {
  for (const char* text : {"A",
                           "A:",
                           "A:0",
                           "A:0-5",
                           "A:5-4",
                           "A:-5",
                           "A:5-",
                           "A:1-2-3",
                           "A:+5",
                           "A:1:",
                           "A::1",
                           "A:1x",
                           "A:t",
                           "A:t:u:1",
                           "A:1:t",
                           "A:t-u:1",
                           "A:9223372036854775807",
                           "A:99999999999999999999",
                           "A:123456789012345678901234567890123",
                           "x:1",
                           "A1:1",
                           "3e11fa47-71ca-11e1-9e33-c80aa942956:1",
                           "3e11fa47-71ca-11e1-9e33-c80aa942956g:1",
                           "3e11fa4-771ca-11e1-9e33-c80aa9429562:1",
                           "A:1;B:1",
                           "ON"}) {
    const absl::Status status = GtidSet::Parse(Expanded(text)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(GtidSetTest, Minus) {
  const struct {
    const char* set;
    const char* other;
    const char* rest;
  } cases[] = {
      {"", "A:1", ""},
      {"A:1-5", "", "A:1-5"},
      {"A:1-5", "A:1-5", ""},
      {"A:1-5", "B:1-5", "A:1-5"},
      {"A:1-5", "A:1-2", "A:3-5"},    // the head
      {"A:1-5", "A:4-9", "A:1-3"},    // the tail
      {"A:1-5", "A:3", "A:1-2:4-5"},  // out of the middle
      {"A:3-5", "A:1-9", ""},         // around
      {"A:1-3:5-7:9-11", "A:2-10", "A:1:11"},
      {"A:1-10", "A:2:4:6-7", "A:1:3:5:8-10"},
      {"A:1-5,B:1-5", "A:1-5,B:2-5", "B:1"},
      {"A:1-5,A:t:1-5", "A:1-5", "A:t:1-5"},  // a tag is a source of its own
      {"A:1-5,A:t:1-5", "A:t:2", "A:1-5,A:t:1:3-5"},
      {"A:5", "A:1-4:6-9", "A:5"},
  };
  for (const auto& [set, other, rest] : cases) {
    const GtidSet result = Set(set).Minus(Set(other));
    EXPECT_EQ(result.ToString(), Expanded(rest)) << set << " minus " << other;
    EXPECT_EQ(result.empty(), std::string(rest).empty()) << set << " minus " << other;
  }
}

TEST(GtidSetTest, Contains) {
  const struct {
    const char* set;
    const char* other;
    bool contains;
  } cases[] = {
      {"", "", true},
      {"A:1", "", true},
      {"", "A:1", false},
      {"A:1-5", "A:1-5", true},
      {"A:1-5", "A:2-4", true},
      {"A:1-5", "A:1-6", false},
      {"A:1-5:7", "A:1-7", false},
      {"A:1-5,B:1", "B:1", true},
      {"A:1-5", "A:1-5,B:1", false},  // errant transactions
      {"A:1-5", "A:t:1", false},
      {"A:t:1-5", "A:t:5", true},
  };
  for (const auto& [set, other, contains] : cases) {
    EXPECT_EQ(Set(set).Contains(Set(other)), contains) << set << " contains " << other;
  }
}

}  // namespace
}  // namespace graft
