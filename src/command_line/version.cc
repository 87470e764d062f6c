#include "command_line/version.h"

namespace graft {

const char kVersion[] = GRAFT_VERSION;

}  // namespace graft
