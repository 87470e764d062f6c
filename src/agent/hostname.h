// The name under which other machines reach this one.
#ifndef GRAFT_AGENT_HOSTNAME_H_
#define GRAFT_AGENT_HOSTNAME_H_

#include <string>

namespace graft {

// The resolver's canonical name of gethostname(), or that itself where it has none.
std::string FullyQualifiedHostname();

}  // namespace graft

#endif  // GRAFT_AGENT_HOSTNAME_H_
