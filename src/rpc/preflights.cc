#include "rpc/preflights.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "rpc/grpc_status.h"
#include "rpc/messages.h"
#include "wire/preflight_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {

class Preflights::Call : public grpc::ServerUnaryReactor {
 public:
  Call(std::shared_ptr<OpenCalls<Call>> open, grpc::ByteBuffer& response,
       grpc::CallbackServerContext& context)
      : open_(std::move(open)), response_(response), context_(context) {}

  // The first end counts.
  void End(const absl::StatusOr<PreflightReport>& report) {
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      ended_ = true;
    }
    // gRPC keeps both until Finish() was called, and only one thread gets here, once.
    if (report.ok()) response_ = ToBytes(ToProto(*report));
    Finish(ToGrpc(report.status(), context_));
  }

  void OnCancel() override { End(absl::CancelledError("the client has gone")); }
  void OnDone() override { open_->Remove(this); }

 private:
  const std::shared_ptr<OpenCalls<Call>> open_;
  grpc::ByteBuffer& response_;
  grpc::CallbackServerContext& context_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

namespace {
// The desk refuses far fewer already.
constexpr size_t kMostCalls = 1000;

absl::Status Stopping() {
  return WithReason(absl::UnavailableError("the agent is stopping; ask again when it is back"),
                    Reason::kAgentStopping);
}

absl::StatusOr<ReprovisionCall> Parse(const grpc::ByteBuffer& bytes) {
  GRAFT_ASSIGN_OR_RETURN(const auto request, ParseMessage<v1::PreflightRequest>(bytes));
  return FromProto(request);
}
}  // namespace

Preflights::Preflights(Provisioning& provisioning)
    : provisioning_(provisioning), open_(std::make_shared<OpenCalls<Call>>(kMostCalls)) {}

Preflights::~Preflights() = default;

grpc::ServerUnaryReactor* Preflights::Start(const grpc::ByteBuffer& request,
                                            grpc::ByteBuffer& response,
                                            grpc::CallbackServerContext& context) {
  const auto call = std::make_shared<Call>(open_, response, context);
  const absl::StatusOr<ReprovisionCall> asked = Parse(request);
  const auto place = open_->Add(call);
  if (place == OpenCalls<Call>::Place::kClosed) {
    call->End(Stopping());
  } else if (place == OpenCalls<Call>::Place::kFull) {
    call->End(absl::ResourceExhaustedError("too many preflights wait already; ask again later"));
  } else if (!asked.ok()) {
    call->End(asked.status());
  } else {
    // Only gRPC and open_ keep a call alive, because only they know its end.
    provisioning_.Preflight(
        *asked, [weak = std::weak_ptr<Call>(call)](const absl::StatusOr<PreflightReport>& report) {
          if (const std::shared_ptr<Call> waiting = weak.lock()) waiting->End(report);
        });
  }
  return call.get();
}

void Preflights::EndAll() {
  for (const auto& call : open_->Close()) call->End(Stopping());
}

}  // namespace graft
