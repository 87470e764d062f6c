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

AskAll AskInOrder(Clock& clock) {
  return [&clock](const std::vector<std::function<void()>>& questions,
                  const std::shared_ptr<Cancellation>& cancellation, absl::Duration patience,
                  const std::function<void()>& meanwhile) {
    meanwhile();
    const absl::Time deadline = clock.Now() + patience;
    for (const std::function<void()>& question : questions) {
      if (cancellation->cancelled()) return absl::CancelledError("cancelled");
      if (clock.Now() >= deadline) break;
      question();
    }
    return absl::OkStatus();
  };
}

}  // namespace graft
