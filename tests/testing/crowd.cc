#include "testing/crowd.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace graft {
namespace {

// The code of a child process between fork() and _exit(): only system calls.
void MakeConnections(int port, int connections, absl::string_view greeting, int ready, int stop) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char made = 1;
  for (int i = 0; i < connections; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) made = 0;
    if (!greeting.empty()) send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL);
  }
  if (write(ready, &made, 1) != 1) _exit(1);
  char nothing = 0;
  while (read(stop, &nothing, 1) > 0) {
  }
  _exit(0);
}

}  // namespace

CrowdProcess::CrowdProcess(int port, int connections, absl::string_view greeting) {
  int ready[2];
  int stop[2];
  EXPECT_EQ(pipe(ready), 0);
  EXPECT_EQ(pipe(stop), 0);
  pid_ = fork();
  if (pid_ == 0) {
    close(stop[1]);
    MakeConnections(port, connections, greeting, ready[1], stop[0]);
  }
  close(ready[1]);
  close(stop[0]);
  stop_ = stop[1];
  char made = 0;
  EXPECT_EQ(read(ready[0], &made, 1), 1);
  EXPECT_EQ(made, 1) << "not every connection could be made";
  close(ready[0]);
}

void CrowdProcess::Leave() {
  if (pid_ <= 0) return;
  close(stop_);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace graft
