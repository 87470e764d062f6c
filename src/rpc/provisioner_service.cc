#include "rpc/provisioner_service.h"

#include <grpcpp/grpcpp.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "rpc/messages.h"
#include "rpc/other_agent.h"
#include "rpc/watcher.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {
namespace {

using Context = grpc::CallbackServerContext;
using Bytes = grpc::ByteBuffer;
using Unary = grpc::ServerUnaryReactor;

using P = v1::Provisioner;
using RawService = P::WithRawCallbackMethod_Reprovision<P::WithRawCallbackMethod_Release<
    P::WithRawCallbackMethod_Preflight<P::WithRawCallbackMethod_GetOperation<
        P::WithRawCallbackMethod_ListOperations<P::WithRawCallbackMethod_WatchOperation<
            P::WithRawCallbackMethod_CancelOperation<P::WithRawCallbackMethod_ThrottleOperation<
                P::WithRawCallbackMethod_GetTablet<P::Service>>>>>>>>>;

absl::StatusOr<v1::Operation> Shown(const absl::StatusOr<Operation>& operation) {
  if (!operation.ok()) return operation.status();
  return ToProto(*operation);
}

constexpr size_t kMostPreflights = 1000;  // the desk refuses far fewer already
constexpr char kAskAgain[] = "ask again when it is back";

// A Preflight call that has not been answered yet. It is answered from whichever thread brings the
// report, at once when its client goes away or the server ends, and then never again: a report that
// comes later finds nobody and is dropped.
class PreflightCall : public grpc::ServerUnaryReactor {
 public:
  PreflightCall(std::shared_ptr<OpenCalls<PreflightCall>> open, grpc::ByteBuffer& response,
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
  const std::shared_ptr<OpenCalls<PreflightCall>> open_;
  grpc::ByteBuffer& response_;
  grpc::CallbackServerContext& context_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class RawProvisioner : public RawService, public ProvisionerService {
 public:
  RawProvisioner(Provisioning& provisioning, Clock& clock)
      : provisioning_(provisioning),
        clock_(clock),
        watchers_(provisioning, clock),
        preflights_(std::make_shared<OpenCalls<PreflightCall>>(kMostPreflights)) {}

  grpc::Service& service() override { return *this; }
  void EndOpenCalls() override {
    watchers_.EndAll();
    for (const auto& call : preflights_->Close()) call->End(Stopping(kAskAgain));
  }

  Unary* Reprovision(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::ReprovisionRequest>(*context, *request, *response);
  }
  Unary* Release(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::ReleaseRequest>(*context, *request, *response);
  }
  Unary* GetOperation(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::GetOperationRequest>(*context, *request, *response);
  }
  Unary* ListOperations(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::ListOperationsRequest>(*context, *request, *response);
  }
  Unary* CancelOperation(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::CancelOperationRequest>(*context, *request, *response);
  }
  Unary* ThrottleOperation(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::ThrottleOperationRequest>(*context, *request, *response);
  }
  Unary* GetTablet(Context* context, const Bytes* request, Bytes* response) override {
    return Answer<v1::GetTabletRequest>(*context, *request, *response);
  }
  Unary* Preflight(Context* context, const Bytes* request, Bytes* response) override {
    const auto call = std::make_shared<PreflightCall>(preflights_, *response, *context);
    const absl::StatusOr<ReprovisionCall> asked = ParsePreflight(*context, *request);
    const auto place = preflights_->Add(call);
    if (place == OpenCalls<PreflightCall>::Place::kClosed) {
      call->End(Stopping(kAskAgain));
    } else if (place == OpenCalls<PreflightCall>::Place::kFull) {
      call->End(absl::ResourceExhaustedError("too many preflights wait already; ask again later"));
    } else if (!asked.ok()) {
      call->End(asked.status());
    } else {
      // Only gRPC and preflights_ keep a call alive: nobody else knows when it may die.
      provisioning_.Preflight(*asked, [weak = std::weak_ptr<PreflightCall>(call)](
                                          const absl::StatusOr<PreflightReport>& report) {
        if (const auto waiting = weak.lock()) waiting->End(report);
      });
    }
    return call.get();
  }
  grpc::ServerWriteReactor<Bytes>* WatchOperation(Context* context, const Bytes* request) override {
    return watchers_.Start(*request, *context);
  }

 private:
  // The answers to requests, on gRPC's thread.
  absl::StatusOr<v1::Operation> To(const v1::ReprovisionRequest& request) const {
    GRAFT_ASSIGN_OR_RETURN(const ReprovisionCall call, FromProto(request));
    return Shown(provisioning_.Reprovision(call));
  }
  absl::StatusOr<v1::Operation> To(const v1::ReleaseRequest& request) const {
    GRAFT_ASSIGN_OR_RETURN(const ReleaseCall call, FromProto(request));
    return Shown(provisioning_.Release(call));
  }
  absl::StatusOr<v1::Operation> To(const v1::GetOperationRequest& request) const {
    GRAFT_RETURN_IF_ERROR(CheckOperationId(request.id()));
    return Shown(provisioning_.Get(request.id()));
  }
  absl::StatusOr<v1::ListOperationsResponse> To(const v1::ListOperationsRequest& request) const {
    return OperationsPage(provisioning_.List(), request);
  }
  absl::StatusOr<v1::Operation> To(const v1::CancelOperationRequest& request) const {
    GRAFT_RETURN_IF_ERROR(CheckOperationId(request.id()));
    return Shown(provisioning_.Cancel(request.id(), WishOf(request)));
  }
  absl::StatusOr<v1::Operation> To(const v1::ThrottleOperationRequest& request) const {
    GRAFT_ASSIGN_OR_RETURN(const CloneSettings settings, FromProto(request));
    return Shown(provisioning_.Throttle(request.id(), settings));
  }
  absl::StatusOr<v1::GetTabletResponse> To(const v1::GetTabletRequest& /*request*/) const {
    v1::GetTabletResponse tablet = ToProto(provisioning_.Tablet(), clock_.Now());
    tablet.set_process(ProcessMark());
    return tablet;
  }

  absl::StatusOr<ReprovisionCall> ParsePreflight(const Context& context, const Bytes& bytes) const {
    GRAFT_RETURN_IF_ERROR(CheckTablet(context, provisioning_.Tablet().alias));
    GRAFT_ASSIGN_OR_RETURN(const auto request, ParseMessage<v1::PreflightRequest>(bytes));
    return FromProto(request);
  }

  template <typename Request>
  Unary* Answer(Context& context, const Bytes& bytes, Bytes& response) const {
    absl::Status status = CheckTablet(context, provisioning_.Tablet().alias);
    if (!status.ok()) {
      // Nothing is done for another tablet.
    } else if (const absl::StatusOr<Request> request = ParseMessage<Request>(bytes);
               !request.ok()) {
      status = request.status();
    } else if (const auto answer = To(*request); !answer.ok()) {
      status = answer.status();
    } else {
      response = ToBytes(*answer);
    }
    Unary* reactor = context.DefaultReactor();
    reactor->Finish(ToGrpc(status, context));
    return reactor;
  }

  Provisioning& provisioning_;
  Clock& clock_;
  Watchers watchers_;
  const std::shared_ptr<OpenCalls<PreflightCall>> preflights_;
};

}  // namespace

std::unique_ptr<ProvisionerService> MakeProvisionerService(Provisioning& provisioning,
                                                           Clock& clock) {
  return std::make_unique<RawProvisioner>(provisioning, clock);
}

}  // namespace graft
