// The client against a gRPC server of its own on a free port.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/errors.h"
#include "cli/agent_client.h"
#include "graft/v1/provisioner.grpc.pb.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Agent : public v1::Provisioner::Service {
 public:
  grpc::Status Reprovision(grpc::ServerContext* /*context*/, const v1::ReprovisionRequest* request,
                           v1::Operation* response) override {
    response->set_id(request->id());
    *response->mutable_donor_choice() = request->donor();
    return grpc::Status::OK;
  }
  grpc::Status Preflight(grpc::ServerContext* /*context*/, const v1::PreflightRequest* request,
                         v1::PreflightReport* response) override {
    response->set_donor(request->donor().tablet());
    return grpc::Status::OK;
  }
  grpc::Status CancelOperation(grpc::ServerContext* /*context*/,
                               const v1::CancelOperationRequest* request,
                               v1::Operation* response) override {
    response->set_id(request->id());
    response->set_claim_lost(request->even_if_dropped());
    return grpc::Status::OK;
  }
  grpc::Status ThrottleOperation(grpc::ServerContext* /*context*/,
                                 const v1::ThrottleOperationRequest* request,
                                 v1::Operation* response) override {
    response->set_id(request->id());
    *response->mutable_settings() = request->settings();
    return grpc::Status::OK;
  }
  grpc::Status GetOperation(grpc::ServerContext* context, const v1::GetOperationRequest* request,
                            v1::Operation* /*response*/) override {
    context->AddTrailingMetadata("graft-reason", "NO_SUCH_OPERATION");
    return grpc::Status(grpc::StatusCode::NOT_FOUND, absl::StrCat("no ", request->id()));
  }
  grpc::Status ListOperations(grpc::ServerContext* context,
                              const v1::ListOperationsRequest* /*request*/,
                              v1::ListOperationsResponse* /*response*/) override {
    // Hangs until the client has given up.
    hang_ended_.WaitForNotification();
    return context->IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK;
  }
  grpc::Status WatchOperation(grpc::ServerContext* context,
                              const v1::WatchOperationRequest* request,
                              grpc::ServerWriter<v1::Operation>* writer) override {
    if (request->id() == "starts") {
      context->AddTrailingMetadata("graft-reason", "AGENT_STARTING");
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "it reads its journal");
    }
    for (const char* step : {"fence", "clone", "verify"}) {
      v1::Operation operation;
      operation.set_id(request->id());
      operation.set_step(step);
      writer->Write(operation);
    }
    for (int i = 0; request->id() == "beats" && i < 4; ++i) {
      hang_ended_.WaitForNotificationWithTimeout(absl::Milliseconds(300));
      writer->Write(v1::Operation());
    }
    // Waits until the client has gone.
    while (request->id() == "hangs" && !context->IsCancelled()) {
      hang_ended_.WaitForNotificationWithTimeout(absl::Milliseconds(20));
    }
    return grpc::Status::OK;
  }

  absl::Notification hang_ended_;
};

constexpr absl::Duration kNoEnd = absl::InfiniteDuration();

v1::WatchOperationRequest WatchRequest(const std::string& id) {
  v1::WatchOperationRequest request;
  request.set_id(id);
  return request;
}

class CliAgentClientTest : public ::testing::Test {
 protected:
  CliAgentClientTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&agent_);
    server_ = builder.BuildAndStart();
  }

  std::unique_ptr<AgentClient> Client(absl::Duration timeout,
                                      const TabletAlias& tablet = {}) const {
    return MakeAgentClient({absl::StrCat("127.0.0.1:", port_), tablet}, timeout);
  }

  Agent agent_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(CliAgentClientTest, CarriesTheRequestAndTheAnswer) {
  v1::ReprovisionRequest request;
  request.set_id("op1");
  request.mutable_donor()->set_tablet("zone1-0000000101");
  const auto operation = Client(absl::Seconds(30))->Reprovision(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->id(), "op1");
  EXPECT_EQ(operation->donor_choice().tablet(), "zone1-0000000101");
}

