#include "http/format.h"

#include <gtest/gtest.h>

#include <limits>

#include "http/html.h"

namespace graft::http {
namespace {

TEST(HttpFormatTest, Bytes) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(-1), "0 B");
  EXPECT_EQ(BytesText(std::numeric_limits<double>::quiet_NaN()), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(103'500'000'000.0), "96.4 GiB");
}

TEST(HttpFormatTest, AHundredPercentIsSaidOnlyWhenReached) {
  EXPECT_EQ(PercentText(0), "0.0");
  EXPECT_EQ(PercentText(43.25), "43.2");
  EXPECT_EQ(PercentText(43.3), "43.3");
  EXPECT_EQ(PercentText(99.99), "99.9");
  EXPECT_EQ(PercentText(100), "100.0");
  EXPECT_EQ(PercentText(250), "100.0");
  EXPECT_EQ(PercentText(std::numeric_limits<double>::quiet_NaN()), "0.0");
}

TEST(HttpFormatTest, Times) {
  const absl::Time time = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_EQ(ClockText(time), "08:00:00");
  EXPECT_EQ(DateText(time), "2027-01-15 08:00:00");
  EXPECT_EQ(ClockText(absl::InfinitePast()), "–");
  EXPECT_EQ(AgoText(time, time + absl::Seconds(75)), "1m15s ago");
  EXPECT_EQ(AgoText(time, time - absl::Seconds(1)), "0ms ago");
  EXPECT_EQ(AgoText(absl::InfinitePast(), time), "never");
}

TEST(HttpFormatTest, TimeLeftIsRough) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const auto text = [&](int likely, int low, int high) {
    return EtaText({absl::Seconds(likely), absl::Seconds(low), absl::Seconds(high)}, now, now);
  };
  EXPECT_EQ(text(242, 180, 425), "about 4 min left, between 3 and 7");
  EXPECT_EQ(text(42, 33, 70), "about 45 s left, between 35 and 70");
  EXPECT_EQ(text(1, 0, 2), "about 5 s left");
  EXPECT_EQ(text(100, 40, 200), "about 2 min left, between 40 s and 3 min");
  EXPECT_EQ(text(9000, 8000, 20000), "about 2.5 h left, between 2.2 and 5.6");
}

TEST(HttpFormatTest, TimeLeftGoesOnWhileNothingIsSampled) {
  const absl::Time sampled = absl::FromUnixSeconds(1'800'000'000);
  const Eta eta{absl::Minutes(10), absl::Minutes(8), absl::Minutes(14)};
  EXPECT_EQ(EtaText(eta, sampled, sampled + absl::Minutes(4)),
            "about 6 min left, between 4 and 10");
  EXPECT_EQ(EtaText(eta, sampled, sampled + absl::Minutes(40)), "about 5 s left");
}

TEST(HttpFormatTest, GtidsAtAGlance) {
  EXPECT_EQ(ShortGtids(""), "");
  EXPECT_EQ(ShortGtids("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"), "3e11fa47…:1-77");
  EXPECT_EQ(ShortGtids("3e11fa47-71ca:1-77,\n8a94f357-aab4:1-5:7,\n9b11fa47-71ca:1"),
            "3e11fa47…:1-77, 8a94f357…:1-5:7 and 1 more");
  EXPECT_EQ(ShortGtids("3e11fa47-71ca:1-1000:1002-2000:2002-3000:3002-4000"),
            "3e11fa47…:1-1000:1002-2000:2002-30…");
}

TEST(HttpHtmlTest, ValuesCannotBecomeMarkup) {
  EXPECT_EQ(Escaped("<a href=\"x\">Tom & 'Jerry'</a>"),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/a&gt;");
  EXPECT_EQ(Escaped(std::string("a\0b\x1b[31m\n", 9)), "a\uFFFDb\uFFFD[31m\n");
  EXPECT_EQ(Html().Raw("<b>").Text("<i>").Raw("</b>").str(), "<b>&lt;i&gt;</b>");
}

}  // namespace
}  // namespace graft::http
