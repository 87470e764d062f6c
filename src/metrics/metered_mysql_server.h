// Times and counts the calls of a MysqlServer, and changes nothing else.
#ifndef GRAFT_METRICS_METERED_MYSQL_SERVER_H_
#define GRAFT_METRICS_METERED_MYSQL_SERVER_H_

#include <memory>

#include "graft/mysql_server.h"
#include "metrics/call_meter.h"

namespace graft {

// StartClone counts until the statement is on its way; how long CLONE takes is its step's to say.
// `meter` must outlive the result.
std::unique_ptr<MysqlServer> MakeMeteredMysqlServer(std::unique_ptr<MysqlServer> server,
                                                    CallMeter& meter);

}  // namespace graft

#endif  // GRAFT_METRICS_METERED_MYSQL_SERVER_H_
