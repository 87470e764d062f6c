// Installing the clone plugin while a server runs.
#ifndef GRAFT_MYSQL_CLONE_PLUGIN_H_
#define GRAFT_MYSQL_CLONE_PLUGIN_H_

#include "absl/status/status.h"
#include "mysql/server_survey.h"

namespace graft {

// As MysqlServer::InstallClonePlugin. INSTALL PLUGIN writes to mysql.plugin, which super_read_only
// refuses (1290): that is off meanwhile, and on again whatever becomes of the statement; read_only
// stays as it is throughout. Leaves nothing in the binary log. FAILED_PRECONDITION with the reason
// CLONE_PLUGIN_MISSING: the server has no mysql_clone.so, or was told not to activate it.
absl::Status InstallClonePluginBy(const WithSession& with_session);

}  // namespace graft

#endif  // GRAFT_MYSQL_CLONE_PLUGIN_H_
