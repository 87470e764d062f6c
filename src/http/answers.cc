#include "http/answers.h"

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "http/page.h"
#include "http/status_json.h"
#include "provision/operation/readiness.h"

namespace graft::http {
namespace {

constexpr char kHtmlType[] = "text/html; charset=utf-8";
constexpr char kJsonType[] = "application/json";
constexpr char kNothingPolicy[] = "default-src 'none'; frame-ancestors 'none'";

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

absl::string_view StatusText(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return status < 500 ? "Bad Request" : "Error";
  }
}

}  // namespace

const std::vector<Answers::Route>& Answers::Routes() {
  static const auto* const routes = new std::vector<Route>{
      {"/", &Answers::Root, ""},
      {"/debug/status", &Answers::Page, "the tablet, its shard, its operations: a page"},
      {"/debug/status.json", &Answers::Json, "the same for programs"},
      {"/debug/status/fragment", &Answers::Fragment, ""},
      {"/debug/vars", &Answers::Vars, "the most important of it, flat"},
      {"/debug/health", &Answers::Health, "does mysqld answer?"},
      {"/debug/liveness", &Answers::Alive, ""},
      {"/healthz", &Answers::Alive, "does this process live, and does its API answer?"},
      {"/readyz", &Answers::Ready, "may the tablet be used, and if not, why"},
      {"/metrics", &Answers::Metrics, "for Prometheus"},
  };
  return *routes;
}

Answer Answers::To(absl::string_view method, absl::string_view path) const {
  Answer answer;
  if (method != "GET" && method != "HEAD") {
    answer.status = 405;
    answer.headers = {{"Allow", "GET, HEAD"}};
    answer.body = "Only GET and HEAD: nothing can be changed here.\n";
    return answer;
  }
  for (const Route& route : Routes()) {
    if (route.path == path) return (this->*route.make)();
  }
  answer.status = 404;
  answer.body = "No such path. There are:\n";
  for (const Route& route : Routes()) {
    if (route.shows.empty()) continue;
    absl::StrAppend(&answer.body, "  ", route.path, "  ", route.shows, "\n");
  }
  return answer;
}

StatusFacts Answers::Facts() const {
  StatusFacts facts;
  facts.version = sources_.version;
  facts.started = started_;
  facts.tablet = sources_.provisioning.Tablet();
  facts.operations = sources_.provisioning.List();
  if (sources_.shard) facts.shard = sources_.shard();
  if (sources_.last_preflight) facts.preflight = sources_.last_preflight();
  facts.now = sources_.clock.Now();
  return facts;
}

Answer Answers::Root() const {
  Answer answer;
  answer.status = 302;
  answer.headers = {{"Location", "debug/status"}};
  answer.body = "/debug/status\n";
  return answer;
}

Answer Answers::Alive() const {
  Answer answer;
  answer.body = "ok\n";
  if (sources_.api == nullptr) return answer;
  if (const absl::Status api = sources_.api(); !api.ok()) {
    answer.status = 503;
    answer.body = absl::StrCat("the API does not answer: ", api.message(), "\n");
  }
  return answer;
}

Answer Answers::Ready() const {
  const TabletSnapshot tablet = sources_.provisioning.Tablet();
  const absl::StatusOr<Operation> newest = sources_.provisioning.Get("");
  std::vector<std::string> reasons = WhyNotReady(
      tablet, newest.ok() ? std::make_optional(*newest) : std::nullopt, sources_.clock.Now());
  // An agent that has just started does not know yet what the tablet is.
  if (!newest.ok() && !absl::IsNotFound(newest.status())) {
    reasons.insert(reasons.begin(),
                   absl::StrCat(ReasonOf(newest.status()), ": ", newest.status().message()));
  }
  Answer answer;
  if (!reasons.empty()) {
    answer.status = 503;
    for (const std::string& reason : reasons) absl::StrAppend(&answer.body, reason, "\n");
    return answer;
  }
  answer.body = "ok\n";
  const std::string lag = LagLine(tablet);
  if (!lag.empty()) absl::StrAppend(&answer.body, lag, "\n");
  return answer;
}

Answer Answers::Health() const {
  const TabletSnapshot tablet = sources_.provisioning.Tablet();
  Answer answer;
  if (tablet.mysql_reachable) {
    answer.body = "ok";
  } else {
    answer.status = 500;
    answer.body = absl::StrCat("not ok: ", tablet.mysql_error, "\n");
  }
  return answer;
}

Answer Answers::Metrics() const {
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  if (sources_.metrics) answer.body = sources_.metrics();
  return answer;
}

Answer Answers::Page() const {
  const std::string nonce = FreshNonce();
  Answer answer;
  answer.content_type = kHtmlType;
  answer.headers = {{"Content-Security-Policy", PagePolicy(nonce)}};
  answer.body = RenderPage(Facts(), nonce);
  return answer;
}

Answer Answers::Fragment() const {
  Answer answer;
  answer.content_type = kHtmlType;
  answer.body = RenderFragment(Facts());
  return answer;
}

Answer Answers::Json() const {
  Answer answer;
  answer.content_type = kJsonType;
  answer.body = StatusJson(Facts());
  return answer;
}

Answer Answers::Vars() const {
  Answer answer;
  answer.content_type = kJsonType;
  answer.body = VarsJson(Facts());
  return answer;
}

std::string Serialized(const Answer& answer, bool with_body) {
  std::string text = absl::StrCat("HTTP/1.1 ", answer.status, " ", StatusText(answer.status),
                                  "\r\nContent-Type: ", answer.content_type,
                                  "\r\nContent-Length: ", answer.body.size(),
                                  "\r\nConnection: close\r\nCache-Control: no-store"
                                  "\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY"
                                  "\r\nReferrer-Policy: no-referrer"
                                  "\r\nCross-Origin-Resource-Policy: same-origin\r\n");
  bool has_policy = false;
  for (const auto& [name, value] : answer.headers) {
    has_policy = has_policy || name == "Content-Security-Policy";
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (!has_policy) absl::StrAppend(&text, "Content-Security-Policy: ", kNothingPolicy, "\r\n");
  absl::StrAppend(&text, "\r\n");
  if (with_body) absl::StrAppend(&text, answer.body);
  return text;
}

}  // namespace graft::http
