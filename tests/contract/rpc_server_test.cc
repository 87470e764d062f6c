// The API over a real socket.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/errors.h"
#include "contract/rpc_suite.h"
#include "wire/metadata.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

// The two services that come with gRPC have no C++ headers in Debian, so their few messages are
// spelled as bytes here. Field 1 of HealthCheckRequest is the service, field 1 of the response the
// status (1: SERVING). Field 7 of ServerReflectionRequest is list_services; a stream of one message
// each way is a unary call on the wire.
struct RawAnswer {
  grpc::Status status;
  std::string bytes;
};

RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, const std::string& tablet = "") {
  const grpc::Slice slice(request);
  Call call;
  if (!tablet.empty()) call.context.AddMetadata(kTabletMetadata, tablet);
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

TEST_F(RpcServerTest, ReprovisionPassesTheCallOnAndAnswersTheOperation) {
  v1::ReprovisionRequest request;
  request.set_id("op-1");
  request.mutable_donor()->set_tablet("zone1-100");
  request.set_replicate_from(v1::REPLICATE_FROM_PRIMARY);
  request.mutable_settings()->set_max_concurrency(4);
  request.mutable_allow()->set_unchecked(true);
  Call call;
  v1::Operation answer;
  const grpc::Status status = stub_->Reprovision(&call.context, request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer.DebugString(), ToProto(FullOperation()).DebugString());
  const ReprovisionCall asked = provisioning_.last_call();
  EXPECT_EQ(asked.id, "op-1");
  EXPECT_EQ(asked.donor, (DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 100}}));
  EXPECT_EQ(asked.replicate_from, ReplicateFrom::kPrimary);
  EXPECT_EQ(asked.settings.max_concurrency, 4);
  EXPECT_EQ(asked.allow, (Allowances{false, {kAllChecks}}));
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
  request.mutable_settings()->set_max_concurrency(129);
  status = Reprovision(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("settings.max_concurrency is 129"));
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

TEST_F(RpcServerTest, ACancelGoesAsFarAsItIsAsked) {
  v1::Operation answer;
  v1::CancelOperationRequest cancel;
  cancel.set_even_if_dropped(true);
  ASSERT_TRUE(stub_->CancelOperation(Call().get(), cancel, &answer).ok());
  EXPECT_EQ(provisioning_.last_wish(), CancelWish::kEvenIfDropped);
  cancel.set_even_if_dropped(false);
  ASSERT_TRUE(stub_->CancelOperation(Call().get(), cancel, &answer).ok());
  EXPECT_EQ(provisioning_.last_wish(), CancelWish::kIfNothingDropped);
}

