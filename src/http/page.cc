#include "http/page.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "http/sections.h"
#include "view/text.h"

namespace graft::http {
namespace {

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
  html.Raw("<main id=\"state\" data-title=\"").Text(Title(facts)).Raw("\" data-version=\"");
  html.Text(facts.status.version).Raw("\">\n");
  AddHead(facts, html);
  AddRunning(facts, html);
  AddTablet(facts.status, html);
  AddShard(facts.status, html);
  AddPreflight(facts, html);
  AddHistory(facts, html);
  html.Raw("</main>\n");
  return html;
}

}  // namespace

std::string RenderFragment(const StatusFacts& facts) {
  return Fragment(PageFacts(facts)).str();
}

std::string RenderPage(const StatusFacts& status, absl::string_view nonce) {
  const PageFacts facts(status);
  Html html;
  html.Raw(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>");
  html.Text(Title(facts)).Raw("</title><link rel=\"icon\" href=\"").Text(AsDataUrl(FaviconSvg()));
  html.Raw("\"><style nonce=\"").Text(nonce).Raw("\">").Asset(StatusCss());
  html.Raw("</style></head><body>\n");
  html.Raw("<p id=\"away\" role=\"alert\" hidden></p>\n");
  html.Raw("<noscript><p class=\"notice\">JavaScript is off: this is the state as of ")
      .Text(view::UtcTime(status.now))
      .Raw(". Load the page again for a newer one.</p></noscript>\n");
  html.Add(Fragment(facts));
  html.Raw(
      "<footer><nav aria-label=\"Other formats\"><a href=\"status.json\">status.json</a> "
      "<a href=\"vars\">vars</a> <a href=\"../metrics\">metrics</a> "
      "<a href=\"../readyz\">readyz</a> <a href=\"../healthz\">healthz</a></nav><p>graft ");
  html.Text(status.version).Raw("</p></footer>\n<script nonce=\"").Text(nonce).Raw("\">");
  html.Asset(StatusJs()).Raw("</script></body></html>\n");
  return std::move(html).str();
}

std::string PagePolicy(absl::string_view nonce) {
  return absl::StrCat("default-src 'none'; style-src 'nonce-", nonce, "'; script-src 'nonce-",
                      nonce,
                      "'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
}

}  // namespace graft::http
