// serve_scene <scene>: serves a scene's pages on a free port of 127.0.0.1, prints the port, and
// ends with its standard input. For a browser's look at states that are hard to bring about.

#include <iostream>
#include <memory>
#include <string>

#include "base/clocks.h"
#include "testing/scene_agent.h"

int main(int argc, char** argv) {
  const std::unique_ptr<graft::Clock> clock = graft::MakeRealClock();
  graft::SceneAgent agent(graft::SceneByName(argc > 1 ? argv[1] : "", clock->Now()));
  const auto server = graft::MakeHttpServer(agent.Sources(*clock), {"127.0.0.1", 0});
  if (!server.ok()) {
    std::cerr << server.status() << "\n";
    return 1;
  }
  std::cout << (*server)->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
}
