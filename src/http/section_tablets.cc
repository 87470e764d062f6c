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
    html.Add(
        "<section id=\"ready\" class=\"verdict good\"><p><strong>Ready</strong></p></section>");
    return;
  }
  html.Add("<section id=\"ready\" class=\"verdict $0\"><p><strong>Not ready</strong></p><ul>",
           facts.running == nullptr ? "bad" : "warning");
  for (const std::string& reason : reasons) html.Add("<li>$0</li>", reason);
  html.Add("</ul></section>\n");
}

// Read out by screen readers when it changes, so it must not change with every byte.
void AddAnnouncement(const PageFacts& facts, Html& html) {
  html.Add("<p class=\"unseen\" role=\"status\">");
  if (facts.running != nullptr) {
    const int tens = static_cast<int>(facts.running->progress().percent() / 10) * 10;
    html.Add("Rebuilding, $0, more than $1 %", facts.running->step(), tens);
  } else if (!facts.operations.empty()) {
    html.Add("The last operation: $0", view::OutcomeWord(facts.operations.front().outcome()));
  }
  html.Add("</p>\n");
}

void AddGtids(const std::string& set, Html& html) {
  html.Add("<div class=\"wide\"><dt>GTIDs executed</dt><dd>");
  if (set.empty()) {
    html.Add("none");
  } else if (set.size() <= kLongestWholeGtids) {
    html.Add("<code>$0</code>", set);
  } else {
    html.Add(
        "<details id=\"gtids\"><summary><code>$0</code></summary><code "
        "class=\"long\">$1</code></details>",
        ShortGtids(set), set);
  }
  html.Add("</dd></div>");
}

void AddThread(bool running, bool connecting, int error_number, const std::string& error,
               Html& html) {
  const view::Tone tone = running      ? view::Tone::kGood
                          : connecting ? view::Tone::kWarning
                                       : view::Tone::kBad;
  AddChip(tone, running ? "running" : connecting ? "connecting" : "stopped", html);
  if (error_number == 0) return;
  html.Add("<p class=\"error\">$0: $1</p>", error_number, error);
}

void AddReplication(const TabletSnapshot& tablet, Html& html) {
  if (tablet.replication.empty()) return;
  html.Add(
      "<table class=\"list\"><caption>Replication</caption><thead><tr><th scope=\"col\">Source<th "
      "scope=\"col\">Receiver<th scope=\"col\">Applier<th scope=\"col\" "
      "class=\"number\">Lag</tr></thead><tbody>");
  for (const ReplicationChannel& channel : tablet.replication) {
    html.Add("<tr><th scope=\"row\">$0", channel.source.ToString());
    if (!channel.name.empty()) html.Add(" ($0)", channel.name);
    html.Add("</th><td data-label=\"Receiver\">");
    AddThread(channel.receiver_running, channel.receiver_connecting, channel.receiver_errno,
              channel.receiver_error, html);
    html.Add("</td><td data-label=\"Applier\">");
    AddThread(channel.applier_running, false, channel.applier_errno, channel.applier_error, html);
    html.Add("</td><td class=\"number\" data-label=\"Lag\">$0</td></tr>",
             channel.lag.has_value() ? HumanDuration(*channel.lag) : "unknown");
  }
  html.Add("</tbody></table>");
}

// The record is anybody's to write: only what is surely a host's name or address becomes a link.
bool IsPlainHost(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == ':';
  });
}

void AddAlias(const Tablet& tablet, bool self, Html& html) {
  const std::string alias = tablet.alias.ToString();
  const int port = tablet.Port("vt");
  if (self) {
    html.Add("$0 <span class=\"dim\">(this one)</span>", alias);
  } else if (port > 0 && IsPlainHost(tablet.hostname)) {
    html.Add("<a href=\"http://$0/debug/status\">$1</a>",
             HostPort{tablet.hostname, port}.ToString(), alias);
  } else {
    html.Add("$0", alias);
  }
}

