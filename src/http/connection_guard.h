// ConnectionGuard: keeps the workers of a server free of connections that do not speak.
//
// civetweb gives each connection a worker and lets it wait for the request there, so that as many
// silent connections as there are workers would shut out everybody: a browser that opens some in
// advance is enough. Two things prevent it. The kernel does not hand a connection over before its
// first bytes have come (TCP_DEFER_ACCEPT; after a while it does all the same). And while all
// workers are taken, connections that are not being answered, and that have sent nothing new at two
// looks, are cut.
//
// civetweb shows no socket of its own, so they are found among the process's descriptors by the
// port they belong to; each is held by a duplicate while it is looked at, since its number may be
// another's a moment later. Safe for use from several threads. The owner gives it a thread by
// calling Serve() on one.
#ifndef GRAFT_HTTP_CONNECTION_GUARD_H_
#define GRAFT_HTTP_CONNECTION_GUARD_H_

#include <sys/types.h>

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"
#include "graft/clock.h"

namespace graft::http {

class ConnectionGuard {
 public:
  // `clock` must outlive it.
  ConnectionGuard(Clock& clock, int workers) : clock_(clock), workers_(workers) {}

  // Once the server listens on `port`.
  void Watch(int port);

  // Works until CutAll().
  void Serve();

  // A worker has taken a connection, and is rid of it.
  void OnTaken();
  void OnLeft();

  // Between the two the connection with this port at the client's side is not cut.
  void BeginAnswer(int peer_port);
  void EndAnswer(int peer_port);

  // Ends listening and cuts every connection.
  void CutAll();

 private:
  bool IsFull();
  // Cuts those that were silent at the last look too; returns the others that are silent now.
  std::set<ino_t> CutSilent(const std::set<ino_t>& silent_before);

  Clock& clock_;
  const int workers_;
  Cancellation stop_;
  absl::Mutex mutex_;
  int port_ ABSL_GUARDED_BY(mutex_) = 0;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<int> answering_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft::http

#endif  // GRAFT_HTTP_CONNECTION_GUARD_H_
