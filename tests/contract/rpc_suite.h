// The parts that the tests of the API share: a server on a free port, a client, and a Provisioning
// that the test controls.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/clocks.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "rpc/provisioner_server.h"
#include "unit/full_operation.h"
#include "wire/metadata.h"
#include "wire/time_proto.h"

namespace graft {

inline constexpr absl::Duration kPatience = absl::Seconds(20);

// Answers what it is told to and remembers what it was asked.
class ScriptedProvisioning : public Provisioning {
 public:
  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) override {
    absl::MutexLock lock(&mutex_);
    last_call_ = call;
    return answer_;
  }
  absl::StatusOr<Operation> Release(const ReleaseCall& call) override {
    absl::MutexLock lock(&mutex_);
    last_release_ = call;
    return answer_;
  }
  absl::StatusOr<Operation> Get(absl::string_view id) override { return Answer(id); }
  std::vector<Operation> List() override { return {FullOperation(), FullOperation()}; }
  absl::StatusOr<Operation> Cancel(absl::string_view id, CancelWish wish) override {
    absl::MutexLock lock(&mutex_);
    last_id_ = std::string(id);
    last_wish_ = wish;
    return answer_;
  }
  absl::StatusOr<Operation> Throttle(absl::string_view id, const CloneSettings& settings) override {
    absl::MutexLock lock(&mutex_);
    last_id_ = std::string(id);
    last_settings_ = settings;
    return answer_;
  }
  void Preflight(const ReprovisionCall& call, PreflightDone on_done) override {
    absl::MutexLock lock(&mutex_);
    last_call_ = call;
    preflights_.push_back(std::move(on_done));
  }
  TabletSnapshot Tablet() override { return snapshot; }

  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      absl::string_view id, std::function<void(const Operation&)> on_change) override {
    const absl::StatusOr<Operation> present = Answer(id);
    if (!present.ok()) return present.status();
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->call = std::move(on_change);
    subscriber->Call(*present);
    absl::MutexLock lock(&mutex_);
    subscribers_.push_back(subscriber);
    return std::make_unique<Handle>(*this, std::move(subscriber));
  }

  void SetAnswer(absl::StatusOr<Operation> answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  ReprovisionCall last_call() const {
    absl::MutexLock lock(&mutex_);
    return last_call_;
  }
  ReleaseCall last_release() const {
    absl::MutexLock lock(&mutex_);
    return last_release_;
  }
  std::string last_id() const {
    absl::MutexLock lock(&mutex_);
    return last_id_;
  }

  CancelWish last_wish() const {
    absl::MutexLock lock(&mutex_);
    return last_wish_;
  }
  CloneSettings last_settings() const {
    absl::MutexLock lock(&mutex_);
    return last_settings_;
  }

  // The preflights that were begun since the last call of it, once there are `count`; fewer when
  // that takes too long.
  std::vector<PreflightDone> AwaitPreflights(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return preflights_.size() >= count;
    };
    mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience);
    return std::exchange(preflights_, {});
  }

  void Publish(const Operation& operation) {
    std::vector<std::shared_ptr<Subscriber>> subscribers;
    {
      absl::MutexLock lock(&mutex_);
      subscribers = subscribers_;
    }
    for (const auto& subscriber : subscribers) subscriber->Call(operation);
  }

  bool AwaitSubscribers(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return subscribers_.size() == count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience);
  }

  TabletSnapshot snapshot;

 private:
  struct Subscriber {
    absl::Mutex mutex;
    bool ended ABSL_GUARDED_BY(mutex) = false;
    std::function<void(const Operation&)> call;
    void Call(const Operation& operation) {
      absl::MutexLock lock(&mutex);
      if (!ended) call(operation);
    }
  };

  class Handle : public Subscription {
   public:
    Handle(ScriptedProvisioning& owner, std::shared_ptr<Subscriber> subscriber)
        : owner_(owner), subscriber_(std::move(subscriber)) {}
    ~Handle() override {
      {
        absl::MutexLock lock(&subscriber_->mutex);
        subscriber_->ended = true;
      }
      absl::MutexLock lock(&owner_.mutex_);
      auto& all = owner_.subscribers_;
      all.erase(std::remove(all.begin(), all.end(), subscriber_), all.end());
    }

   private:
    ScriptedProvisioning& owner_;
    const std::shared_ptr<Subscriber> subscriber_;
  };

  absl::StatusOr<Operation> Answer(absl::string_view id) {
    absl::MutexLock lock(&mutex_);
    last_id_ = std::string(id);
    return answer_;
  }

  mutable absl::Mutex mutex_;
  absl::StatusOr<Operation> answer_ ABSL_GUARDED_BY(mutex_) = FullOperation();
  ReprovisionCall last_call_ ABSL_GUARDED_BY(mutex_);
  ReleaseCall last_release_ ABSL_GUARDED_BY(mutex_);
  std::string last_id_ ABSL_GUARDED_BY(mutex_);
  CancelWish last_wish_ ABSL_GUARDED_BY(mutex_) = CancelWish::kIfNothingDropped;
  CloneSettings last_settings_ ABSL_GUARDED_BY(mutex_);
  std::vector<PreflightDone> preflights_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Subscriber>> subscribers_ ABSL_GUARDED_BY(mutex_);
};

// A client's call: with a deadline, so that no fault can hang the test.
struct Call {
  Call() {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  }
  std::string Reason() const {
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto it = trailers.find(kReasonMetadata);
    return it == trailers.end() ? "" : std::string(it->second.data(), it->second.size());
  }
  grpc::ClientContext* get() { return &context; }
  grpc::ClientContext context;
};

class RpcServerTest : public ::testing::Test {
 protected:
  RpcServerTest() {
    auto made = MakeRpcServer(provisioning_, *clock_, {"127.0.0.1", 0});
    EXPECT_TRUE(made.ok()) << made.status();
    server_ = *std::move(made);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::Provisioner::NewStub(channel_);
  }

  static v1::WatchOperationRequest WatchEvery(absl::Duration min_interval) {
    v1::WatchOperationRequest request;
    *request.mutable_min_interval() = ToDuration(min_interval);
    return request;
  }

  grpc::Status Reprovision(const v1::ReprovisionRequest& request) {
    Call call;
    v1::Operation answer;
    return stub_->Reprovision(&call.context, request, &answer);
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  ScriptedProvisioning provisioning_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Provisioner::Stub> stub_;
};

}  // namespace graft
