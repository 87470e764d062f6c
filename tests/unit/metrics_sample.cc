// Prints one scrape with a sample of everything that an agent may say, for metrics_docs_test.py:
// of one whose operation runs, or, with --failed, of one whose operation has failed.
#include <cstdio>
#include <string>

#include "unit/metrics_world.h"

int main(int argc, char** argv) {
  graft::MetricsWorld world;
  world.Fill();
  if (argc > 1 && std::string(argv[1]) == "--failed") {
    world.operation->outcome = graft::Outcome::kFailed;
    world.tablet.alias.uid = 102;
    world.tablet.replication.clear();
  }
  std::fputs(world.metrics->Text().c_str(), stdout);
  return 0;
}
