// The API and crowds of connections that want nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "contract/rpc_suite.h"
#include "graft/clock.h"
#include "testing/crowd.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

constexpr int kCrowd = 600;
constexpr int kFewDescriptors = 256;  // of this process, the server included

class RpcConnectionsTest : public ::testing::Test {
 protected:
  RpcConnectionsTest() {
    getrlimit(RLIMIT_NOFILE, &limit_);
    rlimit few = limit_;
    few.rlim_cur = kFewDescriptors;
    setrlimit(RLIMIT_NOFILE, &few);
    server_ = *MakeRpcServer(provisioning_, *clock_, {"127.0.0.1", 0});
  }
  ~RpcConnectionsTest() override { setrlimit(RLIMIT_NOFILE, &limit_); }

  // On a connection of its own.
  grpc::Status GetTablet(bool wait) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    const auto stub = v1::Provisioner::NewStub(
        grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                  grpc::InsecureChannelCredentials(), arguments));
    Call call;
    call.context.set_wait_for_ready(wait);
    v1::GetTabletResponse response;
    return stub->GetTablet(&call.context, {}, &response);
  }

  rlimit limit_{};
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  ScriptedProvisioning provisioning_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(RpcConnectionsTest, ACrowdLeavesDescriptorsAndTheApiIsBackWhenItHasGone) {
  CrowdProcess crowd(server_->port(), kCrowd, kHttp2Greeting);
  // The journal's next file.
  for (int look = 0; look < 20; ++look) {
    const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(file.ok()) << "look " << look;
    EXPECT_LT(file.get(), kFewDescriptors / 2) << "look " << look;
    (void)GetTablet(false);
  }
  crowd.Leave();
  const grpc::Status status = GetTablet(true);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcConnectionsTest, ConnectionsThatSayNothingTakeNoPlace) {
  const CrowdProcess crowd(server_->port(), kCrowd, "");
  const grpc::Status status = GetTablet(true);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcConnectionsTest, ConnectionsThatWentQuietMakeRoom) {
  const CrowdProcess crowd(server_->port(), kCrowd, kHttp2Greeting);
  const grpc::Status status = GetTablet(true);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Other connections have taken the places.
TEST_F(RpcConnectionsTest, NoDescriptorLeftIsNotTheEndOfTheApi) {
  std::vector<Fd> files;
  do {
    files.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  } while (files.back().ok());
  files.resize(files.size() - 8);  // the crowd's pipes, and a few for it to take
  { const CrowdProcess crowd(server_->port(), kCrowd, kHttp2Greeting); }
  files.clear();
  const grpc::Status status = GetTablet(true);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcConnectionsTest, TheServerKnowsWhetherItAnswers) {
  const auto await = [this](bool ok) {
    const absl::Time end = absl::Now() + kPatience;
    Cancellation never;
    while (server_->Health().ok() != ok && absl::Now() < end) {
      never.WaitFor(*clock_, absl::Milliseconds(50));
    }
    return server_->Health();
  };
  EXPECT_TRUE(server_->Health().ok()) << "nobody knows otherwise yet";
  {
    const CrowdProcess crowd(server_->port(), kCrowd, kHttp2Greeting);
    const absl::Status status = await(false);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat(":", server_->port(), ": ")));
  }
  EXPECT_TRUE(await(true).ok()) << server_->Health();
}

}  // namespace
}  // namespace graft
