// The status page and its JSON, from plain values.
#include "http/answers.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "testing/status_scenes.h"

namespace graft {
namespace {

using http::RenderFragment;
using http::RenderPage;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

int Count(const std::string& text, const std::string& part) {
  const std::vector<std::string> parts = absl::StrSplit(text, part);
  return static_cast<int>(parts.size()) - 1;
}

TEST(StatusPageTest, ShowsTheRunningOperation) {
  const std::string html = RenderFragment(RunningScene(kNow));
  EXPECT_THAT(
      html,
      AllOf(HasSubstr("data-title=\"43.9 % zone1-0000000101\""),
            HasSubstr("<b id=\"percent\">43.9</b> %"), HasSubstr("about 4m left, 3m to 7m"),
            HasSubstr("estimated from 3 earlier operations"), HasSubstr("63.7 GiB of 96.4 GiB"),
            HasSubstr("<dd>325.2 MiB/s</dd>"), HasSubstr("<dd>400ms ago</dd>"),
            HasSubstr("<dt>Attempt</dt><dd>2</dd>"), HasSubstr("clone, FILE COPY for 3m07s"),
            HasSubstr("<li class=\"error\"><b>attempt 1 from zone1-0000000103 failed in "
                      "clone</b>")));
  EXPECT_EQ(Count(html, "<th scope=\"row\">FILE COPY</th>"), 1);
  EXPECT_EQ(Count(html, "aria-current=\"step\""), 1);
}

TEST(StatusPageTest, EstimatesAreMarkedAsSuch) {
  StatusFacts facts = RunningScene(kNow);
  EXPECT_THAT(RenderFragment(facts), Not(HasSubstr("<small>estimate</small>")));
  std::vector<PhaseProgress>& phases = facts.operations[0].progress.phases;
  for (int i = 0; i < 5; ++i) phases[static_cast<size_t>(i)].done = 1;
  phases[5].done = 0.42;
  facts.operations[0].progress.learnt_from = 0;
  const std::string html = RenderFragment(facts);
  EXPECT_THAT(html, AllOf(HasSubstr("≈ 42.0 % <small>estimate</small>"),
                          HasSubstr("<progress class=\"guessed\" max=\"1\" value=\"0.4200\" "
                                    "aria-label=\"FILE SYNC\">"),
                          HasSubstr("<rect class=\"guessed\""),
                          HasSubstr("estimated from typical figures")));
}

TEST(StatusPageTest, RecoveryShowsWhatTheErrorLogTells) {
  StatusFacts facts = RunningScene(kNow);
  Progress& progress = facts.operations[0].progress;
  for (size_t i = 0; i < 7; ++i) progress.phases[i].done = 1;
  progress.phases[7].measured = true;
  progress.recovery_percent = 61;
  EXPECT_THAT(RenderFragment(facts), HasSubstr("redo log 61% applied"));
}

TEST(StatusPageTest, WithoutPhasesThereIsOneBar) {
  StatusFacts facts = RunningScene(kNow);
  facts.operations[0].progress.phases.clear();
  facts.operations[0].progress.eta = std::nullopt;
  EXPECT_THAT(RenderFragment(facts), AllOf(HasSubstr("<progress class=\"whole\" max=\"100\""),
                                           HasSubstr("time left unknown")));
}

TEST(StatusPageTest, AQueueIsNamed) {
  StatusFacts facts = RunningScene(kNow);
  facts.operations[0].queue_place = 3;
  facts.operations[0].progress.note = "the donor serves zone1-0000000107";
  EXPECT_THAT(RenderFragment(facts),
              AllOf(HasSubstr("place 3 in the line"),
                    HasSubstr("<p class=\"note\">the donor serves zone1-0000000107</p>")));
}

TEST(StatusPageTest, AWaitIsShownInPlaceOfATimeLeft) {
  StatusFacts facts = RunningScene(kNow);
  facts.operations[0].progress.note = "the journal cannot be written";
  facts.operations[0].progress.waiting_since = facts.now - absl::Seconds(12);
  const std::string html = RenderFragment(facts);
  EXPECT_THAT(html, HasSubstr("waits since 12.0s"));
  EXPECT_THAT(html, HasSubstr("the journal cannot be written"));
}

TEST(StatusPageTest, AReleaseNamesWhoAskedForIt) {
  StatusFacts facts = RunningScene(kNow);
  for (Operation& operation : facts.operations) {
    operation.request.kind = OperationKind::kRelease;
    operation.request.release.by = "alice@<ops>";
  }
  const std::string html = RenderFragment(facts);
  EXPECT_THAT(html, HasSubstr("<h2>Release by alice@&lt;ops&gt;</h2>"));
  EXPECT_THAT(html, HasSubstr("<span>release by alice@&lt;ops&gt;</span>"));
}

TEST(StatusPageTest, AFailureSaysWhyAndWhatIsLeft) {
  const std::string html = RenderFragment(FailedScene(kNow));
  EXPECT_THAT(html, AllOf(HasSubstr("None runs. The last one"), HasSubstr("DONOR_GONE"),
                          HasSubstr("data <span class=\"chip bad\">EMPTY</span>"),
                          HasSubstr("rebuild it with graftctl reprovision zone1-0000000101"),
                          HasSubstr("<b>refused as donor</b> zone1-0000000104: LAGS_BEHIND"),
                          HasSubstr("etcd does not answer at 10.0.0.5:2379"),
                          HasSubstr("data-title=\"failed: zone1-0000000101\"")));
}

TEST(StatusPageTest, NothingYetIsSaidToBeSo) {
  EXPECT_THAT(RenderFragment(StartingScene(kNow)),
              AllOf(HasSubstr("not asked yet"), HasSubstr("not read from the topology yet"),
                    HasSubstr("No operation has ended here."), HasSubstr("None was made yet."),
                    HasSubstr("None runs, and none has run.")));
  EXPECT_THAT(RenderFragment(IdleScene(kNow)), HasSubstr("<strong>Ready</strong>"));
}

TEST(StatusPageTest, NeighboursHaveLinksWhereTheyServeHttp) {
  const std::string html = RenderFragment(RunningScene(kNow));
  EXPECT_THAT(html, HasSubstr("<a href=\"http://db-102.example:15102/debug/status\">"));
  EXPECT_THAT(html, Not(HasSubstr("15101/debug/status"))) << "to itself";
  StatusFacts facts = RunningScene(kNow);
  facts.shard.tablets[2].hostname = "fd00::1";
  EXPECT_THAT(RenderFragment(facts), HasSubstr("http://[fd00::1]:15102/debug/status"));
  facts.shard.tablets[2].port_map.erase("vt");
  EXPECT_THAT(RenderFragment(facts), Not(HasSubstr("fd00::1]:15102")));
}

TEST(StatusPageTest, FindingsComeFirstWorstFirst) {
  const std::string html = RenderFragment(RunningScene(kNow));
  const size_t unchecked = html.rfind("NON_INNODB_TABLES");
  EXPECT_LT(html.find("<section id=\"preflight\">"), unchecked);
  EXPECT_LT(unchecked, html.rfind("DONOR_LAG"));
  EXPECT_LT(html.rfind("DONOR_LAG"), html.find("2 passed"));
}

TEST(StatusPageTest, TheNewerPreflightIsShown) {
  StatusFacts facts = RunningScene(kNow);
  facts.preflight->made = kNow - absl::Hours(1);
  EXPECT_THAT(RenderFragment(facts), HasSubstr("of operation op-20261120-130000-7f3a"));
}

TEST(StatusPageTest, ALongHistoryIsCut) {
  StatusFacts facts = FailedScene(kNow);
  facts.operations.assign(50, facts.operations[1]);
  const std::string html = RenderFragment(facts);
  EXPECT_EQ(Count(html, "<details class=\"operation\""), 20);
  EXPECT_THAT(html, HasSubstr("30 older ones"));
}

TEST(StatusPageTest, WhatComesFromOutsideIsNeverMarkup) {
  const std::string page = RenderPage(HostileScene(kNow), "nonce");
  EXPECT_EQ(Count(page, "<script"), 1) << "the page's own";
  EXPECT_EQ(Count(page, "</script>"), 1);
  EXPECT_EQ(Count(page, "<img"), 0);
  EXPECT_EQ(Count(page, "href=\"http"), 0) << "no host there is one";
  EXPECT_GT(Count(page, "&lt;/script&gt;"), 20);
}

TEST(StatusPageTest, ThePageIsComplete) {
  const std::string page = RenderPage(RunningScene(kNow), "n0nce");
  EXPECT_THAT(page, AllOf(HasSubstr("<!DOCTYPE html>"), HasSubstr("<script nonce=\"n0nce\">"),
                          HasSubstr("<style nonce=\"n0nce\">"), HasSubstr("href=\"data:image/svg"),
                          HasSubstr("state as of 2027-01-15 08:00:00Z"),
                          HasSubstr(RenderFragment(RunningScene(kNow)))));
  EXPECT_THAT(page, Not(HasSubstr(" style=\"")));
  EXPECT_EQ(Count(page, "https://"), 0);
  EXPECT_THAT(http::PagePolicy("n0nce"), HasSubstr("script-src 'nonce-n0nce'"));
}

google::protobuf::Struct Parsed(const std::string& json) {
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &object);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return object;
}

TEST(StatusJsonTest, HasWhatThePageHas) {
  for (const char* scene : {"running", "failed", "idle", "starting", "hostile"}) {
    const google::protobuf::Struct json = Parsed(http::StatusJson(SceneByName(scene, kNow)));
    EXPECT_EQ(json.fields().at("tablet").struct_value().fields().at("alias").string_value(),
              "zone1-0000000101");
  }
  const google::protobuf::Struct json = Parsed(http::StatusJson(RunningScene(kNow)));
  const auto& operations = json.fields().at("operations").list_value();
  ASSERT_EQ(operations.values_size(), 4);
  EXPECT_EQ(operations.values(0).struct_value().fields().at("step").string_value(), "clone");
  const auto& shard = json.fields().at("shard").struct_value().fields().at("tablets").list_value();
  EXPECT_EQ(shard.values_size(), 3);
  EXPECT_GT(json.fields().at("whyNotReady").list_value().values_size(), 0);
}

TEST(StatusJsonTest, VarsAreFlat) {
  const google::protobuf::Struct json = Parsed(http::VarsJson(RunningScene(kNow)));
  for (const auto& [name, value] : json.fields()) {
    EXPECT_FALSE(value.has_struct_value() || value.has_list_value()) << name;
  }
  EXPECT_EQ(json.fields().at("TabletType").string_value(), "RESTORE");
  EXPECT_EQ(json.fields().at("BuildVersion").string_value(), "0.1.0");
  EXPECT_NEAR(json.fields().at("OperationPercent").number_value(), 43.98, 1e-6);
  EXPECT_EQ(Parsed(http::VarsJson(IdleScene(kNow))).fields().at("replicationLagSec").number_value(),
            3);
}

TEST(StatusJsonTest, WhatIsNoUtf8IsReplaced) {
  StatusFacts facts = IdleScene(kNow);
  facts.tablet.mysql_version = "a\"b\\c\n<\xff\x1f\xc3";
  facts.tablet.mysql_error = facts.tablet.mysql_version;
  facts.shard.error = facts.tablet.mysql_version;
  facts.shard.tablets[0].tags["\xff"] = "\xfe";
  const std::string escaped = R"("a\"b\\c\n\u003c\ufffd\u001f\ufffd")";
  const std::string shown = absl::StrReplaceAll(escaped, {{"\\ufffd", "\uFFFD"}});
  EXPECT_THAT(http::VarsJson(facts), HasSubstr("\"MysqlVersion\": " + shown));
  const std::string status = http::StatusJson(facts);
  EXPECT_THAT(status, HasSubstr("\"error\":" + shown));
  EXPECT_EQ(Parsed(status).fields().count("tablet"), 1u);
}

TEST(StatusJsonTest, VarsStandOnALineEachInAFixedOrder) {
  EXPECT_THAT(http::VarsJson(IdleScene(kNow)),
              StartsWith("{\n\"BuildVersion\": \"0.1.0\",\n\"UptimeSeconds\": "));
}

}  // namespace
}  // namespace graft
