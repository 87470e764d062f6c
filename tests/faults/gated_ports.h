// Ports of one process of an agent, each behind a gate: it may answer in the port's stead, and
// looks at what the call has done. The ports themselves live on when the process dies.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "graft/key_value_store.h"
#include "graft/mysql_server.h"
#include "graft/server_host.h"
#include "graft/tablet_state.h"

namespace graft {

class Gate {
 public:
  virtual ~Gate() = default;
  // Before each call, "recipient.Describe": what is not OK is its answer, and nothing is done.
  virtual absl::Status Enter(const std::string& call) = 0;
  // After each call that was let in: what is not OK is its answer, though all is done.
  virtual absl::Status Leave(const std::string& call) = 0;
};

// The arguments of each must outlive it.
std::unique_ptr<MysqlServer> MakeGatedServer(Gate& gate, std::string name, MysqlServer& server);
std::unique_ptr<KeyValueStore> MakeGatedStore(Gate& gate, KeyValueStore& store);
std::unique_ptr<Journal> MakeGatedJournal(Gate& gate, Journal& journal);
std::unique_ptr<ServerHost> MakeGatedHost(Gate& gate, ServerHost& host);

}  // namespace graft
