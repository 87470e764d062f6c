// Preflight: the table of things to be known before anything is dropped. Pure: it judges facts that
// were read beforehand, finds everything at once, and touches nothing.
#ifndef GRAFT_PROVISION_PREFLIGHT_H_
#define GRAFT_PROVISION_PREFLIGHT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "graft/mysql_server.h"

namespace graft {

struct PreflightFacts {
  ServerFacts recipient;
  std::vector<ReplicationChannel> recipient_channels;
  ServerFacts donor;
};

struct Finding {
  std::string check;  // "donor_plugin": a word of the table, stable
  std::string text;   // what is wrong and what to do
};

// Every finding; none means that CLONE may be tried.
std::vector<Finding> Preflight(const PreflightFacts& facts);

// OK if there are none; else FAILED_PRECONDITION with all texts, the first check as its reason.
absl::Status FindingsToStatus(const std::vector<Finding>& findings);

}  // namespace graft

#endif  // GRAFT_PROVISION_PREFLIGHT_H_
