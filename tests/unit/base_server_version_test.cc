#include "base/server_version.h"

#include <gmock/gmock.h>

#include <string>

namespace graft {
namespace {

using ::testing::HasSubstr;

TEST(ServerVersionTest, Parses) {
  const struct {
    const char* text;
    const char* version;
  } cases[] = {
      {"8.0.17", "8.0.17"},   {"9.7.4-2", "9.7.4"},         {"8.0.36-28", "8.0.36"},
      {"26.10.0", "26.10.0"}, {"8.0.25-debug", "8.0.25"},   {"8.4.5-5.1", "8.4.5"},
      {"9.7.4+x", "9.7.4"},   {"8.0.32-0ubuntu", "8.0.32"},
  };
  for (const auto& [text, version] : cases) {
    const auto parsed = ServerVersion::Parse(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->ToString(), version) << text;
  }
  for (const char* text :
       {"", "8", "8.0", "8.0.", "8..1", "x8.0.1", "8.0.x", "-8.0.1", " 8.0.1", "8.0.99999999999"}) {
    EXPECT_EQ(ServerVersion::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(ServerVersionTest, AtLeast) {
  const ServerVersion version{8, 4, 2};
  EXPECT_TRUE(version.AtLeast(8, 4, 2));
  EXPECT_TRUE(version.AtLeast(8, 0, 37));
  EXPECT_TRUE(version.AtLeast(7, 99, 99));
  EXPECT_FALSE(version.AtLeast(8, 4, 3));
  EXPECT_FALSE(version.AtLeast(8, 5, 0));
  EXPECT_FALSE(version.AtLeast(9, 0, 0));
}

TEST(CloneVersionsTest, TheWholeRule) {
  constexpr char kAge[] = "8.0.17";
  constexpr char kPatch[] = "8.0.37";
  constexpr char kSeries[] = "series";
  const struct {
    const char* donor;
    const char* recipient;
    const char* broken;  // a word of the rule; nullptr: allowed
  } cases[] = {
      // CLONE exists from 8.0.17 on.
      {"8.0.17", "8.0.17", nullptr},
      {"8.0.16", "8.0.16", kAge},
      {"8.0.16", "8.0.17", kAge},
      {"8.0.17", "8.0.16", kAge},
      {"5.7.44", "5.7.44", kAge},
      {"5.7.44", "8.4.0", kAge},
      // In 8.0 the same patch level, or both from 8.0.37 on.
      {"8.0.36-28", "8.0.36", nullptr},
      {"8.0.35", "8.0.36", kPatch},
      {"8.0.36", "8.0.35", kPatch},
      {"8.0.36", "8.0.37", kPatch},
      {"8.0.37", "8.0.36", kPatch},
      {"8.0.17", "8.0.42", kPatch},
      {"8.0.37", "8.0.38", nullptr},
      {"8.0.42", "8.0.37", nullptr},
      // Any patch level of another series, either direction.
      {"8.4.0", "8.4.7", nullptr},
      {"8.4.7", "8.4.0", nullptr},
      {"8.1.0", "8.1.1", nullptr},
      {"9.7.4", "9.7.0", nullptr},
      {"26.7.0", "26.7.3", nullptr},
      // Never across series...
      {"8.0.42", "8.4.0", kSeries},
      {"8.4.0", "8.0.42", kSeries},
      {"8.1.0", "8.2.0", kSeries},
      {"9.6.0", "9.7.0", kSeries},
      {"8.4.5", "9.7.0", kSeries},
      {"9.7.0", "8.4.5", kSeries},
      // ... but for an LTS, from 9.7 on, into the next one: not into an innovation, not from one,
      // not back, not over one.
      {"9.7.0", "28.4.0", nullptr},
      {"9.7.9", "28.4.2", nullptr},
      {"28.4.0", "9.7.0", kSeries},
      {"9.7.0", "26.7.0", kSeries},
      {"26.10.0", "28.4.0", kSeries},
      {"26.7.0", "28.4.0", kSeries},
      {"8.4.5", "28.4.0", kSeries},
  };
  for (const auto& [donor, recipient, broken] : cases) {
    const absl::Status status =
        CheckCloneVersions(*ServerVersion::Parse(recipient), *ServerVersion::Parse(donor));
    const std::string what = std::string(donor) + " into " + recipient;
    if (broken == nullptr) {
      EXPECT_TRUE(status.ok()) << what << ": " << status;
    } else {
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << what;
      EXPECT_THAT(std::string(status.message()), HasSubstr(broken)) << what;
    }
  }
}

}  // namespace
}  // namespace graft