TEST_F(CliAgentClientTest, CarriesTheOtherRequestsToo) {
  v1::PreflightRequest preflight;
  preflight.mutable_donor()->set_tablet("zone1-0000000101");
  const auto report = Client(absl::Seconds(30))->Preflight(preflight);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->donor(), "zone1-0000000101");
  v1::CancelOperationRequest cancel;
  cancel.set_id("op1");
  cancel.set_even_if_dropped(true);
  const auto cancelled = Client(absl::Seconds(30))->CancelOperation(cancel);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->id(), "op1");
  EXPECT_TRUE(cancelled->claim_lost());
  v1::ThrottleOperationRequest throttle;
  throttle.set_id("op2");
  throttle.mutable_settings()->set_max_data_bandwidth_mib(7);
  const auto throttled = Client(absl::Seconds(30))->ThrottleOperation(throttle);
  ASSERT_TRUE(throttled.ok()) << throttled.status();
  EXPECT_EQ(throttled->id(), "op2");
  EXPECT_EQ(throttled->settings().max_data_bandwidth_mib(), 7);
}

TEST_F(CliAgentClientTest, AnErrorKeepsCodeTextAndReason) {
  const absl::Status status = Client(absl::Seconds(30))->GetOperation("op9").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no op9");
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_OPERATION");
}

TEST_F(CliAgentClientTest, AnAgentThatHangsEndsInTheDeadline) {
  const absl::Status status = Client(absl::Milliseconds(100))->ListOperations({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("agent at 127.0.0.1:"));
  agent_.hang_ended_.Notify();
}

TEST_F(CliAgentClientTest, AWatchTellsEachStateInOrder) {
  std::vector<std::string> steps;
  WatchStop never;
  const absl::Status status =
      Client(absl::Seconds(30))
          ->WatchOperation(WatchRequest("op1"), kNoEnd, never, [&](const v1::Operation& operation) {
            steps.push_back(operation.step());
          });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(steps, ElementsAre("fence", "clone", "verify"));
}

TEST_F(CliAgentClientTest, AWatchGoesOnForAsLongAsItIsToldSomething) {
  const absl::Time begin = absl::Now();
  int states = 0;
  WatchStop never;
  const absl::Status status =
      Client(absl::Seconds(1))
          ->WatchOperation(WatchRequest("beats"), kNoEnd, never,
                           [&](const v1::Operation& /*operation*/) { ++states; });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(states, 3 + 4);
  EXPECT_GT(absl::Now() - begin, absl::Seconds(1));
}

TEST_F(CliAgentClientTest, AWatchThatSaysNothingEndsAfterTheTimeout) {
  int states = 0;
  WatchStop never;
  const absl::Status status =
      Client(absl::Milliseconds(500))
          ->WatchOperation(WatchRequest("hangs"), kNoEnd, never,
                           [&](const v1::Operation& /*operation*/) { ++states; });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("it has said nothing for"));
  EXPECT_EQ(states, 3);
}

TEST_F(CliAgentClientTest, AWatchEndsWhenItHasGoneOnForTheLongest) {
  WatchStop never;
  const absl::Status status =
      Client(absl::Minutes(5))
          ->WatchOperation(WatchRequest("hangs"), absl::Milliseconds(300), never,
                           [](const v1::Operation& /*operation*/) {});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CliAgentClientTest, AnAgentThatStartsSaysSoInAReason) {
  WatchStop never;
  const absl::Status status =
      Client(absl::Seconds(30))
          ->WatchOperation(WatchRequest("starts"), kNoEnd, never,
                           [](const v1::Operation& /*operation*/) { ADD_FAILURE(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(HasReason(status, Reason::kAgentStarting));
}

TEST_F(CliAgentClientTest, AWatchIsStoppedFromAnotherThread) {
  WatchStop stop;
  absl::Notification seen;
  std::thread stopper([&] {
    seen.WaitForNotification();
    stop.Stop();
  });
  const absl::Status status = Client(absl::Minutes(5))
                                  ->WatchOperation(WatchRequest("hangs"), kNoEnd, stop,
                                                   [&](const v1::Operation& operation) {
                                                     if (operation.step() == "verify")
                                                       seen.Notify();
                                                   });
  stopper.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(CliAgentClientTest, AWatchThatIsStoppedBeforeItBeginsSeesNothing) {
  WatchStop stop;
  stop.Stop();
  const absl::Status status =
      Client(absl::Minutes(5))
          ->WatchOperation(WatchRequest("hangs"), kNoEnd, stop,
                           [](const v1::Operation& /*operation*/) { ADD_FAILURE(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(CliAgentClientTest, NobodyThereIsUnavailable) {
  server_->Shutdown();
  const absl::Status status = Client(absl::Seconds(30))->GetTablet().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("agent at 127.0.0.1:"));
}

}  // namespace
}  // namespace graft::cli
