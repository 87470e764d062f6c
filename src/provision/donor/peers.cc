#include "provision/donor/peers.h"

#include <map>
#include <string>

namespace graft {
namespace {

constexpr absl::Duration kFresh = absl::Seconds(5);

struct KeptPeer {
  absl::Time opened;
  std::shared_ptr<MysqlServer> server;
};

}  // namespace

OpenPeer KeepPeers(Clock& clock, OpenPeer open) {
  const auto kept = std::make_shared<std::map<std::string, KeptPeer>>();
  return [&clock, open = std::move(open), kept](const HostPort& address) {
    const absl::Time now = clock.Now();
    KeptPeer& peer = (*kept)[address.ToString()];
    // One in use belongs to a question that nobody waits for any more.
    if (peer.server.use_count() != 1 || now < peer.opened || now - peer.opened >= kFresh) {
      peer = {now, open(address)};
    }
    return peer.server;
  };
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
