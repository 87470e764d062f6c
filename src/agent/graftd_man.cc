#include "agent/graftd_man.h"

namespace graft {

const char kGraftdExitCodes[] =
    "Exit status:\n"
    "  0  stopped by SIGTERM or SIGINT\n"
    "  1  it could not start; its log says why\n"
    "  2  usage error, or options that do not fit together\n";

ManPageText GraftdManText() {
  ManPageText text;
  text.program = "graftd";
  text.section = 8;
  text.summary = "agent that rebuilds a MySQL replica from a healthy one";
  text.description = {
      "graftd runs beside one mysqld. It registers that server's tablet in the topology store that "
      "Vitess uses, finds a donor there, drives MySQL's CLONE on the local mysqld, waits for the "
      "restart, proves that what came back is the donor's data, points replication at the donor, "
      "and says all along how far it is.",
      "An operation is started by graftctl reprovision, by --restore-with-clone when this tablet "
      "holds no data, or by --reprovision-on-replication-error. Everything that can be known "
      "beforehand is checked before anything is dropped. An agent that dies in the middle goes on "
      "where it was when it is started again.",
      "Names and defaults are vttablet's wherever it has the flag. Durations are written as Go "
      "writes them: 5m, 1h30m. A flag wins over --config-file, and that over the environment. The "
      "log goes to standard error.",
      "The API has no access control and no TLS: bind it to an address that only operators reach."};
  text.environment = {
      {"VTDATAROOT", "Where the tablets' directories are. Default: /vt/vtdataroot."}};
  text.files = {
      {"$VTDATAROOT/vt_<uid>/mysql.sock",
       "The local mysqld's socket, unless --db-socket or "
       "--db-host says otherwise."},
      {"$VTDATAROOT/vt_<uid>/graft/journal/",
       "The newest 50 operations, one file each, unless --state-dir says otherwise. It holds no "
       "secret. Without it an interrupted operation cannot go on."}};
  text.examples = {
      {"A replica that provisions itself from the best tablet of its shard:",
       "graftd --tablet-path zone1-101 --init-keyspace shop --init-shard 0 \\\n"
       "  --topo-implementation etcd2 --topo-global-server-address etcd1:2379,etcd2:2379 \\\n"
       "  --db-credentials-file /etc/graft/credentials.json \\\n"
       "  --restore-with-clone --clone-from-any"},
      {"The same from a file, with the log as JSON:",
       "graftd --config-file /etc/graft/graftd.ini --log-format json"}};
  text.see_also = {"graftctl(1)", "graft-mysqld(8)", "mysqld(8)"};
  return text;
}

}  // namespace graft
