// Which graft this is, as the build says.
#ifndef GRAFT_COMMAND_LINE_VERSION_H_
#define GRAFT_COMMAND_LINE_VERSION_H_

namespace graft {

extern const char kVersion[];  // "0.1.0"

}  // namespace graft

#endif  // GRAFT_COMMAND_LINE_VERSION_H_
