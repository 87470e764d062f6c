// What the status page shows, for programs. Pure functions.
#ifndef GRAFT_HTTP_STATUS_JSON_H_
#define GRAFT_HTTP_STATUS_JSON_H_

#include <string>
#include <vector>

#include "http/status_facts.h"

namespace graft::http {

// Every reason why the tablet is not ready; empty: it is ready.
std::vector<std::string> WhyNotReady(const StatusFacts& facts);

// All of it. "tablet", "operations" and "preflight" are the API's messages (proto/graft/v1) in
// protobuf's JSON, so whoever reads the API reads this.
std::string StatusJson(const StatusFacts& facts);

// One flat object as Go's expvar makes it, with vttablet's names where they mean the same.
std::string VarsJson(const StatusFacts& facts);

}  // namespace graft::http

#endif  // GRAFT_HTTP_STATUS_JSON_H_
