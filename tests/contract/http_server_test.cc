// The HTTP server over real sockets.
#include "http/http_server.h"
#include "base/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "testing/http_client.h"
#include "testing/scene_agent.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() : agent_(IdleScene(clock_->Now())) {
    auto made = MakeHttpServer(agent_.Sources(*clock_), {"127.0.0.1", 0});
    EXPECT_TRUE(made.ok()) << made.status();
    if (made.ok()) server_ = *std::move(made);
  }

  HttpReply Ask(absl::string_view path, absl::string_view method = "GET") {
    return AskHttp(server_->port(), path, method);
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  SceneAgent agent_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, SaysThatItLives) {
  EXPECT_EQ(Ask("/healthz").status, 200);
  EXPECT_EQ(Ask("/healthz").body, "ok\n");
  EXPECT_EQ(Ask("/debug/liveness").status, 200);
}

TEST_F(HttpServerTest, SaysThatTheApiDoesNotAnswer) {
  absl::Status api = absl::UnavailableError("localhost:15999: Connection refused");
  HttpSources sources = agent_.Sources(*clock_);
  sources.api = [&api] { return api; };
  const auto server = MakeHttpServer(sources, {"127.0.0.1", 0});
  ASSERT_TRUE(server.ok()) << server.status();
  const HttpReply dead = AskHttp((*server)->port(), "/healthz");
  EXPECT_EQ(dead.status, 503);
  EXPECT_EQ(dead.body, "the API does not answer: localhost:15999: Connection refused\n");
  api = absl::OkStatus();
  EXPECT_EQ(AskHttp((*server)->port(), "/healthz").status, 200);
}

TEST_F(HttpServerTest, ReadinessIsTheTablets) {
  const HttpReply ready = Ask("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, "ok\nreplication lag: 3.0s\n");

  agent_.Show(FailedScene(clock_->Now()));
  const HttpReply not_ready = Ask("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_THAT(not_ready.body,
              AllOf(HasSubstr("the tablet's data is EMPTY: rebuild it with graftctl reprovision "
                              "zone1-0000000101\n"),
                    HasSubstr("mysqld does not answer: Can't connect")));
  EXPECT_EQ(Ask("/healthz").status, 200) << "it lives all the same";
}

// It does not know yet what the tablet is.
class StartingAgent : public SceneAgent {
 public:
  using SceneAgent::SceneAgent;
  absl::StatusOr<Operation> Get(absl::string_view /*id*/) override {
    return Failure(Reason::kAgentStarting, "it reads its journal");
  }
};

TEST_F(HttpServerTest, AnAgentThatIsStartingIsNotReady) {
  StartingAgent agent(IdleScene(clock_->Now()));
  const auto server = MakeHttpServer(agent.Sources(*clock_), {"127.0.0.1", 0});
  ASSERT_TRUE(server.ok()) << server.status();
  const HttpReply reply = AskHttp((*server)->port(), "/readyz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "AGENT_STARTING: it reads its journal\n");
}

TEST_F(HttpServerTest, HealthIsMysqlds) {
  EXPECT_EQ(Ask("/debug/health").body, "ok");
  agent_.Show(FailedScene(clock_->Now()));
  EXPECT_EQ(Ask("/debug/health").status, 500);
}

TEST_F(HttpServerTest, TheRootLeadsToThePage) {
  const HttpReply root = Ask("/");
  EXPECT_EQ(root.status, 302);
  EXPECT_EQ(root.headers.at("Location"), "debug/status");
  const HttpReply page = Ask("/debug/status?x=1");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<h1>zone1-0000000101</h1>"));
  EXPECT_EQ(page.headers.at("Content-Length"), absl::StrCat(page.body.size()));
}

TEST_F(HttpServerTest, ServesTheRest) {
  EXPECT_EQ(Ask("/metrics").body, "graft_up 1\n");
  EXPECT_THAT(Ask("/debug/vars").body, HasSubstr("\"TabletAlias\": \"zone1-0000000101\""));
  EXPECT_THAT(Ask("/debug/status.json").body, HasSubstr("\"whyNotReady\":[]"));
  const std::string fragment = Ask("/debug/status/fragment").body;
  EXPECT_TRUE(absl::StartsWith(fragment, "<main ")) << fragment.substr(0, 100);
}

TEST_F(HttpServerTest, NobodyElseMayFrameSniffOrKeepIt) {
  for (const char* path : {"/debug/status", "/healthz", "/nonsense", "/debug/status.json"}) {
    const HttpReply reply = Ask(path);
    EXPECT_EQ(reply.headers.at("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(reply.headers.at("Cache-Control"), "no-store") << path;
    EXPECT_THAT(reply.headers.at("Content-Security-Policy"),
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"),
                      Not(HasSubstr("unsafe"))))
        << path;
  }
  EXPECT_NE(Ask("/debug/status").headers.at("Content-Security-Policy"),
            Ask("/debug/status").headers.at("Content-Security-Policy"))
      << "a nonce is good for one answer";
}

TEST_F(HttpServerTest, UnknownPathsListTheKnown) {
  for (const char* path :
       {"/nonsense", "/debug", "/debug/", "/etc/passwd", "/debug/../../etc/passwd",
        "/debug/%2e%2e/%2e%2e/etc/passwd", "/debug/status/", "/DEBUG/status"}) {
    const HttpReply reply = Ask(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_THAT(reply.body, AllOf(HasSubstr("/debug/status"), HasSubstr("/readyz"))) << path;
  }
}

TEST_F(HttpServerTest, NothingCanBeChanged) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const HttpReply reply = Ask("/debug/status", method);
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(reply.headers.at("Allow"), "GET, HEAD") << method;
  }
  const HttpReply head = Ask("/debug/status", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.body, IsEmpty());
  EXPECT_GT(std::stoi(head.headers.at("Content-Length")), 1000);
}

TEST_F(HttpServerTest, NonsenseIsRefused) {
  for (const std::string& text :
       {std::string("garbage\r\n\r\n"), std::string("GET\r\n\r\n"),
        absl::StrCat("GET /", std::string(20000, 'a'), " HTTP/1.1\r\n\r\n"),
        absl::StrCat("GET / HTTP/1.1\r\nX: ", std::string(20000, 'a'), "\r\n\r\n")}) {
    const TcpConnection connection(server_->port());
    connection.Write(text);
    const int status = ParseReply(connection.ReadAll()).status;
    EXPECT_TRUE(status == 0 || (status >= 400 && status < 500)) << status;
  }
  EXPECT_EQ(Ask("/healthz").status, 200);
}

TEST_F(HttpServerTest, SilentConnectionsShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(silent.back()->open());
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
  }
}

// Slower than silence: a part of a request keeps a worker.
TEST_F(HttpServerTest, SlowConnectionsShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(slow.back()->Write("GET /healthz HTTP/1.1\r\nX-A"));
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
  }
}

