// The status page. A browser loads RenderPage() once; its script then asks for RenderFragment()
// and puts that in place of what it has. Without a script the page is the state as of loading.
// Pure functions.
#ifndef GRAFT_HTTP_PAGE_H_
#define GRAFT_HTTP_PAGE_H_

#include <string>

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

}  // namespace graft::http

#endif  // GRAFT_HTTP_PAGE_H_
