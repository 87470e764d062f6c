#include <gtest/gtest.h>

#include "http/sections.h"

namespace graft::http {
namespace {

TEST(HttpPartsTest, ATimeThatNeverWasIsSaidToBeSo) {
  const absl::Time time = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_EQ(ClockText(time), "08:00:00");
  EXPECT_EQ(ClockText(absl::InfinitePast()), "–");
  EXPECT_EQ(AgoOrNever(time, time + absl::Seconds(75)), "1m15s ago");
  EXPECT_EQ(AgoOrNever(absl::InfinitePast(), time), "never");
}

TEST(HttpPartsTest, GtidsAtAGlance) {
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
  EXPECT_EQ(Html().Add("<b>$0</b>", "<i>").str(), "<b>&lt;i&gt;</b>");
}

}  // namespace
}  // namespace graft::http