TEST_F(HttpServerTest, BodiesThatNeverComeShutNobodyOut) {
  std::vector<std::unique_ptr<TcpConnection>> promising;
  for (int i = 0; i < 20; ++i) {
    promising.push_back(std::make_unique<TcpConnection>(server_->port()));
    ASSERT_TRUE(promising.back()->Write("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"));
  }
  EXPECT_EQ(AskHttp(server_->port(), "/healthz", "GET", absl::Seconds(2)).status, 200);
}

TEST_F(HttpServerTest, AnswersManyAtOnce) {
  std::vector<int> statuses(40);
  std::vector<std::thread> clients;
  for (int& status : statuses) {
    clients.emplace_back([&] { status = Ask("/debug/status").status; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_THAT(statuses, Each(200));
}

TEST_F(HttpServerTest, ShutdownDoesNotWaitForSilentClients) {
  const TcpConnection silent(server_->port());
  const TcpConnection slow(server_->port());
  slow.Write("GET /");
  const absl::Time begin = absl::Now();
  const int port = server_->port();
  server_->Shutdown();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  EXPECT_EQ(AskHttp(port, "/healthz").status, 0);
  server_->Shutdown();  // again is nothing
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
  const auto second =
      MakeHttpServer(agent_.Sources(*clock_), {"127.0.0.1", server_->port()}).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.message()),
              AllOf(HasSubstr(absl::StrCat("--port ", server_->port())),
                    HasSubstr("Address already in use")));
  EXPECT_EQ(Ask("/healthz").status, 200);
}

TEST_F(HttpServerTest, AnAddressThatIsNotHereIsNamed) {
  const auto status = MakeHttpServer(agent_.Sources(*clock_), {"192.0.2.1", 0}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("192.0.2.1"));
  const auto unknown =
      MakeHttpServer(agent_.Sources(*clock_), {"no-such-host.invalid", 0}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("--bind-address no-such-host.invalid"));
  EXPECT_EQ(MakeHttpServer(agent_.Sources(*clock_), {"", 65536}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(HttpServerTest, AnyAddressAndANameAreListenedOn) {
  for (const char* address : {"", "localhost"}) {
    const auto server = MakeHttpServer(agent_.Sources(*clock_), {address, 0});
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_EQ(AskHttp((*server)->port(), "/healthz").status, 200) << address;
  }
}

// civetweb's documentation says that it ignores SIGCHLD, which would keep the agent from waiting
// for the commands that it starts.
TEST_F(HttpServerTest, ChildrenCanStillBeWaitedFor) {
  struct sigaction action {};
  ASSERT_EQ(sigaction(SIGCHLD, nullptr, &action), 0);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace graft
