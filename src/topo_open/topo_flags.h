// The --topo-* flags of every program, Vitess's names, for CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "topo_open/topo_open.h"

namespace graft {

// `options` must outlive `app`'s parsing. A flag wins over its environment variable.
inline void AddTopoFlags(CLI::App& app, TopoOptions& options) {
  const auto add = [&app](const std::string& name, std::string& target, const char* kind,
                          const char* text) {
    const std::string variable = absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}}));
    app.add_option("--topo-" + name, target, text)
        ->type_name(kind)
        ->envname("GRAFT_TOPO_" + variable)
        ->capture_default_str()
        ->group("Topology");
  };
  add("implementation", options.implementation, "etcd2|folder",
      "etcd2, or folder: one machine, no server");
  add("global-server-address", options.global_server_address, "ADDRESS",
      "etcd2: host:port, several with commas; folder: its path");
  add("global-root", options.global_root, "PATH", "where the global records begin");
  add("etcd-tls-cert", options.etcd.tls_cert_file, "FILE", "client certificate, PEM");
  add("etcd-tls-key", options.etcd.tls_key_file, "FILE", "its key, PEM");
  add("etcd-tls-ca", options.etcd.tls_ca_file, "FILE",
      "who signed etcd's certificate, PEM; without it the system's");
}

}  // namespace graft
