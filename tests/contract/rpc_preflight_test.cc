// Preflight over a real socket: its answer comes from another thread, perhaps when nobody waits for
// it any more.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "contract/rpc_suite.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PreflightReport OneFinding() {
  PreflightReport report;
  report.recipient = {"zone1", 101};
  report.donor = {"zone1", 100};
  report.source = {"zone1", 100};
  report.results = {{"DISK_SPACE", CheckSide::kRecipient, CheckOutcome::kFatal, "free space",
                     "2 GiB are missing", "make room"}};
  report.made = absl::FromUnixSeconds(1'800'000'000);
  return report;
}

class RpcPreflightTest : public RpcServerTest {
 protected:
  // A client's call that waits for its answer in a thread of its own.
  struct Asking {
    Asking(v1::Provisioner::Stub& stub, const v1::PreflightRequest& request)
        : thread([this, &stub, request] {
            status = stub.Preflight(&call.context, request, &answer);
          }) {}
    ~Asking() {
      if (thread.joinable()) thread.join();
    }
    const grpc::Status& Join() {
      thread.join();
      return status;
    }

    Call call;
    v1::PreflightReport answer;
    grpc::Status status;
    std::thread thread;
  };
};

TEST_F(RpcPreflightTest, TheReportIsTheAnswerWhenItComes) {
  v1::PreflightRequest request;
  request.mutable_donor()->set_any(true);
  request.mutable_allow()->set_unchecked(true);
  Asking asking(*stub_, request);
  const std::vector<PreflightDone> begun = provisioning_.AwaitPreflights(1);
  ASSERT_THAT(begun, SizeIs(1));
  EXPECT_EQ(provisioning_.last_call().donor, (DonorChoice{DonorChoice::Kind::kAny, {}}));
  EXPECT_EQ(provisioning_.last_call().allow, (Allowances{false, {kAllChecks}}));
  // Others are served meanwhile.
  v1::ListOperationsResponse list;
  EXPECT_TRUE(stub_->ListOperations(Call().get(), {}, &list).ok());
  begun[0](OneFinding());
  const grpc::Status& status = asking.Join();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(asking.answer.DebugString(), ToProto(OneFinding()).DebugString());
  begun[0](absl::InternalError("a second time"));
}

TEST_F(RpcPreflightTest, AFailureHasItsCodeAndReason) {
  Asking asking(*stub_, {});
  const std::vector<PreflightDone> begun = provisioning_.AwaitPreflights(1);
  ASSERT_THAT(begun, SizeIs(1));
  begun[0](WithReason(absl::FailedPreconditionError("nobody"), "NO_ELIGIBLE_DONOR"));
  EXPECT_EQ(asking.Join().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(asking.status.error_message(), "nobody");
  EXPECT_EQ(asking.call.Reason(), "NO_ELIGIBLE_DONOR");
}

TEST_F(RpcPreflightTest, MalformedRequestsAreRefusedBeforeTheyGoOn) {
  v1::PreflightRequest request;
  request.mutable_donor()->set_tablet("nonsense");
  v1::PreflightReport answer;
  grpc::Status status = stub_->Preflight(Call().get(), request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("\"nonsense\" is no tablet alias"));
  request.Clear();
  request.mutable_settings()->set_max_network_bandwidth_mib(1048577);
  status = stub_->Preflight(Call().get(), request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("settings.max_network_bandwidth_mib is 1048577"));
  EXPECT_THAT(provisioning_.AwaitPreflights(0), IsEmpty());
}

TEST_F(RpcPreflightTest, AReportForAClientThatWentIsDropped) {
  Asking asking(*stub_, {});
  const std::vector<PreflightDone> begun = provisioning_.AwaitPreflights(1);
  ASSERT_THAT(begun, SizeIs(1));
  asking.call.context.TryCancel();
  EXPECT_EQ(asking.Join().error_code(), grpc::StatusCode::CANCELLED);
  begun[0](OneFinding());
  // The server goes on.
  Asking next(*stub_, {});
  const std::vector<PreflightDone> second = provisioning_.AwaitPreflights(1);
  ASSERT_THAT(second, SizeIs(1));
  second[0](OneFinding());
  EXPECT_TRUE(next.Join().ok());
}

TEST_F(RpcPreflightTest, ShutdownEndsItWithoutWaitingForTheGrace) {
  Asking asking(*stub_, {});
  std::vector<PreflightDone> begun = provisioning_.AwaitPreflights(1);
  ASSERT_THAT(begun, SizeIs(1));
  const absl::Time before = absl::Now();
  server_->Shutdown(absl::Minutes(10));
  EXPECT_LT(absl::Now() - before, absl::Minutes(1));
  EXPECT_EQ(asking.Join().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(asking.call.Reason(), "AGENT_STOPPING");
  // The report comes when the server is no more.
  server_ = nullptr;
  begun[0](OneFinding());
  begun.clear();
}

// Races for the thread checkers: reports come while clients go and the server ends.
TEST_F(RpcPreflightTest, ReportsClientsAndShutdownMeet) {
  constexpr size_t kClients = 32;
  std::vector<std::unique_ptr<Asking>> clients;
  clients.reserve(kClients);
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Asking>(*stub_, v1::PreflightRequest()));
  }
  std::vector<PreflightDone> begun;
  while (begun.size() < kClients) {
    std::vector<PreflightDone> more = provisioning_.AwaitPreflights(1);
    ASSERT_FALSE(more.empty());
    for (PreflightDone& one : more) begun.push_back(std::move(one));
  }
  std::thread reports([&begun] {
    for (const PreflightDone& done : begun) done(OneFinding());
  });
  std::thread goers([&clients] {
    for (size_t i = kClients; i-- > 0;) clients[i]->call.context.TryCancel();
  });
  server_->Shutdown(absl::Minutes(10));
  reports.join();
  goers.join();
  for (const auto& client : clients) {
    const grpc::StatusCode code = client->Join().error_code();
    EXPECT_TRUE(code == grpc::StatusCode::OK || code == grpc::StatusCode::CANCELLED ||
                code == grpc::StatusCode::UNAVAILABLE)
        << code;
    if (code == grpc::StatusCode::OK) EXPECT_EQ(client->answer.results_size(), 1);
  }
}

}  // namespace
}  // namespace graft
