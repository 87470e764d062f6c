// Answers: what is answered to which path, without any socket. Safe for use from several threads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "http/http_server.h"
#include "http/status_facts.h"

namespace graft::http {

inline constexpr char kPlain[] = "text/plain; charset=utf-8";
inline constexpr char kNothingPolicy[] = "default-src 'none'; frame-ancestors 'none'";

struct Answer {
  int status = 200;
  std::string body = {};
  std::string content_type = kPlain;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string policy = kNothingPolicy;
};

using Answerer = std::function<Answer(absl::string_view method, absl::string_view path)>;

class Answers {
 public:
  explicit Answers(HttpSources sources)
      : sources_(std::move(sources)), started_(sources_.clock.Now()) {}

  // With all of its headers. `path` without its query; `method` as sent.
  Answer To(absl::string_view method, absl::string_view path) const;

 private:
  Answer Bare(absl::string_view method, absl::string_view path) const;

  const HttpSources sources_;
  const absl::Time started_;
};

// The status page, and the same for programs. A browser loads RenderPage() once; its script then
// asks for RenderFragment() and puts that in place of what it has. Without a script the page is the
// state as of loading. Pure functions.

// `nonce` is what lets the page's own style and script run, and nothing else: fresh for each
// answer, and named in its Content-Security-Policy.
std::string RenderPage(const StatusFacts& facts, absl::string_view nonce);

// <main> with all of the state.
std::string RenderFragment(const StatusFacts& facts);

// The policy that goes with RenderPage(facts, nonce): no other host, no form, no frame.
std::string PagePolicy(absl::string_view nonce);

// The page's style and script: src/http/assets/, put into the program when it is built.
absl::string_view StatusCss();
absl::string_view StatusJs();
absl::string_view FaviconSvg();

// Every reason why the tablet is not ready; empty: it is ready.
std::vector<std::string> WhyNotReady(const StatusFacts& facts);

// All that the page shows. "tablet", "operations" and "preflight" are the API's messages
// (proto/graft/v1) in protobuf's JSON, so whoever reads the API reads this.
std::string StatusJson(const StatusFacts& facts);

// One flat object as Go's expvar makes it, with vttablet's names where they mean the same.
std::string VarsJson(const StatusFacts& facts);

}  // namespace graft::http
