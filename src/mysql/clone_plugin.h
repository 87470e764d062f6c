// Installing the clone plugin while a server runs.
#ifndef GRAFT_MYSQL_CLONE_PLUGIN_H_
#define GRAFT_MYSQL_CLONE_PLUGIN_H_

#include "absl/status/status.h"
#include "mysql/server_survey.h"

namespace graft {

// As MysqlServer::InstallClonePlugin. INSTALL PLUGIN writes to mysql.plugin, which super_read_only
// forbids (1290). So this function turns super_read_only off before the statement and on after it,
// also if the statement fails; read_only does not change. Writes nothing to the binary log.
// FAILED_PRECONDITION with the reason CLONE_PLUGIN_MISSING: the server has no mysql_clone.so, or
// was started with clone=OFF.
absl::Status InstallClonePluginBy(const WithSession& with_session);

}  // namespace graft

#endif  // GRAFT_MYSQL_CLONE_PLUGIN_H_
