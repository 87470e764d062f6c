// The HTTP server over real sockets, for the test files that share it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "http/http_server.h"
#include "testing/http_client.h"
#include "testing/scene_agent.h"

namespace graft {

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

}  // namespace graft
