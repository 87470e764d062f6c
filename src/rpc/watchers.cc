#include "rpc/watchers.h"

#include <grpcpp/grpcpp.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "rpc/grpc_status.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {

// Keeps watchers alive until gRPC is done with them.
class Watchers::Registry {
 public:
  // False: closed; the watcher is kept all the same, but has to end.
  bool Add(std::shared_ptr<Watcher> watcher) {
    absl::MutexLock lock(&mutex_);
    watchers_.push_back(std::move(watcher));
    return !closed_;
  }

  void Remove(const Watcher* watcher) {
    std::shared_ptr<Watcher> removed;  // dies after the lock is gone
    absl::MutexLock lock(&mutex_);
    for (auto& candidate : watchers_) {
      if (candidate.get() != watcher) continue;
      removed = std::move(candidate);
      candidate = std::move(watchers_.back());
      watchers_.pop_back();
      return;
    }
  }

  std::vector<std::shared_ptr<Watcher>> Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    return watchers_;
  }

 private:
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

class Watchers::Watcher : public grpc::ServerWriteReactor<v1::Operation> {
 public:
  Watcher(std::shared_ptr<Registry> registry, grpc::CallbackServerContext& context)
      : registry_(std::move(registry)), context_(context) {}

  // Called by the RPC's handler: until that returns, gRPC holds back all that is sent, and
  // OnDone().
  void Begin(Provisioning& provisioning, const std::string& id) {
    auto subscription =
        provisioning.Subscribe(id, [this](const Operation& operation) { Update(operation); });
    {
      absl::MutexLock lock(&mutex_);
      if (subscription.ok()) {
        subscription_ = *std::move(subscription);
      } else if (!end_.has_value()) {
        end_ = subscription.status();
      }
    }
    Next();
  }

  // What is pending is sent before. The first end counts.
  void End(absl::Status status) {
    {
      absl::MutexLock lock(&mutex_);
      if (!end_.has_value()) end_ = std::move(status);
    }
    Next();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) latest_.reset();
    }
    if (ok) {
      Next();
    } else {
      End(absl::CancelledError("the watcher has gone"));
    }
  }

  void OnCancel() override { End(absl::CancelledError("the watcher has gone")); }

  void OnDone() override {
    std::unique_ptr<Subscription> subscription;
    {
      absl::MutexLock lock(&mutex_);
      subscription = std::move(subscription_);
    }
    subscription.reset();  // waits for a running Update()
    registry_->Remove(this);
  }

 private:
  void Update(const Operation& operation) {
    {
      absl::MutexLock lock(&mutex_);
      latest_ = operation;
    }
    Next();
  }

  // Sends what is to be sent next, unless a message is on its way.
  void Next() {
    std::optional<absl::Status> finish;
    {
      absl::MutexLock lock(&mutex_);
      if (writing_ || finished_) return;
      if (latest_.has_value()) {
        message_ = ToProto(*latest_);
        if (latest_->outcome != Outcome::kRunning && !end_.has_value()) end_ = absl::OkStatus();
        latest_.reset();
        writing_ = true;
      } else if (end_.has_value()) {
        finished_ = true;
        finish = end_;
      } else {
        return;
      }
    }
    // Only one thread gets here until OnWriteDone() or OnDone(), so message_ stands still.
    if (finish.has_value()) {
      Finish(ToGrpc(*finish, context_));
    } else {
      StartWrite(&message_);
    }
  }

  const std::shared_ptr<Registry> registry_;
  grpc::CallbackServerContext& context_;
  v1::Operation message_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Operation> latest_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Subscription> subscription_ ABSL_GUARDED_BY(mutex_);
};

namespace {
absl::Status Stopping() {
  return WithReason(
      absl::UnavailableError("the agent is stopping; the operation is journalled, watch it again "
                             "when the agent is back"),
      "AGENT_STOPPING");
}
}  // namespace

Watchers::Watchers(Provisioning& provisioning)
    : provisioning_(provisioning), registry_(std::make_shared<Registry>()) {}

Watchers::~Watchers() = default;

grpc::ServerWriteReactor<v1::Operation>* Watchers::Start(const std::string& id,
                                                         grpc::CallbackServerContext& context) {
  const auto watcher = std::make_shared<Watcher>(registry_, context);
  if (!registry_->Add(watcher)) {
    watcher->End(Stopping());
  } else if (absl::Status checked = CheckOperationId(id); !checked.ok()) {
    watcher->End(std::move(checked));
  } else {
    watcher->Begin(provisioning_, id);
  }
  return watcher.get();
}

void Watchers::EndAll() {
  for (const auto& watcher : registry_->Close()) watcher->End(Stopping());
}

}  // namespace graft
