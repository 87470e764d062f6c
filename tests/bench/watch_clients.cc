// Many watchers in one process: opens WatchOperation streams, says "ready" on stdout once each of
// them has its first message, and at SIGTERM how many messages came after that.
//
//   graft_bench_watchers ADDRESS OPERATION STREAMS

#include <grpcpp/grpcpp.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/synchronization/blocking_counter.h"
#include "graft/v1/provisioner.grpc.pb.h"

namespace {

using graft::v1::Operation;
using graft::v1::Provisioner;

// The agent allows that many on one connection.
constexpr int kStreamsPerConnection = 100;

class Watcher : public grpc::ClientReadReactor<Operation> {
 public:
  Watcher(Provisioner::Stub& stub, const std::string& operation, absl::BlockingCounter& waiting,
          std::atomic<int64_t>& messages)
      : waiting_(waiting), messages_(messages) {
    request_.set_id(operation);
    stub.async()->WatchOperation(&context_, &request_, this);
    StartRead(&message_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (first_) {
      first_ = false;
      waiting_.DecrementCount();
    } else {
      messages_.fetch_add(1, std::memory_order_relaxed);
    }
    StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED && !status.ok()) {
      std::cerr << "a watcher ended: " << status.error_message() << std::endl;
    }
    done_.DecrementCount();
  }

  void Cancel() { context_.TryCancel(); }
  void AwaitEnd() { done_.Wait(); }

 private:
  grpc::ClientContext context_;
  graft::v1::WatchOperationRequest request_;
  Operation message_;
  bool first_ = true;
  absl::BlockingCounter& waiting_;
  std::atomic<int64_t>& messages_;
  absl::BlockingCounter done_{1};
};

std::unique_ptr<Provisioner::Stub> NewConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  // Otherwise all channels to one address share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return Provisioner::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

void Watch(const std::string& address, const std::string& operation, int streams) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, nullptr);  // before gRPC's threads are there
  absl::BlockingCounter waiting(streams);
  std::atomic<int64_t> messages{0};
  std::vector<std::unique_ptr<Provisioner::Stub>> stubs;
  std::vector<std::unique_ptr<Watcher>> watchers;
  watchers.reserve(static_cast<size_t>(streams));
  for (int i = 0; i < streams; ++i) {
    if (i % kStreamsPerConnection == 0) stubs.push_back(NewConnection(address));
    watchers.push_back(std::make_unique<Watcher>(*stubs.back(), operation, waiting, messages));
  }
  waiting.Wait();
  messages = 0;
  std::cout << "ready" << std::endl;
  int signal = 0;
  sigwait(&term, &signal);
  std::cout << "messages " << messages << std::endl;
  for (const auto& watcher : watchers) watcher->Cancel();
  for (const auto& watcher : watchers) watcher->AwaitEnd();
}

}  // namespace

int main(int argc, char** argv) {
  int streams = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[3], &streams) || streams < 1) {
    std::cerr << "usage: graft_bench_watchers ADDRESS OPERATION STREAMS\n";
    return 2;
  }
  Watch(argv[1], argv[2], streams);
  return 0;
}