void AddStep(const Tablet& tablet, Html& html) {
  const std::string step = tablet.Tag("graft.step");
  const std::string progress = tablet.Tag("graft.progress");
  const std::string place = tablet.Tag("graft.queue_place");
  const std::string reason = tablet.Tag("graft.reason");
  html.Add("$0", step);
  double percent = 0;
  if (!step.empty() && absl::SimpleAtod(absl::StripSuffix(progress, "%"), &percent)) {
    html.Add(" <progress max=\"100\" value=\"$0\"></progress> $1", view::PercentText(percent),
             progress);
  }
  if (!place.empty()) html.Add(", place $0 in the line", place);
  if (!reason.empty()) html.Add("<span class=\"error\">$0</span>", reason);
}

void AddDataState(const std::string& state, Html& html) {
  if (state.empty()) return;
  v1::DataState known = v1::DATA_STATE_UNSPECIFIED;
  v1::DataState_Parse(state, &known);
  AddChip(view::DataTone(known), state, html);
}

void AddRow(const Tablet& tablet, bool self, Html& html) {
  const int agent = std::max(tablet.Port("graft"), 0);
  html.Add("<tr><th scope=\"row\">");
  AddAlias(tablet, self, html);
  html.Add(
      "</th><td data-label=\"Type\">$0</td><td data-label=\"MySQL\">$1</td><td "
      "data-label=\"Agent\">$2</td><td data-label=\"Data\">",
      TabletTypeName(tablet.type), tablet.mysql.empty() ? "–" : tablet.mysql.ToString(),
      tablet.hostname.empty() ? "stopped"
      : agent > 0             ? HostPort{tablet.hostname, agent}.ToString()
                              : tablet.hostname);
  AddDataState(tablet.Tag("graft.data_state"), html);
  html.Add("</td><td data-label=\"Step\">");
  AddStep(tablet, html);
  html.Add("</td></tr>\n");
}

}  // namespace

void AddHead(const PageFacts& facts, Html& html) {
  const TabletSnapshot& tablet = facts.status.tablet;
  html.Add("<header><h1>$0</h1><p class=\"chips\">", tablet.alias.ToString());
  AddChip(TypeTone(tablet.type), TabletTypeName(tablet.type), html);
  AddChip(view::Tone::kPlain, absl::StrCat(tablet.keyspace, "/", tablet.shard), html);
  html.Add("</p><p class=\"asof\">as of <time>$0</time> UTC</p></header>\n",
           ClockText(facts.status.now));
  AddAnnouncement(facts, html);
  AddReadiness(facts, html);
}

void AddTablet(const StatusFacts& facts, Html& html) {
  const TabletSnapshot& tablet = facts.tablet;
  html.Add("<section id=\"tablet\"><h2>Tablet</h2><dl class=\"facts\">");
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
  html.Add("</dl>");
  if (tablet.mysql_reachable) AddReplication(tablet, html);
  html.Add("</section>\n");
}

void AddShard(const StatusFacts& facts, Html& html) {
  const ShardSnapshot& shard = facts.shard;
  html.Add("<section id=\"shard\"><h2>Shard $0/$1 <small>", facts.tablet.keyspace,
           facts.tablet.shard);
  if (shard.read_at == absl::InfinitePast()) {
    html.Add("not read from the topology yet");
  } else {
    html.Add("as the topology had it $0", view::AgoText(shard.read_at, facts.now));
  }
  html.Add("</small></h2>");
  if (!shard.error.empty()) {
    html.Add("<p class=\"error\">The topology cannot be read: $0</p>", shard.error);
  }
  if (!shard.tablets.empty()) {
    html.Add(
        "<table class=\"list\"><thead><tr><th scope=\"col\">Tablet<th scope=\"col\">Type<th "
        "scope=\"col\">MySQL<th scope=\"col\">Agent<th scope=\"col\">Data<th "
        "scope=\"col\">Step</tr></thead><tbody>\n");
    for (const Tablet& tablet : shard.tablets) {
      AddRow(tablet, tablet.alias == facts.tablet.alias, html);
    }
    html.Add("</tbody></table>");
  }
  html.Add("</section>\n");
}

}  // namespace graft::http
