#include "cli/graftctl_man.h"

namespace graft::cli {

ManPageText GraftctlManText() {
  ManPageText text;
  text.program = "graftctl";
  text.section = 1;
  text.summary = "rebuilds MySQL replicas through their graft agents";
  text.description = {
      "graftctl asks the agent beside a tablet's mysqld, graftd, to rebuild that tablet from a "
      "healthy one, shows how far it is, and looks at the shard and its history. It finds the "
      "agent in the topology, or is told with --server.",
      "ALIAS is a tablet's name, <cell>-<uid>, e.g. zone1-101. A command without OPERATION_ID "
      "means "
      "the newest operation. The options of graftctl itself may stand before or behind the "
      "command. Durations are written as Go writes them: 5m, 1h30m."};
  text.examples = {{"What would be checked, without touching anything:",
                    "graftctl preflight zone1-101 --from-any"},
                   {"Rebuild a broken replica from the best tablet of its shard, and look on:",
                    "graftctl reprovision zone1-101 --from-any --watch"},
                   {"The same id again is the same operation, so that a script may ask twice:",
                    "graftctl reprovision zone1-101 --from-primary --id ticket-4711"},
                   {"A tablet that was left fenced, and whose data you have restored by hand:",
                    "graftctl release zone1-101 --data-is-good --note 'restored from the dump'"},
                   {"In a Vitess cluster:",
                    "export GRAFT_TOPO_IMPLEMENTATION=etcd2\n"
                    "export GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=etcd1:2379,etcd2:2379\n"
                    "graftctl tablets --keyspace shop"},
                   {"Completion in this shell:", "source <(graftctl completion bash)"}};
  text.see_also = {"graftd(8)", "graft-mysqld(8)"};
  return text;
}

}  // namespace graft::cli
