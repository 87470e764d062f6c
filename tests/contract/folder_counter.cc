// folder_counter FOLDER COUNT PADDING: counts up in a folder store, as another process of its
// tests.
#include <iostream>

#include "absl/strings/numbers.h"
#include "base/clocks.h"
#include "contract/count_up.h"
#include "filestore/folder_store.h"

int main(int argc, char** argv) {
  int count = 0;
  size_t padding = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &count) || !absl::SimpleAtoi(argv[3], &padding)) {
    return 2;
  }
  const std::unique_ptr<graft::Clock> clock = graft::MakeRealClock();
  const auto store = graft::MakeFolderStore(*clock, argv[1]);
  const absl::Status status =
      store.ok() ? graft::CountUp(**store, count, padding) : absl::Status(store.status());
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
