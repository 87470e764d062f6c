#include "rpc/api_probe.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/listen.h"

namespace graft {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(2);
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kTooOld = absl::Seconds(10);

std::string AddressOf(const std::string& bind_address, int port) {
  const bool every = bind_address.empty() || bind_address == "0.0.0.0" || bind_address == "::" ||
                     bind_address == "[::]";
  return AddressText(every ? "127.0.0.1" : bind_address, port);
}

}  // namespace

ApiProbe::ApiProbe(Clock& clock, const std::string& bind_address, int port)
    : clock_(clock), address_(AddressOf(bind_address, port)), asked_(clock.Now()) {}

void ApiProbe::Serve() {
  do {
    absl::Status answer = Ask();
    absl::MutexLock lock(&mutex_);
    last_ = std::move(answer);
    asked_ = clock_.Now();
  } while (stop_.WaitFor(clock_, kInterval) != WaitEnd::kCancelled);
}

absl::Status ApiProbe::Last() const {
  absl::MutexLock lock(&mutex_);
  const absl::Duration age = clock_.Now() - asked_;
  if (age > kTooOld) {
    return absl::UnavailableError(absl::StrCat("nobody has asked it for ", HumanDuration(age)));
  }
  return last_;
}

// grpc.health.v1 has no C++ header in Debian: an empty request means the whole server.
absl::Status ApiProbe::Ask() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else the connection may be an old one
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kPatience));
  grpc::CompletionQueue queue;
  const grpc::Slice whole_server;
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                          grpc::ByteBuffer(&whole_server, 1), &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->StartCall();
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);  // within the call's deadline
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(address_, ": ", status.error_message()));
}

}  // namespace graft
