#include "base/duration_flag.h"

#include <gmock/gmock.h>

#include <string>

namespace graft {
namespace {

using ::testing::HasSubstr;

TEST(DurationFlagTest, ParsesAsGoDoes) {
  const struct {
    const char* text;
    absl::Duration duration;
  } cases[] = {
      {"0", absl::ZeroDuration()},
      {"0s", absl::ZeroDuration()},
      {"250ms", absl::Milliseconds(250)},
      {"1.5s", absl::Milliseconds(1500)},
      {"30s", absl::Seconds(30)},
      {"5m", absl::Minutes(5)},
      {"5m0s", absl::Minutes(5)},
      {"1h30m", absl::Minutes(90)},
      {"1h1m1s1ms", absl::Hours(1) + absl::Minutes(1) + absl::Seconds(1) + absl::Milliseconds(1)},
      {"10us", absl::Microseconds(10)},
      {"7ns", absl::Nanoseconds(7)},
      {"100h", absl::Hours(100)},
  };
  for (const auto& [text, duration] : cases) {
    const auto parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, duration) << text;
  }
}

TEST(DurationFlagTest, RefusesOthersAndQuotesThem) {
  for (const char* text : {"", "5", "m", "-5m", "-1ns", "5 m", "5M", "1d", "five", "5m30", "inf",
                           "-inf", "1,5s", "1..5s", "5m "}) {
    const absl::Status status = ParseDuration(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("\"" + std::string(text) + "\""));
  }
}

TEST(DurationFlagTest, PrintsForPeople) {
  const struct {
    absl::Duration duration;
    const char* text;
  } cases[] = {
      {absl::ZeroDuration(), "0ms"},
      {absl::Microseconds(900), "0ms"},
      {absl::Milliseconds(850), "850ms"},
      {absl::Milliseconds(999), "999ms"},
      {absl::Seconds(1), "1.0s"},
      {absl::Milliseconds(2345), "2.3s"},
      {absl::Milliseconds(59900), "59.9s"},
      {absl::Minutes(1), "1m00s"},
      {absl::Seconds(65), "1m05s"},
      {absl::Seconds(3599), "59m59s"},
      {absl::Hours(1), "1h00m"},
      {absl::Minutes(200), "3h20m"},
      {absl::Hours(50), "50h00m"},
  };
  for (const auto& [duration, text] : cases) EXPECT_EQ(HumanDuration(duration), text);
}

}  // namespace
}  // namespace graft
