#include "provision/donor/peers.h"

#include <iterator>

namespace graft {
namespace {

constexpr absl::Duration kFresh = absl::Seconds(5);

}  // namespace

std::shared_ptr<MysqlServer> KeptPeers::Open(const HostPort& address) {
  DropOld();
  Peer& peer = kept_[address.ToString()];
  // A connection in use belongs to an abandoned question.
  if (peer.server.use_count() != 1) peer = {clock_.Now(), open_(address)};
  return peer.server;
}

void KeptPeers::DropOld() {
  const absl::Time now = clock_.Now();
  for (auto it = kept_.begin(); it != kept_.end();) {
    const bool fresh = now >= it->second.opened && now - it->second.opened < kFresh;
    it = fresh ? std::next(it) : kept_.erase(it);
  }
}

}  // namespace graft