TEST_F(RpcServerTest, ReleasePassesTheOperatorsWordOn) {
  const ReleaseCall call = {"release-1", {"alice@ops-1", "restored by hand", true}};
  v1::ReleaseRequest request = ToProto(call);
  v1::Operation answer;
  ASSERT_TRUE(stub_->Release(Call().get(), request, &answer).ok());
  EXPECT_EQ(answer.kind(), v1::RELEASE);
  EXPECT_EQ(provisioning_.last_release().id, call.id);
  EXPECT_EQ(provisioning_.last_release().word, call.word);
  request.mutable_word()->clear_by();
  EXPECT_EQ(stub_->Release(Call().get(), request, &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RpcServerTest, ThrottlePassesIdAndSettingsOn) {
  v1::Operation answer;
  v1::ThrottleOperationRequest request;
  request.set_id("one");
  request.mutable_settings()->set_max_data_bandwidth_mib(10);
  request.mutable_settings()->set_max_network_bandwidth_mib(0);
  ASSERT_TRUE(stub_->ThrottleOperation(Call().get(), request, &answer).ok());
  EXPECT_EQ(provisioning_.last_id(), "one");
  EXPECT_EQ(provisioning_.last_settings(), (CloneSettings{10, 0, {}, {}, {}}));
  EXPECT_EQ(answer.DebugString(), ToProto(FullOperation()).DebugString());
  provisioning_.SetAnswer(WithReason(absl::FailedPreconditionError("ended"), "OPERATION_ENDED"));
  Call call;
  EXPECT_EQ(stub_->ThrottleOperation(call.get(), request, &answer).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(call.Reason(), "OPERATION_ENDED");
}

TEST_F(RpcServerTest, ThrottleRefusesWhatCannotBeMeant) {
  provisioning_.SetAnswer(absl::InternalError("was asked"));
  v1::Operation answer;
  v1::ThrottleOperationRequest request;
  grpc::Status status = stub_->ThrottleOperation(Call().get(), request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("nothing to change"));
  request.mutable_settings()->set_max_data_bandwidth_mib(-1);
  status = stub_->ThrottleOperation(Call().get(), request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("settings.max_data_bandwidth_mib is -1"));
  request.mutable_settings()->set_max_data_bandwidth_mib(1);
  request.set_id("a b");
  EXPECT_EQ(stub_->ThrottleOperation(Call().get(), request, &answer).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

// A client of another version, or something that is no client at all.
TEST_F(RpcServerTest, BytesThatAreNoMessageAreAnInvalidArgument) {
  const std::string service = v1::Provisioner::service_full_name();
  const auto* methods =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  for (int i = 0; i < methods->method_count(); ++i) {
    const std::string& name = methods->method(i)->name();
    const RawAnswer answer = RawCall(channel_, absl::StrCat("/", service, "/", name), "\x0a\x7fx");
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(answer.status.error_message(),
                HasSubstr(absl::StrCat("no ", methods->method(i)->input_type()->full_name())));
  }
}

// The address of another one, or an address that was another one's.
TEST_F(RpcServerTest, ACallForAnotherTabletIsRefused) {
  provisioning_.snapshot.alias = {"zone1", 102};
  const std::string service = v1::Provisioner::service_full_name();
  const auto* methods =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  for (int i = 0; i < methods->method_count(); ++i) {
    const std::string& name = methods->method(i)->name();
    const RawAnswer answer =
        RawCall(channel_, absl::StrCat("/", service, "/", name), "", "zone1-0000000101");
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << name;
    EXPECT_THAT(answer.status.error_message(),
                HasSubstr("the agent of zone1-0000000102, not of zone1-0000000101"));
  }
  const RawAnswer meant =
      RawCall(channel_, absl::StrCat("/", service, "/GetTablet"), "", "zone1-0000000102");
  EXPECT_TRUE(meant.status.ok()) << meant.status.error_message();
}

TEST_F(RpcServerTest, ListHoldsEveryOperation) {
  v1::ListOperationsResponse answer;
  ASSERT_TRUE(stub_->ListOperations(Call().get(), {}, &answer).ok());
  EXPECT_EQ(answer.operations_size(), 2);
}

TEST_F(RpcServerTest, GetTabletTellsTheAgeByItsOwnClock) {
  provisioning_.snapshot.alias = {"zone1", 101};
  provisioning_.snapshot.type = TabletType::kReplica;
  provisioning_.snapshot.read_at = clock_->Now() - absl::Seconds(3);
  v1::GetTabletResponse answer;
  ASSERT_TRUE(stub_->GetTablet(Call().get(), {}, &answer).ok());
  EXPECT_EQ(answer.alias(), "zone1-0000000101");
  EXPECT_EQ(answer.type(), "REPLICA");
  EXPECT_GE(FromDuration(answer.age()), absl::Seconds(3));
  EXPECT_LT(FromDuration(answer.age()), absl::Seconds(3) + kPatience);
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
  const auto stream = stub_->WatchOperation(&call.context, WatchEvery(absl::ZeroDuration()));
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
  const auto stream = stub_->WatchOperation(&call.context, WatchEvery(absl::ZeroDuration()));
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

TEST_F(RpcServerTest, AWatchKeepsItsInterval) {
  constexpr absl::Duration kInterval = absl::Milliseconds(300);
  Operation operation = FullOperation();
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, WatchEvery(kInterval));
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  absl::Time before = absl::Now();
  for (int i = 0; i < 3; ++i) {
    const int64_t first = ++operation.progress.bytes_done;
    provisioning_.Publish(operation);
    ++operation.progress.bytes_done;
    provisioning_.Publish(operation);
    ASSERT_TRUE(stream->Read(&seen));
    EXPECT_GT(absl::Now() - before, kInterval - absl::Milliseconds(50));
    EXPECT_EQ(seen.progress().bytes_done(), first + 1) << "the newest one";
    before = absl::Now();
  }
}

// So that a client can tell an operation that has nothing to say from an agent that is lost.
TEST_F(RpcServerTest, AStateIsSentAgainWhileNothingChanges) {
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, WatchEvery(absl::Milliseconds(50)));
  v1::Operation first;
  ASSERT_TRUE(stream->Read(&first));
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 2; ++i) {
    v1::Operation again;
    ASSERT_TRUE(stream->Read(&again));
    EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  }
  EXPECT_GT(absl::Now() - begin, absl::Seconds(2)) << "it costs little";
  EXPECT_LT(absl::Now() - begin, absl::Seconds(8)) << "nobody's patience ends";
}

TEST_F(RpcServerTest, TheEndDoesNotWaitForTheInterval) {
  Operation operation = FullOperation();
  Call call;
  const auto stream = stub_->WatchOperation(&call.context, WatchEvery(absl::Hours(1)));
  v1::Operation seen;
  ASSERT_TRUE(stream->Read(&seen));
  ++operation.progress.bytes_done;
  provisioning_.Publish(operation);
  operation.outcome = Outcome::kDone;
  provisioning_.Publish(operation);
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.outcome(), v1::DONE);
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(RpcServerTest, AnIntervalOutOfRangeIsRefused) {
  for (const absl::Duration interval : {-absl::Seconds(1), absl::Hours(2)}) {
    Call call;
    const auto stream = stub_->WatchOperation(&call.context, WatchEvery(interval));
    v1::Operation seen;
    EXPECT_FALSE(stream->Read(&seen));
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("0 to 1h are allowed"));
  }
}

TEST_F(RpcServerTest, ManyWatchersAreOneSubscriberToTheOperation) {
  constexpr int kWatchers = 60;
  Call calls[kWatchers];
  std::vector<std::unique_ptr<grpc::ClientReader<v1::Operation>>> streams;
  streams.reserve(kWatchers);
  v1::Operation seen;
  for (Call& call : calls) {
    streams.push_back(stub_->WatchOperation(&call.context, WatchEvery(absl::Milliseconds(50))));
    ASSERT_TRUE(streams.back()->Read(&seen));
  }
  EXPECT_TRUE(provisioning_.AwaitSubscribers(1));
  Operation operation = FullOperation();
  operation.outcome = Outcome::kDone;
  provisioning_.Publish(operation);
  for (const auto& stream : streams) {
    ASSERT_TRUE(stream->Read(&seen));
    EXPECT_EQ(seen.outcome(), v1::DONE);
    EXPECT_FALSE(stream->Read(&seen));
    EXPECT_TRUE(stream->Finish().ok());
  }
  EXPECT_TRUE(provisioning_.AwaitSubscribers(0));
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
  const auto second = MakeRpcServer(provisioning_, *clock_, {"127.0.0.1", server_->port()});
  ASSERT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("127.0.0.1:", server_->port())));
}

TEST_F(RpcServerTest, BindAddresses) {
  const auto wildcard = MakeRpcServer(provisioning_, *clock_, {"", 0});
  ASSERT_TRUE(wildcard.ok()) << wildcard.status();
  EXPECT_GT((*wildcard)->port(), 0);
  EXPECT_EQ(MakeRpcServer(provisioning_, *clock_, {"127.0.0.1", 70000}).status().code(),
            absl::StatusCode::kInvalidArgument);
  // TEST-NET-1: no machine's own.
  EXPECT_EQ(MakeRpcServer(provisioning_, *clock_, {"192.0.2.1", 0}).status().code(),
            absl::StatusCode::kUnavailable);
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
