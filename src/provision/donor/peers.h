// Peers: how the servers of other tablets are asked, one or many at the same time, without waiting
// for those that do not answer.
#pragma once

#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/tablet.h"

namespace graft {

// A connection to another tablet's server. Never blocks.
using OpenPeer = std::function<std::shared_ptr<MysqlServer>(const HostPort&)>;

// Opens peers. It reuses a connection that is younger than five seconds and not in use: with TLS, a
// new connection costs as much as ten questions. So the identity of the server at an address may be
// five seconds old. For one thread; `clock` must outlive it.
class KeptPeers {
 public:
  KeptPeers(Clock& clock, OpenPeer open) : clock_(clock), open_(std::move(open)) {}

  std::shared_ptr<MysqlServer> Open(const HostPort& address) {
    DropOld();
    Peer& peer = kept_[address.ToString()];
    // A connection in use belongs to an abandoned question.
    if (peer.server.use_count() != 1) peer = {clock_.Now(), open_(address)};
    return peer.server;
  }
  // Closes connections that are too old to be reused: a session holds up its server's shutdown.
  void DropOld() {
    const absl::Time now = clock_.Now();
    for (auto it = kept_.begin(); it != kept_.end();) {
      const bool fresh = now >= it->second.opened && now - it->second.opened < absl::Seconds(5);
      it = fresh ? std::next(it) : kept_.erase(it);
    }
  }

 private:
  struct Peer {
    absl::Time opened;
    std::shared_ptr<MysqlServer> server;
  };

  Clock& clock_;
  const OpenPeer open_;
  std::map<std::string, Peer> kept_;  // by address
};

// Runs all `questions` and, on the calling thread, `meanwhile`; returns when all have ended or
// `patience` is over. CANCELLED: `cancellation` was cancelled. A question may still run after the
// return, so it must own all it uses.
using AskAll = std::function<absl::Status(
    std::vector<std::function<void()>> questions, const std::shared_ptr<Cancellation>& cancellation,
    absl::Duration patience, const std::function<void()>& meanwhile)>;

struct Peers {
  OpenPeer open;
  AskAll ask_all;
  std::shared_ptr<Cancellation> cancellation;  // ends the asking
};

// The answers of `servers`, in that order; DEADLINE_EXCEEDED: this server did not
// answer in time. `ask` must own all it uses. CANCELLED.
template <typename T>
absl::StatusOr<std::vector<absl::StatusOr<T>>> AskServers(
    const Peers& peers, const std::vector<std::shared_ptr<MysqlServer>>& servers,
    const std::function<absl::StatusOr<T>(MysqlServer&)>& ask, absl::Duration patience,
    const std::function<void()>& meanwhile = [] {}) {
  struct Answers {
    absl::Mutex mutex;
    std::vector<absl::StatusOr<T>> all ABSL_GUARDED_BY(mutex);
  };
  const auto answers = std::make_shared<Answers>();
  {
    absl::MutexLock lock(&answers->mutex);
    answers->all.assign(servers.size(), absl::DeadlineExceededError("did not answer in time"));
  }
  std::vector<std::function<void()>> questions;
  for (size_t i = 0; i < servers.size(); ++i) {
    questions.push_back([answers, i, ask, server = servers[i]] {
      absl::StatusOr<T> answer = ask(*server);
      absl::MutexLock lock(&answers->mutex);
      answers->all[i] = std::move(answer);
    });
  }
  GRAFT_RETURN_IF_ERROR(
      peers.ask_all(std::move(questions), peers.cancellation, patience, meanwhile));
  absl::MutexLock lock(&answers->mutex);
  return answers->all;
}

// Asks one server in the same way, without a time limit.
template <typename T>
absl::StatusOr<T> AskServer(const Peers& peers, const HostPort& address,
                            const std::function<absl::StatusOr<T>(MysqlServer&)>& ask) {
  GRAFT_ASSIGN_OR_RETURN(
      auto answers, AskServers<T>(peers, {peers.open(address)}, ask, absl::InfiniteDuration()));
  return std::move(answers.front());
}

}  // namespace graft
