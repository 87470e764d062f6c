#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "http/sections.h"
#include "view/text.h"

namespace graft::http {
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
