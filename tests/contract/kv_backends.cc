#include "contract/kv_backends.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "etcd/etcd_store.h"
#include "fakes/fake_store.h"
#include "filestore/folder_store.h"
#include "graft/cancellation.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

Clock& RealClock() {
  static Clock& clock = *MakeRealClock().release();
  return clock;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    abort();
  }
  return *std::move(value);
}

class FakeBackend : public KvBackend {
 public:
  KeyValueStore& first() override { return store_; }
  KeyValueStore& second() override { return store_; }
  void PassTime(absl::Duration duration) override {
    clock_.Advance(duration);
    store_.Tick();
  }

 private:
  SimulatedClock clock_;
  FakeStore store_{clock_};
};

class FolderBackend : public KvBackend {
 public:
  KeyValueStore& first() override { return *first_; }
  KeyValueStore& second() override { return *second_; }
  void PassTime(absl::Duration duration) override { PassRealTime(duration); }

 private:
  TempFolder folder_;
  std::unique_ptr<KeyValueStore> first_ = OrDie(MakeFolderStore(RealClock(), folder_.path()));
  std::unique_ptr<KeyValueStore> second_ = OrDie(MakeFolderStore(RealClock(), folder_.path()));
};

class EtcdBackend : public KvBackend {
 public:
  EtcdBackend() {
    const absl::Status status = etcd_.Start();
    if (!status.ok()) {
      ADD_FAILURE() << status;
      abort();
    }
    EtcdOptions options;
    options.endpoints = {etcd_.endpoint()};
    first_ = OrDie(MakeEtcdStore(RealClock(), options));
    second_ = OrDie(MakeEtcdStore(RealClock(), options));
  }
  KeyValueStore& first() override { return *first_; }
  KeyValueStore& second() override { return *second_; }
  void PassTime(absl::Duration duration) override { PassRealTime(duration); }

 private:
  EtcdProcess etcd_;
  std::unique_ptr<KeyValueStore> first_;
  std::unique_ptr<KeyValueStore> second_;
};

}  // namespace

TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "graft-kv-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) {
    ADD_FAILURE() << "mkdtemp " << path_ << ": " << strerror(errno);
    abort();
  }
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void PassRealTime(absl::Duration duration) {
  Cancellation().WaitFor(RealClock(), duration);
}

bool Eventually(const std::function<bool()>& condition, absl::Duration limit) {
  const absl::Time deadline = RealClock().Now() + limit;
  while (!condition()) {
    if (RealClock().Now() >= deadline) return false;
    PassRealTime(absl::Milliseconds(20));
  }
  return true;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0) << strerror(errno);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

absl::StatusOr<pid_t> StartProcess(const std::vector<std::string>& arguments,
                                   const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return absl::UnavailableError(absl::StrCat("fork: ", strerror(errno)));
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a crashed test leaves nothing behind
  const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execvp(argv[0], argv.data());
  _exit(127);
}

EtcdProcess::EtcdProcess()
    : endpoint_(absl::StrCat("127.0.0.1:", FreePort())),
      other_endpoint_(absl::StrCat("127.0.0.1:", FreePort())),
      peer_(absl::StrCat("http://127.0.0.1:", FreePort())) {}

EtcdProcess::~EtcdProcess() {
  Kill();
}

absl::Status EtcdProcess::Start() {
  const std::string url = absl::StrCat("http://", endpoint_);
  const std::string log = folder_.path() + "/log";
  const size_t log_start = ReadAll(log).size();
  GRAFT_ASSIGN_OR_RETURN(
      pid_, StartProcess({"etcd", "--name=t", "--data-dir=" + folder_.path() + "/data",
                          "--listen-client-urls=" + url, "--advertise-client-urls=" + url,
                          "--listen-peer-urls=" + peer_, "--initial-advertise-peer-urls=" + peer_,
                          "--initial-cluster=t=" + peer_, "--heartbeat-interval=50",
                          "--election-timeout=500", "--unsafe-no-fsync"},
                         log));
  // Not by asking it: a read that comes before etcd 3.4 has a leader blocks all reads for 7 s.
  const std::string ready = "ready to serve client requests";
  const bool ended = !Eventually([&] {
    return absl::StrContains(absl::string_view(ReadAll(log)).substr(log_start), ready) ||
           waitpid(pid_, nullptr, WNOHANG) != 0;
  });
  if (!ended && kill(pid_, 0) == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("etcd does not start (is it installed?): ", ReadAll(log)));
}

absl::Status EtcdProcess::StartElsewhere() {
  Kill();
  std::swap(endpoint_, other_endpoint_);
  return Start();
}

absl::Status EtcdProcess::Stop() const {
  EtcdOptions options;
  options.endpoints = {endpoint_};
  options.call_timeout = absl::Milliseconds(200);
  GRAFT_ASSIGN_OR_RETURN(auto probe, MakeEtcdStore(RealClock(), options));
  kill(pid_, SIGSTOP);
  // The signal takes effect a little later; only silence proves that it has.
  const bool stopped = Eventually(
      [&] { return probe->List("/").status().code() == absl::StatusCode::kDeadlineExceeded; });
  return stopped ? absl::OkStatus() : absl::InternalError("etcd goes on after SIGSTOP");
}

void EtcdProcess::Continue() const {
  kill(pid_, SIGCONT);
}

void EtcdProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

absl::Status EtcdProcess::Ctl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {"env", "ETCDCTL_API=3", "etcdctl",
                                  "--endpoints=http://" + endpoint_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::string output = folder_.path() + "/ctl";
  GRAFT_ASSIGN_OR_RETURN(const pid_t pid, StartProcess(all, output));
  int status = 0;
  waitpid(pid, &status, 0);
  if (status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("etcdctl: ", ReadAll(output)));
}

std::unique_ptr<KvBackend> MakeFakeBackend() {
  return std::make_unique<FakeBackend>();
}
std::unique_ptr<KvBackend> MakeFolderBackend() {
  return std::make_unique<FolderBackend>();
}
std::unique_ptr<KvBackend> MakeEtcdBackend() {
  return std::make_unique<EtcdBackend>();
}

std::function<void(const KeyEvent&)> EventLog::Callback() {
  return [this](const KeyEvent& event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(event);
  };
}

std::vector<std::string> EventLog::Wait(size_t count, absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return events_.size() >= count; };
  mutex_.AwaitWithTimeout(absl::Condition(&enough), limit);
  std::vector<std::string> lines;
  for (const KeyEvent& event : events_) {
    lines.push_back(event.kind == KeyEvent::Kind::kDelete
                        ? absl::StrCat("delete ", event.item.key)
                        : absl::StrCat("put ", event.item.key, "=", event.item.value));
  }
  return lines;
}

std::vector<KeyEvent> EventLog::events() const {
  absl::MutexLock lock(&mutex_);
  return events_;
}

}  // namespace graft
