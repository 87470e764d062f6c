#include "rpc/watchers.h"

#include <grpcpp/grpcpp.h>

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "rpc/grpc_status.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {

class Watchers::Watcher : public grpc::ServerWriteReactor<v1::Operation> {
 public:
  Watcher(std::shared_ptr<OpenCalls<Watcher>> open, grpc::CallbackServerContext& context)
      : open_(std::move(open)), context_(context) {}

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
    open_->Remove(this);
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

  const std::shared_ptr<OpenCalls<Watcher>> open_;
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
    : provisioning_(provisioning), open_(std::make_shared<OpenCalls<Watcher>>()) {}

Watchers::~Watchers() = default;

grpc::ServerWriteReactor<v1::Operation>* Watchers::Start(const std::string& id,
                                                         grpc::CallbackServerContext& context) {
  const auto watcher = std::make_shared<Watcher>(open_, context);
  if (!open_->Add(watcher)) {
    watcher->End(Stopping());
  } else if (absl::Status checked = CheckOperationId(id); !checked.ok()) {
    watcher->End(std::move(checked));
  } else {
    watcher->Begin(provisioning_, id);
  }
  return watcher.get();
}

void Watchers::EndAll() {
  for (const auto& watcher : open_->Close()) watcher->End(Stopping());
}

}  // namespace graft
