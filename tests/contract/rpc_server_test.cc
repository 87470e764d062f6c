// The API over a real socket, with a Provisioning the test holds in its hand.
#include "rpc/provisioner_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);

// Answers what it is told to and remembers what it was asked.
class ScriptedProvisioning : public Provisioning {
 public:
  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& call) override {
    absl::MutexLock lock(&mutex_);
    last_call_ = call;
    return answer_;
  }
  absl::StatusOr<Operation> Get(absl::string_view id) override { return Answer(id); }
  std::vector<Operation> List() override { return {FullOperation(), FullOperation()}; }
  absl::StatusOr<Operation> Cancel(absl::string_view id) override { return Answer(id); }
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
  std::string last_id() const {
    absl::MutexLock lock(&mutex_);
    return last_id_;
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
  std::string last_id_ ABSL_GUARDED_BY(mutex_);
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
    auto made = MakeRpcServer(provisioning_, clock_, {"127.0.0.1", 0});
    EXPECT_TRUE(made.ok()) << made.status();
    server_ = *std::move(made);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::Provisioner::NewStub(channel_);
  }

  grpc::Status Reprovision(const v1::ReprovisionRequest& request) {
    Call call;
    v1::Operation answer;
    return stub_->Reprovision(&call.context, request, &answer);
  }

  SimulatedClock clock_;
  ScriptedProvisioning provisioning_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Provisioner::Stub> stub_;
};

TEST_F(RpcServerTest, ReprovisionPassesTheCallOnAndAnswersTheOperation) {
  v1::ReprovisionRequest request;
  request.set_id("op-1");
  request.mutable_donor()->set_tablet("zone1-100");
  request.set_replicate_from(v1::REPLICATE_FROM_PRIMARY);
  Call call;
  v1::Operation answer;
  const grpc::Status status = stub_->Reprovision(&call.context, request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer.DebugString(), ToProto(FullOperation()).DebugString());
  const ReprovisionCall asked = provisioning_.last_call();
  EXPECT_EQ(asked.id, "op-1");
  EXPECT_EQ(asked.donor, (DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 100}}));
  EXPECT_EQ(asked.replicate_from, ReplicateFrom::kPrimary);
}

