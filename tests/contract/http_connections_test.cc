// The HTTP server and clients that send nothing, too little, or read nothing.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "base/files.h"
#include "contract/http_suite.h"
#include "testing/crowd.h"
#include "testing/eventually.h"
#include "testing/realtime_waits.h"

namespace graft {
namespace {

using ::testing::Each;

class HttpConnectionsTest : public HttpServerTest {};

TEST_F(HttpConnectionsTest, SilentConnectionsShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(silent.back()->open());
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
  }
}

// 300, as many again as there are places, and again.
TEST_F(HttpConnectionsTest, SlowConnectionsShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(slow.back()->Write("GET /healthz HTTP/1.1\r\nX-A"));
    if (i % 10 != 0) continue;
    ASSERT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200) << i;
  }
}

TEST_F(HttpConnectionsTest, TheOldestOfTooManyGivesWay) {
  std::vector<std::unique_ptr<TcpConnection>> slow;
  for (int i = 0; i < 64; ++i) {
    slow.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(slow.back()->Write("GET /healthz HTTP/1.1\r\n"));
  }
  EXPECT_EQ(Ask("/healthz").status, 200);
  EXPECT_TRUE(slow.front()->IsClosed(absl::Seconds(1)));
  // The next has its place still, and may go on.
  EXPECT_TRUE(slow[1]->Write("Host: a\r\n\r\n"));
  EXPECT_EQ(ParseReply(slow[1]->ReadAll()).status, 200);
}

TEST_F(HttpConnectionsTest, ThoseThatHaveGoneTakeNoPlace) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ask("/healthz").status, 200);
  const TcpConnection slow(server_->port());
  ASSERT_TRUE(slow.Write("GET /healthz HTTP/1.1\r\n"));
  EXPECT_EQ(Ask("/healthz").status, 200);
  EXPECT_TRUE(slow.Write("Host: a\r\n\r\n"));
  EXPECT_EQ(ParseReply(slow.ReadAll()).status, 200);
}

// An answer that is longer than the connection's buffers waits for its reader.
TEST_F(HttpConnectionsTest, AnswersThatNobodyReadsGiveWay) {
  constexpr size_t kMuch = 20'000'000;
  HttpSources sources = agent_.Sources(*clock_);
  sources.metrics = [] { return std::string(kMuch, 'm'); };
  const auto server = MakeHttpServer(sources, {"127.0.0.1", 0});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(AskHttp((*server)->port(), "/metrics").body.size(), kMuch);
  const TcpConnection reader((*server)->port());
  ASSERT_TRUE(reader.Write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
  std::vector<std::unique_ptr<TcpConnection>> slow;
  for (int i = 0; i < 64; ++i) {
    slow.push_back(std::make_unique<TcpConnection>((*server)->port()));
    ASSERT_TRUE(slow.back()->Write("GET /"));
  }
  EXPECT_EQ(AskHttp((*server)->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
  EXPECT_LT(reader.ReadAll().size(), kMuch);
}

TEST_F(HttpConnectionsTest, SilenceEndsAConnection) {
  const TcpConnection slow(server_->port());
  slow.Write("GET /healthz HTTP/1.1\r\nX-A");
  EXPECT_FALSE(slow.IsClosed(absl::Seconds(3)));
  EXPECT_TRUE(slow.IsClosed(absl::Seconds(5)));
}

// Never silent for long enough: its age ends it, when the next client comes.
TEST_F(HttpConnectionsTest, AByteNowAndThenDoesNotKeepAConnection) {
  const TcpConnection slow(server_->port());
  slow.Write("GET /healthz HTTP/1.1\r\nX-A: ");
  const absl::Time begin = clock_->Now();
  while (!slow.IsClosed(absl::Seconds(1)) && clock_->Now() - begin < absl::Seconds(20)) {
    slow.Write("a");
    EXPECT_EQ(Ask("/healthz").status, 200);
  }
  EXPECT_GT(clock_->Now() - begin, absl::Seconds(9));
  EXPECT_LT(clock_->Now() - begin, absl::Seconds(15));
}

TEST_F(HttpConnectionsTest, ACrowdLeavesDescriptors) {
  for (const absl::string_view greeting : {"", "GET / HTTP/1.1\r\n"}) {
    const CrowdProcess crowd(server_->port(), 1200, greeting);
    for (int look = 0; look < 20; ++look) {
      ASSERT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200) << look;
      const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
      EXPECT_LT(file.get(), 128);
    }
  }
}

TEST_F(HttpConnectionsTest, BodiesThatNeverComeShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> promising;
  for (int i = 0; i < 100; ++i) {
    promising.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(promising.back()->Write("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"));
  }
  EXPECT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
}

TEST_F(HttpConnectionsTest, AnswersManyAtOnce) {
  std::vector<int> statuses(40);
  std::vector<std::thread> clients;
  clients.reserve(statuses.size());
  for (int& status : statuses) {
    clients.emplace_back([&] { status = Ask("/debug/status").status; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_THAT(statuses, Each(200));
}

TEST_F(HttpConnectionsTest, ShutdownDoesNotWaitForSilentClients) {
  const TcpConnection silent(server_->port());
  const TcpConnection slow(server_->port());
  slow.Write("GET /");
  const auto threads = [] { return ListDirectory("/proc/self/task")->size(); };
  const size_t before = threads();
  const absl::Time begin = clock_->Now();
  const int port = server_->port();
  server_->Shutdown();
  EXPECT_LT(clock_->Now() - begin, absl::Seconds(1));
  EXPECT_TRUE(Eventually(absl::Seconds(1), [&] { return threads() == before - 1; }));
  EXPECT_TRUE(slow.IsClosed(absl::Seconds(1)));
  EXPECT_EQ(AskHttp(port, "/healthz").status, 0);
  server_->Shutdown();  // again is nothing
}

TEST_F(HttpConnectionsTest, NothingWaitsOnTheWallClock) {
  EXPECT_TRUE(RunsWithoutRealtimeWaits([] {
    const std::unique_ptr<Clock> clock = MakeRealClock();
    SceneAgent agent(IdleScene(clock->Now()));
    const auto server = MakeHttpServer(agent.Sources(*clock), {"", 0});
    const TcpConnection slow((*server)->port());
    slow.Write("GET /");
    EXPECT_EQ(AskHttp((*server)->port(), "/healthz").status, 200);
    EXPECT_TRUE(slow.IsClosed(absl::Seconds(8)));
    (*server)->Shutdown();
  }));
}

TEST_F(HttpConnectionsTest, NoDescriptorIsLeftToChildren) {
  const auto for_children = [] {
    std::vector<int> descriptors;
    for (int fd = 0; fd < 256; ++fd) {
      const int flags = fcntl(fd, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) descriptors.push_back(fd);
    }
    return descriptors;
  };
  const std::vector<int> before = for_children();
  const auto server = MakeHttpServer(agent_.Sources(*clock_), {"", 0});
  ASSERT_TRUE(server.ok()) << server.status();
  const TcpConnection slow((*server)->port());
  slow.Write("GET /");
  EXPECT_EQ(AskHttp((*server)->port(), "/healthz").status, 200);
  EXPECT_EQ(for_children(), before);
}

// Or the agent could not wait for the commands that it starts.
TEST_F(HttpConnectionsTest, ChildrenCanStillBeWaitedFor) {
  struct sigaction action {};
  ASSERT_EQ(sigaction(SIGCHLD, nullptr, &action), 0);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace graft
