#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "http/page.h"
#include "http/sections.h"

namespace graft::http {
namespace {

constexpr size_t kLongestWholeGtids = 60;

view::Tone TypeTone(TabletType type) {
  switch (type) {
    case TabletType::kPrimary:
    case TabletType::kReplica:
    case TabletType::kRdonly:
      return view::Tone::kGood;
    case TabletType::kRestore:
      return view::Tone::kWarning;
    default:
      return view::Tone::kPlain;
  }
}

void AddReadiness(const PageFacts& facts, Html& html) {
  const std::vector<std::string> reasons = WhyNotReady(facts.status);
  if (reasons.empty()) {
    html.Raw(
        "<section id=\"ready\" class=\"verdict good\"><p><strong>Ready</strong></p></section>");
    return;
  }
  html.Raw("<section id=\"ready\" class=\"verdict ")
      .Text(facts.running == nullptr ? "bad" : "warning")
      .Raw("\"><p><strong>Not ready</strong></p><ul>");
  for (const std::string& reason : reasons) html.Raw("<li>").Text(reason).Raw("</li>");
  html.Raw("</ul></section>\n");
}

// Read out by screen readers when it changes, so it must not change with every byte.
void AddAnnouncement(const PageFacts& facts, Html& html) {
  html.Raw("<p class=\"unseen\" role=\"status\">");
  if (facts.running != nullptr) {
    const int tens = static_cast<int>(facts.running->progress().percent() / 10) * 10;
    html.Text(absl::StrCat("Rebuilding, ", facts.running->step(), ", more than ", tens, " %"));
  } else if (!facts.operations.empty()) {
    html.Text(absl::StrCat("The last operation: ",
                           view::OutcomeWord(facts.operations.front().outcome())));
  }
  html.Raw("</p>\n");
}

void AddGtids(const std::string& set, Html& html) {
  html.Raw("<div class=\"wide\"><dt>GTIDs executed</dt><dd>");
  if (set.empty()) {
    html.Raw("none");
  } else if (set.size() <= kLongestWholeGtids) {
    html.Raw("<code>").Text(set).Raw("</code>");
  } else {
    html.Raw("<details id=\"gtids\"><summary><code>")
        .Text(ShortGtids(set))
        .Raw("</code></summary><code class=\"long\">")
        .Text(set)
        .Raw("</code></details>");
  }
  html.Raw("</dd></div>");
}

void AddThread(bool running, bool connecting, int error_number, const std::string& error,
               Html& html) {
  const view::Tone tone = running      ? view::Tone::kGood
                          : connecting ? view::Tone::kWarning
                                       : view::Tone::kBad;
  AddChip(tone, running ? "running" : connecting ? "connecting" : "stopped", html);
  if (error_number == 0) return;
  html.Raw("<p class=\"error\">").Text(absl::StrCat(error_number, ": ", error)).Raw("</p>");
}

void AddReplication(const TabletSnapshot& tablet, Html& html) {
  if (tablet.replication.empty()) return;
  html.Raw(
      "<table class=\"list\"><caption>Replication</caption><thead><tr><th scope=\"col\">Source"
      "<th scope=\"col\">Receiver<th scope=\"col\">Applier<th scope=\"col\" class=\"number\">Lag"
      "</tr></thead><tbody>");
  for (const ReplicationChannel& channel : tablet.replication) {
    html.Raw("<tr><th scope=\"row\">").Text(channel.source.ToString());
    if (!channel.name.empty()) html.Text(absl::StrCat(" (", channel.name, ")"));
    html.Raw("</th><td data-label=\"Receiver\">");
    AddThread(channel.receiver_running, channel.receiver_connecting, channel.receiver_errno,
              channel.receiver_error, html);
    html.Raw("</td><td data-label=\"Applier\">");
    AddThread(channel.applier_running, false, channel.applier_errno, channel.applier_error, html);
    html.Raw("</td><td class=\"number\" data-label=\"Lag\">")
        .Text(channel.lag.has_value() ? HumanDuration(*channel.lag) : "unknown")
        .Raw("</td></tr>");
  }
  html.Raw("</tbody></table>");
}

}  // namespace

void AddHead(const PageFacts& facts, Html& html) {
  const TabletSnapshot& tablet = facts.status.tablet;
  html.Raw("<header><h1>").Text(tablet.alias.ToString()).Raw("</h1><p class=\"chips\">");
  AddChip(TypeTone(tablet.type), TabletTypeName(tablet.type), html);
  AddChip(view::Tone::kPlain, absl::StrCat(tablet.keyspace, "/", tablet.shard), html);
  html.Raw("</p><p class=\"asof\">as of <time>")
      .Text(ClockText(facts.status.now))
      .Raw("</time> UTC</p></header>\n");
  AddAnnouncement(facts, html);
  AddReadiness(facts, html);
}

void AddTablet(const StatusFacts& facts, Html& html) {
  const TabletSnapshot& tablet = facts.tablet;
  html.Raw("<section id=\"tablet\"><h2>Tablet</h2><dl class=\"facts\">");
  if (tablet.mysql_reachable) {
    AddFact("MySQL", tablet.mysql_version, html);
    AddFact("super_read_only", tablet.super_read_only ? "ON" : "OFF", html);
  } else if (tablet.read_at == absl::InfinitePast()) {
    AddFact("MySQL", "not asked yet", html);
  } else {
    AddFact("MySQL", absl::StrCat("does not answer: ", tablet.mysql_error), html);
  }
  AddFact("Read", AgoOrNever(tablet.read_at, facts.now), html);
  if (!tablet.mysql_version.empty()) AddGtids(tablet.gtid_executed, html);
  html.Raw("</dl>");
  if (tablet.mysql_reachable) AddReplication(tablet, html);
  html.Raw("</section>\n");
}

}  // namespace graft::http
