#include "testing/ports.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "mysqld/tablet_dir.h"

namespace graft {
namespace {

constexpr int kFirst = 20000;
constexpr int kLast = 31999;
constexpr int kTries = 1000;

// Holds the port's lock file for as long as this program runs.
bool Reserve(const std::string& folder, int port) {
  const int fd = open(absl::StrCat(folder, "/", port).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  close(fd);
  return false;
}

}  // namespace

int FreePort() {
  static std::mutex mutex;
  static std::set<int> given;
  static std::mt19937 random{std::random_device{}()};
  const std::lock_guard<std::mutex> lock(mutex);
  const std::string folder =
      (std::filesystem::temp_directory_path() / absl::StrCat("graft-ports-", getuid())).string();
  std::filesystem::create_directories(folder);
  for (int i = 0; i < kTries; ++i) {
    const int port = std::uniform_int_distribution<int>(kFirst, kLast)(random);
    if (given.count(port) != 0 || !CheckPortFree("127.0.0.1", port).ok()) continue;
    if (!Reserve(folder, port)) continue;
    given.insert(port);
    return port;
  }
  std::cerr << "no free port from " << kFirst << " to " << kLast << "\n";
  abort();
}

}  // namespace graft
