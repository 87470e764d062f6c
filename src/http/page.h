// The status page, and the same for programs. A browser loads RenderPage() once; its script then
// asks for RenderFragment() and puts that in place of what it has. Without a script the page is the
// state as of loading. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "http/status_facts.h"

namespace graft::http {

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
