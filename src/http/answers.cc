#include "http/answers.h"

#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "http/sections.h"
#include "provision/operation/decisions.h"
#include "view/text.h"

namespace graft::http {
namespace {

constexpr char kHtml[] = "text/html; charset=utf-8";
constexpr char kJson[] = "application/json";

// 128 bits that nobody can guess.
std::string FreshNonce() {
  std::random_device random;
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const uint32_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  return absl::WebSafeBase64Escape(bytes);
}

StatusFacts Facts(const HttpSources& sources, absl::Time started) {
  StatusFacts facts;
  facts.version = sources.version;
  facts.started = started;
  facts.tablet = sources.provisioning.Tablet();
  facts.operations = sources.provisioning.List();
  if (sources.shard) facts.shard = sources.shard();
  if (sources.last_preflight) facts.preflight = sources.last_preflight();
  facts.now = sources.clock.Now();
  return facts;
}

Answer Alive(const HttpSources& sources, absl::Time /*started*/) {
  const absl::Status api = sources.api == nullptr ? absl::OkStatus() : sources.api();
  if (api.ok()) return {200, "ok\n"};
  return {503, absl::StrCat("the API does not answer: ", api.message(), "\n")};
}

Answer Ready(const HttpSources& sources, absl::Time /*started*/) {
  const TabletSnapshot tablet = sources.provisioning.Tablet();
  const absl::StatusOr<Operation> newest = sources.provisioning.Get("");
  std::vector<std::string> reasons = WhyNotReady(
      tablet, newest.ok() ? std::make_optional(*newest) : std::nullopt, sources.clock.Now());
  // An agent that has just started does not know yet what the tablet is.
  if (!newest.ok() && !absl::IsNotFound(newest.status())) {
    reasons.insert(reasons.begin(),
                   absl::StrCat(ReasonOf(newest.status()), ": ", newest.status().message()));
  }
  if (!reasons.empty()) return {503, absl::StrJoin(reasons, "\n") + "\n"};
  const std::string lag = LagLine(tablet);
  return {200, absl::StrCat("ok\n", lag, lag.empty() ? "" : "\n")};
}

Answer Health(const HttpSources& sources, absl::Time /*started*/) {
  const TabletSnapshot tablet = sources.provisioning.Tablet();
  if (tablet.mysql_reachable) return {200, "ok"};
  return {500, absl::StrCat("not ok: ", tablet.mysql_error, "\n")};
}

Answer Page(const HttpSources& sources, absl::Time started) {
  const std::string nonce = FreshNonce();
  return {200, RenderPage(Facts(sources, started), nonce), kHtml, {}, PagePolicy(nonce)};
}

struct Route {
  absl::string_view path;
  Answer (*make)(const HttpSources& sources, absl::Time started);
  absl::string_view shows;  // for the list of paths; empty: not in it
};

constexpr Route kRoutes[] = {
    {"/",
     [](const HttpSources&, absl::Time) {
       return Answer{302, "/debug/status\n", kPlain, {{"Location", "debug/status"}}};
     },
     ""},
    {"/debug/status", &Page, "the tablet, its shard, its operations: a page"},
    {"/debug/status.json",
     [](const HttpSources& sources, absl::Time started) {
       return Answer{200, StatusJson(Facts(sources, started)), kJson};
     },
     "the same for programs"},
    {"/debug/status/fragment",
     [](const HttpSources& sources, absl::Time started) {
       return Answer{200, RenderFragment(Facts(sources, started)), kHtml};
     },
     ""},
    {"/debug/vars",
     [](const HttpSources& sources, absl::Time started) {
       return Answer{200, VarsJson(Facts(sources, started)), kJson};
     },
     "the most important of it, flat"},
    {"/debug/health", &Health, "does mysqld answer?"},
    {"/debug/liveness", &Alive, ""},
    {"/healthz", &Alive, "does this process live, and does its API answer?"},
    {"/readyz", &Ready, "may the tablet be used, and if not, why"},
    {"/metrics",
     [](const HttpSources& sources, absl::Time) {
       return Answer{200, sources.metrics ? sources.metrics() : "",
                     "text/plain; version=0.0.4; charset=utf-8"};
     },
     "for Prometheus"},
};

// What a browser's tab shows of it, among twenty others.
std::string Title(const PageFacts& facts) {
  const std::string alias = facts.status.tablet.alias.ToString();
  if (facts.running != nullptr) {
    return absl::StrCat(view::PercentText(facts.running->progress().percent()), " % ", alias);
  }
  const bool failed = !facts.operations.empty() && facts.operations.front().outcome() == v1::FAILED;
  return absl::StrCat(failed ? "failed: " : "", alias);
}

// In a URL nothing but quotes and these would be misread.
std::string AsDataUrl(absl::string_view svg) {
  return absl::StrCat(
      "data:image/svg+xml,",
      absl::StrReplaceAll(absl::StripAsciiWhitespace(svg),
                          {{"%", "%25"}, {"#", "%23"}, {"<", "%3C"}, {">", "%3E"}}));
}

Html Fragment(const PageFacts& facts) {
  Html html;
  html.Add("<main id=\"state\" data-title=\"$0\" data-version=\"$1\">\n", Title(facts),
           facts.status.version);
  AddHead(facts, html);
  AddRunning(facts, html);
  AddTablet(facts.status, html);
  AddShard(facts.status, html);
  AddPreflight(facts, html);
  AddHistory(facts, html);
  html.Add("</main>\n");
  return html;
}

}  // namespace

Answer Answers::Bare(absl::string_view method, absl::string_view path) const {
  if (method != "GET" && method != "HEAD") {
    return {
        405, "Only GET and HEAD: nothing can be changed here.\n", kPlain, {{"Allow", "GET, HEAD"}}};
  }
  std::string known = "No such path. There are:\n";
  for (const Route& route : kRoutes) {
    if (route.path == path) return route.make(sources_, started_);
    if (!route.shows.empty()) absl::StrAppend(&known, "  ", route.path, "  ", route.shows, "\n");
  }
  return {404, known};
}

Answer Answers::To(absl::string_view method, absl::string_view path) const {
  Answer answer = Bare(method, path);
  answer.headers.insert(answer.headers.end(), {{"Content-Type", answer.content_type},
                                               {"Content-Security-Policy", answer.policy},
                                               {"Cache-Control", "no-store"},
                                               {"X-Content-Type-Options", "nosniff"},
                                               {"X-Frame-Options", "DENY"},
                                               {"Referrer-Policy", "no-referrer"},
                                               {"Cross-Origin-Resource-Policy", "same-origin"}});
  return answer;
}

std::string RenderFragment(const StatusFacts& facts) {
  return Fragment(PageFacts(facts)).str();
}

std::string RenderPage(const StatusFacts& status, absl::string_view nonce) {
  const PageFacts facts(status);
  Html html;
  html.Add(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
      "dark\"><title>$0</title><link rel=\"icon\" href=\"$1\"><style nonce=\"$2\">",
      Title(facts), AsDataUrl(FaviconSvg()), nonce);
  html.Asset(StatusCss());
  html.Add(
      "</style></head><body>\n<p id=\"away\" role=\"alert\" hidden></p>\n<noscript><p "
      "class=\"notice\">JavaScript is off: this is the state as of $0. Load the page again for a "
      "newer one.</p></noscript>\n",
      view::UtcTime(status.now));
  html.Add(Fragment(facts));
  html.Add(
      "<footer><nav aria-label=\"Other formats\"><a href=\"status.json\">status.json</a> <a "
      "href=\"vars\">vars</a> <a href=\"../metrics\">metrics</a> <a href=\"../readyz\">readyz</a> "
      "<a href=\"../healthz\">healthz</a></nav><p>graft $0</p></footer>\n<script nonce=\"$1\">",
      status.version, nonce);
  html.Asset(StatusJs()).Add("</script></body></html>\n");
  return std::move(html).str();
}

std::string PagePolicy(absl::string_view nonce) {
  return absl::StrCat("default-src 'none'; style-src 'nonce-", nonce, "'; script-src 'nonce-",
                      nonce,
                      "'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
}

}  // namespace graft::http