TEST_F(RpcServerTest, MalformedRequestsAreRefusedBeforeTheyGoOn) {
  provisioning_.SetAnswer(absl::InternalError("was asked"));
  v1::ReprovisionRequest request;
  request.mutable_donor()->set_tablet("nonsense");
  grpc::Status status = Reprovision(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("\"nonsense\" is no tablet alias"));
  request.Clear();
  request.set_id(std::string(129, 'a'));
  status = Reprovision(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("129 characters"));
  request.set_id("a/b");
  EXPECT_EQ(Reprovision(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.Clear();
  request.set_replicate_from(static_cast<v1::ReplicateFrom>(42));
  EXPECT_EQ(Reprovision(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RpcServerTest, EveryCallThatTakesAnIdChecksIt) {
  provisioning_.SetAnswer(absl::InternalError("was asked"));
  v1::Operation answer;
  v1::GetOperationRequest get;
  get.set_id("a b");
  EXPECT_EQ(stub_->GetOperation(Call().get(), get, &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::CancelOperationRequest cancel;
  cancel.set_id("a b");
  EXPECT_EQ(stub_->CancelOperation(Call().get(), cancel, &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::WatchOperationRequest watch;
  watch.set_id("a b");
  Call call;
  EXPECT_EQ(stub_->WatchOperation(&call.context, watch)->Finish().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RpcServerTest, GetAndCancelPassTheIdOn) {
  v1::Operation answer;
  v1::GetOperationRequest get;
  get.set_id("one");
  ASSERT_TRUE(stub_->GetOperation(Call().get(), get, &answer).ok());
  EXPECT_EQ(provisioning_.last_id(), "one");
  EXPECT_EQ(answer.DebugString(), ToProto(FullOperation()).DebugString());
  v1::CancelOperationRequest cancel;
  cancel.set_id("two");
  answer.Clear();
  ASSERT_TRUE(stub_->CancelOperation(Call().get(), cancel, &answer).ok());
  EXPECT_EQ(provisioning_.last_id(), "two");
  EXPECT_EQ(answer.DebugString(), ToProto(FullOperation()).DebugString());
}

TEST_F(RpcServerTest, ListHoldsEveryOperation) {
  v1::ListOperationsResponse answer;
  ASSERT_TRUE(stub_->ListOperations(Call().get(), {}, &answer).ok());
  EXPECT_EQ(answer.operations_size(), 2);
}

TEST_F(RpcServerTest, GetTabletTellsTheAgeByItsOwnClock) {
  provisioning_.snapshot.alias = {"zone1", 101};
  provisioning_.snapshot.type = TabletType::kReplica;
  provisioning_.snapshot.read_at = clock_.Now() - absl::Seconds(3);
  v1::GetTabletResponse answer;
  ASSERT_TRUE(stub_->GetTablet(Call().get(), {}, &answer).ok());
  EXPECT_EQ(answer.alias(), "zone1-0000000101");
  EXPECT_EQ(answer.type(), "REPLICA");
  EXPECT_EQ(FromDuration(answer.age()), absl::Seconds(3));
}

TEST_F(RpcServerTest, EveryCodeArrivesWithItsReasonAndText) {
  for (int code = 1; code <= 16; ++code) {
    provisioning_.SetAnswer(
        WithReason(absl::Status(static_cast<absl::StatusCode>(code), "told why"), "SOME_REASON"));
    Call call;
    v1::Operation answer;
    const grpc::Status status = stub_->GetOperation(&call.context, {}, &answer);
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_EQ(status.error_message(), "told why");
    EXPECT_EQ(call.Reason(), "SOME_REASON");
  }
}

TEST_F(RpcServerTest, AFailureWithoutReasonHasNoTrailer) {
  provisioning_.SetAnswer(absl::NotFoundError("no operation yet"));
  Call call;
  v1::Operation answer;
  EXPECT_EQ(stub_->CancelOperation(&call.context, {}, &answer).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(call.Reason(), "");
}

TEST_F(RpcServerTest, AWatchShowsThePresentStateThenEachChangeThenEnds) {
  Operation operation = FullOperation();
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.DebugString(), ToProto(operation).DebugString());
  ASSERT_TRUE(provisioning_.AwaitSubscribers(1));
  operation.step = Step::kVerify;
  provisioning_.Publish(operation);
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.step(), "verify");
  operation.outcome = Outcome::kDone;
  provisioning_.Publish(operation);
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.outcome(), v1::DONE);
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(provisioning_.AwaitSubscribers(0));
}

TEST_F(RpcServerTest, AWatchOfAnEndedOperationShowsItOnce) {
  Operation operation = FullOperation();
  operation.outcome = Outcome::kFailed;
  provisioning_.SetAnswer(operation);
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.outcome(), v1::FAILED);
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(RpcServerTest, AWatchOfNothingIsNotFound) {
  provisioning_.SetAnswer(WithReason(absl::NotFoundError("no such operation"), "NO_OPERATION"));
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  v1::Operation seen;
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(call.Reason(), "NO_OPERATION");
}

// The stream's window is 64 KiB: far less than what is published while nobody reads.
TEST_F(RpcServerTest, ASlowWatcherNeitherBlocksNorMissesTheEnd) {
  constexpr int kChanges = 2000;
  Operation operation = FullOperation();
  operation.error = absl::UnavailableError(std::string(4096, 'x'));
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  ASSERT_TRUE(provisioning_.AwaitSubscribers(1));
  for (int i = 1; i <= kChanges; ++i) {
    operation.progress.bytes_done = 1000 + i;
    operation.outcome = i == kChanges ? Outcome::kDone : Outcome::kRunning;
    provisioning_.Publish(operation);
  }
  v1::Operation seen;
  int states = 0;
  int64_t bytes = 0;
  while (stream->Read(&seen)) {
    ++states;
    EXPECT_GT(seen.progress().bytes_done(), bytes);
    bytes = seen.progress().bytes_done();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(seen.outcome(), v1::DONE);
  EXPECT_EQ(bytes, 1000 + kChanges);
  EXPECT_LT(states, kChanges / 2);
}

TEST_F(RpcServerTest, AWatcherThatGoesIsForgotten) {
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  ASSERT_TRUE(provisioning_.AwaitSubscribers(1));
  call.context.TryCancel();
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(provisioning_.AwaitSubscribers(0));
}

// Races for the thread checkers: changes come while watchers come and go.
TEST_F(RpcServerTest, WatchersComeAndGoWhileTheOperationMoves) {
  absl::Notification stop;
  std::thread publisher([this, &stop] {
    Operation operation = FullOperation();
    while (!stop.HasBeenNotified()) {
      ++operation.progress.bytes_done;
      provisioning_.Publish(operation);
    }
  });
  std::vector<std::thread> watchers;
  watchers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    watchers.emplace_back([this] {
      for (int round = 0; round < 25; ++round) {
        Call call;
        const auto stream = stub_->WatchOperation(&call.context, {});
        v1::Operation seen;
        EXPECT_TRUE(stream->Read(&seen));
        call.context.TryCancel();
        EXPECT_FALSE(stream->Finish().ok());
      }
    });
  }
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_TRUE(provisioning_.AwaitSubscribers(0));
  stop.Notify();
  publisher.join();
}

TEST_F(RpcServerTest, ShutdownEndsAnOpenWatchWithoutWaitingForTheGrace) {
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, {});
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  const absl::Time before = absl::Now();
  server_->Shutdown(absl::Minutes(10));
  EXPECT_LT(absl::Now() - before, absl::Minutes(1));
  EXPECT_FALSE(stream->Read(&seen));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(call.Reason(), "AGENT_STOPPING");
  EXPECT_TRUE(provisioning_.AwaitSubscribers(0));
}

TEST_F(RpcServerTest, AfterShutdownNobodyAnswers) {
  server_->Shutdown(absl::ZeroDuration());
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(Reprovision({}).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(RpcServerTest, ATakenPortIsSaidSoAndNotShared) {
  const auto second = MakeRpcServer(provisioning_, clock_, {"127.0.0.1", server_->port()});
  ASSERT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("127.0.0.1:", server_->port())));
}

TEST_F(RpcServerTest, BindAddresses) {
  const auto wildcard = MakeRpcServer(provisioning_, clock_, {"", 0});
  ASSERT_TRUE(wildcard.ok()) << wildcard.status();
  EXPECT_GT((*wildcard)->port(), 0);
  EXPECT_EQ(MakeRpcServer(provisioning_, clock_, {"127.0.0.1", 70000}).status().code(),
            absl::StatusCode::kInvalidArgument);
  // TEST-NET-1: no machine's own.
  EXPECT_EQ(MakeRpcServer(provisioning_, clock_, {"192.0.2.1", 0}).status().code(),
            absl::StatusCode::kUnavailable);
}

// The two services that come with gRPC have no C++ headers in Debian, so their few messages are
// spelled as bytes here. Field 1 of HealthCheckRequest is the service, field 1 of the response the
// status (1: SERVING). Field 7 of ServerReflectionRequest is list_services; a stream of one message
// each way is a unary call on the wire.
struct RawAnswer {
  grpc::Status status;
  std::string bytes;
};

RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request) {
  const grpc::Slice slice(request);
  Call call;
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto reader =
      stub.PrepareUnaryCall(call.get(), method, grpc::ByteBuffer(&slice, 1), &queue);
  RawAnswer answer;
  grpc::ByteBuffer buffer;
  reader->StartCall();
  reader->Finish(&buffer, &answer.status, &queue);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));  // within the call's deadline
  std::vector<grpc::Slice> slices;
  if (answer.status.ok() && buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) {
      answer.bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return answer;
}

std::string HealthRequest(const std::string& service) {
  if (service.empty()) return "";
  return absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
}

TEST_F(RpcServerTest, HealthIsServingForTheServerAndTheService) {
  for (const char* service : {"", "graft.v1.Provisioner"}) {
    const RawAnswer answer =
        RawCall(channel_, "/grpc.health.v1.Health/Check", HealthRequest(service));
    ASSERT_TRUE(answer.status.ok()) << service << ": " << answer.status.error_message();
    EXPECT_EQ(answer.bytes, "\x08\x01") << service;
  }
  const RawAnswer unknown = RawCall(channel_, "/grpc.health.v1.Health/Check", HealthRequest("x"));
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RpcServerTest, ReflectionListsTheService) {
  const RawAnswer answer =
      RawCall(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
              std::string("\x3a\x00", 2));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.bytes, HasSubstr("graft.v1.Provisioner"));
  EXPECT_THAT(answer.bytes, HasSubstr("grpc.health.v1.Health"));
}

}  // namespace
}  // namespace graft
