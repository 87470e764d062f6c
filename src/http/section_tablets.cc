#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/duration_flag.h"
#include "http/answers.h"
#include "http/sections.h"
#include "view/text.h"

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

namespace {

std::string Tag(const Tablet& tablet, const char* name) {
  const auto tag = tablet.tags.find(name);
  return tag == tablet.tags.end() ? "" : tag->second;
}

int Port(const Tablet& tablet, const char* name) {
  const auto port = tablet.port_map.find(name);
  return port == tablet.port_map.end() ? 0 : port->second;
}

// The record is anybody's to write: only what is surely a host's name or address becomes a link.
bool IsPlainHost(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == ':';
  });
}

void AddAlias(const Tablet& tablet, bool self, Html& html) {
  const std::string alias = tablet.alias.ToString();
  const int port = Port(tablet, "vt");
  if (self) {
    html.Text(alias).Raw(" <span class=\"dim\">(this one)</span>");
  } else if (port > 0 && IsPlainHost(tablet.hostname)) {
    html.Raw("<a href=\"http://")
        .Text(HostPort{tablet.hostname, port}.ToString())
        .Raw("/debug/status\">")
        .Text(alias)
        .Raw("</a>");
  } else {
    html.Text(alias);
  }
}

void AddStep(const Tablet& tablet, Html& html) {
  const std::string step = Tag(tablet, "graft.step");
  const std::string progress = Tag(tablet, "graft.progress");
  const std::string place = Tag(tablet, "graft.queue_place");
  const std::string reason = Tag(tablet, "graft.reason");
  html.Text(step);
  double percent = 0;
  if (!step.empty() && absl::SimpleAtod(absl::StripSuffix(progress, "%"), &percent)) {
    html.Raw(" <progress max=\"100\" value=\"")
        .Text(view::PercentText(percent))
        .Raw("\"></progress> ")
        .Text(progress);
  }
  if (!place.empty()) html.Text(absl::StrCat(", place ", place, " in the queue"));
  if (!reason.empty()) html.Raw("<span class=\"error\">").Text(reason).Raw("</span>");
}

void AddDataState(const std::string& state, Html& html) {
  if (state.empty()) return;
  v1::DataState known = v1::DATA_STATE_UNSPECIFIED;
  v1::DataState_Parse(state, &known);
  AddChip(view::DataTone(known), state, html);
}

void AddRow(const Tablet& tablet, bool self, Html& html) {
  const int agent = std::max(Port(tablet, "graft"), 0);
  html.Raw("<tr><th scope=\"row\">");
  AddAlias(tablet, self, html);
  html.Raw("</th><td data-label=\"Type\">").Text(TabletTypeName(tablet.type));
  html.Raw("</td><td data-label=\"MySQL\">")
      .Text(tablet.mysql.empty() ? "–" : tablet.mysql.ToString());
  html.Raw("</td><td data-label=\"Agent\">")
      .Text(tablet.hostname.empty() ? "stopped"
            : agent > 0             ? HostPort{tablet.hostname, agent}.ToString()
                                    : tablet.hostname);
  html.Raw("</td><td data-label=\"Data\">");
  AddDataState(Tag(tablet, "graft.data_state"), html);
  html.Raw("</td><td data-label=\"Step\">");
  AddStep(tablet, html);
  html.Raw("</td></tr>\n");
}

}  // namespace

void AddShard(const StatusFacts& facts, Html& html) {
  const ShardSnapshot& shard = facts.shard;
  html.Raw("<section id=\"shard\"><h2>Shard ")
      .Text(absl::StrCat(facts.tablet.keyspace, "/", facts.tablet.shard))
      .Raw(" <small>");
  if (shard.read_at == absl::InfinitePast()) {
    html.Raw("not read from the topology yet");
  } else {
    html.Text(absl::StrCat("as the topology had it ", view::AgoText(shard.read_at, facts.now)));
  }
  html.Raw("</small></h2>");
  if (!shard.error.empty()) {
    html.Raw("<p class=\"error\">The topology cannot be read: ").Text(shard.error).Raw("</p>");
  }
  if (!shard.tablets.empty()) {
    html.Raw(
        "<table class=\"list\"><thead><tr><th scope=\"col\">Tablet<th scope=\"col\">Type"
        "<th scope=\"col\">MySQL<th scope=\"col\">Agent<th scope=\"col\">Data"
        "<th scope=\"col\">Step</tr></thead><tbody>\n");
    for (const Tablet& tablet : shard.tablets) {
      AddRow(tablet, tablet.alias == facts.tablet.alias, html);
    }
    html.Raw("</tbody></table>");
  }
  html.Raw("</section>\n");
}

}  // namespace graft::http
