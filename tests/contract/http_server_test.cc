// The HTTP server over real sockets: its answers and its addresses.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/listen.h"
#include "contract/http_suite.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
                              "zone1-0000000101 --from-any --watch\n"),
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
  // The body need not come.
  const TcpConnection post(server_->port());
  post.Write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\nbegin");
  EXPECT_EQ(ParseReply(post.ReadAll()).status, 405);
}

TEST_F(HttpServerTest, AHeadHasTheLengthAndNoBody) {
  for (const char* path : {"/metrics", "/nonsense", "/"}) {
    const HttpReply head = Ask(path, "HEAD");
    const HttpReply get = Ask(path);
    EXPECT_EQ(head.status, get.status) << path;
    EXPECT_THAT(head.body, IsEmpty()) << path;
    EXPECT_EQ(head.headers.at("Content-Length"), absl::StrCat(get.body.size())) << path;
    EXPECT_EQ(head.headers.at("Content-Type"), get.headers.at("Content-Type")) << path;
  }
}

// Without an answer, since what was sent is not even HTTP.
TEST_F(HttpServerTest, NonsenseIsRefused) {
  for (const char* text : {"garbage\r\n\r\n", "GET\r\n\r\n"}) {
    const TcpConnection connection(server_->port());
    connection.Write(text);
    EXPECT_EQ(ParseReply(connection.ReadAll()).status, 0) << text;
    EXPECT_TRUE(connection.IsClosed()) << text;
  }
  EXPECT_EQ(Ask("/healthz").status, 200);
}

TEST_F(HttpServerTest, BadRequestsAreAnsweredSo) {
  const std::string get = "GET /healthz HTTP/1.1\r\n";
  const std::string host = "Host: a\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {get + "\r\n", 200},  // a load balancer may name no host
      {"GET / a b HTTP/1.1\r\n" + host + "\r\n", 404},
      {get + host + "no colon\r\n\r\n", 400},
      {get + host + "Content-Length: x\r\n\r\n", 400},
      {absl::StrCat("GET /", std::string(100'000, 'a'), " HTTP/1.1\r\n", host, "\r\n"), 414},
      {absl::StrCat("GET /?", std::string(20'000, '&'), " HTTP/1.1\r\n", host, "\r\n"), 414},
      {absl::StrCat(get, host, "X: ", std::string(100'000, 'a'), "\r\n\r\n"), 431}};
  for (const auto& [text, status] : cases) {
    const TcpConnection connection(server_->port());
    EXPECT_TRUE(connection.Write(text));
    EXPECT_EQ(ParseReply(connection.ReadAll()).status, status) << text.substr(0, 60);
    EXPECT_EQ(Ask("/healthz").status, 200) << "after " << text.substr(0, 60);
  }
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
  const auto second =
      MakeHttpServer(agent_.Sources(*clock_), {"127.0.0.1", server_->port()}).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.message(),
            absl::StrCat("cannot listen on 127.0.0.1:", server_->port(),
                         ": Address already in use; choose another --port or --bind-address"));
  EXPECT_EQ(Ask("/healthz").status, 200);
}

// Without IPv6 the server would look as if it served every address.
TEST_F(HttpServerTest, APortThatIsTakenOnIpv6AloneIsTaken) {
  const Fd other(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(setsockopt(other.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  ASSERT_EQ(bind(other.get(), reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(listen(other.get(), 1), 0);
  const auto status = MakeHttpServer(agent_.Sources(*clock_), {"", PortOf(other)}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("[::]:"));
}

TEST_F(HttpServerTest, AnAddressThatIsNotHereIsNamed) {
  const auto status = MakeHttpServer(agent_.Sources(*clock_), {"192.0.2.1", 0}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("192.0.2.1:0: Cannot assign requested address"));
  const auto unknown =
      MakeHttpServer(agent_.Sources(*clock_), {"no-such-host.invalid", 0}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("--bind-address no-such-host.invalid"));
  EXPECT_EQ(MakeHttpServer(agent_.Sources(*clock_), {"", 65536}).status(),
            absl::InvalidArgumentError("--port 65536: must be 0 to 65535"));
}

TEST_F(HttpServerTest, BindAddressesOfBothFamilies) {
  struct Case {
    const char* address;
    bool ipv4;
    bool ipv6;
  };
  for (const Case& one :
       {Case{"", true, true}, Case{"::", true, true}, Case{"[::]", true, true},
        Case{"0.0.0.0", true, false}, Case{"127.0.0.1", true, false}, Case{"::1", false, true}}) {
    const auto server = MakeHttpServer(agent_.Sources(*clock_), {one.address, 0});
    ASSERT_TRUE(server.ok()) << server.status();
    const auto answers = [&](const char* address) {
      return AskHttp((*server)->port(), "/healthz", "GET", absl::Seconds(10), address).status;
    };
    EXPECT_EQ(answers("127.0.0.1"), one.ipv4 ? 200 : 0) << one.address;
    EXPECT_EQ(answers("::1"), one.ipv6 ? 200 : 0) << one.address;
  }
}

// On each of its addresses: /etc/hosts says whether IPv6 is among them.
TEST_F(HttpServerTest, ANameIsListenedOn) {
  const auto server = MakeHttpServer(agent_.Sources(*clock_), {"localhost", 0});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(AskHttp((*server)->port(), "/healthz").status, 200);
}

}  // namespace
}  // namespace graft
