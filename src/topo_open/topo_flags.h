// The --topo-* flags of every program, Vitess's names, for CLI11.
#ifndef GRAFT_TOPO_OPEN_TOPO_FLAGS_H_
#define GRAFT_TOPO_OPEN_TOPO_FLAGS_H_

#include <CLI/CLI.hpp>

#include "topo_open/topo_open.h"

namespace graft {

// `options` must outlive `app`'s parsing. A flag wins over its environment variable.
inline void AddTopoFlags(CLI::App& app, TopoOptions& options) {
  const char* group = "Topology";
  app.add_option("--topo-implementation", options.implementation,
                 "etcd2, or folder: one machine, no server")
      ->type_name("etcd2|folder")
      ->envname("GRAFT_TOPO_IMPLEMENTATION")
      ->capture_default_str()
      ->group(group);
  app.add_option("--topo-global-server-address", options.global_server_address,
                 "etcd2: host:port, several with commas; folder: its path")
      ->type_name("ADDRESS")
      ->envname("GRAFT_TOPO_GLOBAL_SERVER_ADDRESS")
      ->group(group);
  app.add_option("--topo-global-root", options.global_root, "where the global records begin")
      ->type_name("PATH")
      ->envname("GRAFT_TOPO_GLOBAL_ROOT")
      ->capture_default_str()
      ->group(group);
  app.add_option("--topo-etcd-tls-cert", options.etcd_tls_cert, "client certificate, PEM")
      ->type_name("FILE")
      ->envname("GRAFT_TOPO_ETCD_TLS_CERT")
      ->group(group);
  app.add_option("--topo-etcd-tls-key", options.etcd_tls_key, "its key, PEM")
      ->type_name("FILE")
      ->envname("GRAFT_TOPO_ETCD_TLS_KEY")
      ->group(group);
  app.add_option("--topo-etcd-tls-ca", options.etcd_tls_ca,
                 "who signed etcd's certificate, PEM; without it the system's")
      ->type_name("FILE")
      ->envname("GRAFT_TOPO_ETCD_TLS_CA")
      ->group(group);
}

}  // namespace graft

#endif  // GRAFT_TOPO_OPEN_TOPO_FLAGS_H_
