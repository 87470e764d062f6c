#include "command_line/version.h"

namespace graft {

const char kVersion[] = GRAFT_VERSION;
const char kReleaseDate[] = GRAFT_RELEASE_DATE;

}  // namespace graft
