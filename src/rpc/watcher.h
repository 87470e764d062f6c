// Watchers: the open WatchOperation streams of a server.
//
// One feed makes an operation's states into bytes once, for all its watchers. A thread offers the
// states to the streams when a state has changed or a stream's interval is over. So a thousand
// watchers cost the operation no more than one, and a slow watcher delays nobody. Safe for use from
// several threads; the server must end first.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "graft/clock.h"
#include "graft/provisioning.h"
#include "rpc/messages.h"

namespace graft {

class WatchFeed;
class Watcher;

class Watchers {
 public:
  Watchers(Provisioning& provisioning, Clock& clock);
  ~Watchers();

  // A reactor that lives until gRPC is done with it. `context` is the call's, `request` a
  // v1::WatchOperationRequest.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(const grpc::ByteBuffer& request,
                                                    grpc::CallbackServerContext& context);

  // Ends every stream with UNAVAILABLE, those still to come included.
  void EndAll();

 private:
  absl::Status Follow(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
                      Watcher& watcher);
  absl::StatusOr<std::shared_ptr<WatchFeed>> FeedOf(const std::string& id);
  void Serve();

  Provisioning& provisioning_;
  Clock& clock_;
  const std::shared_ptr<OpenCalls<Watcher>> open_;
  const std::shared_ptr<Cancellation> wait_;  // of Serve(); watchers wake it
  absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<WatchFeed>> feeds_ ABSL_GUARDED_BY(mutex_);  // by id
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace graft
