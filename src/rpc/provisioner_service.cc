#include "rpc/provisioner_service.h"

#include <grpcpp/grpcpp.h>

#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "rpc/grpc_status.h"
#include "rpc/messages.h"
#include "rpc/preflights.h"
#include "rpc/watchers.h"
#include "wire/operation_proto.h"
#include "wire/operations_page.h"
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

// The answers to requests, on gRPC's thread.
class Answers {
 public:
  Answers(Provisioning& provisioning, Clock& clock) : provisioning_(provisioning), clock_(clock) {}

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
    return ToProto(provisioning_.Tablet(), clock_.Now());
  }

 private:
  Provisioning& provisioning_;
  Clock& clock_;
};

class RawProvisioner : public RawService, public ProvisionerService {
 public:
  RawProvisioner(Provisioning& provisioning, Clock& clock)
      : answers_(provisioning, clock), watchers_(provisioning, clock), preflights_(provisioning) {}

  grpc::Service& service() override { return *this; }
  void EndOpenCalls() override {
    watchers_.EndAll();
    preflights_.EndAll();
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
    return preflights_.Start(*request, *response, *context);
  }
  grpc::ServerWriteReactor<Bytes>* WatchOperation(Context* context, const Bytes* request) override {
    return watchers_.Start(*request, *context);
  }

 private:
  template <typename Request>
  Unary* Answer(Context& context, const Bytes& bytes, Bytes& response) const {
    absl::Status status;
    if (const absl::StatusOr<Request> request = ParseMessage<Request>(bytes); !request.ok()) {
      status = request.status();
    } else if (const auto answer = answers_.To(*request); !answer.ok()) {
      status = answer.status();
    } else {
      response = ToBytes(*answer);
    }
    Unary* reactor = context.DefaultReactor();
    reactor->Finish(ToGrpc(status, context));
    return reactor;
  }

  const Answers answers_;
  Watchers watchers_;
  Preflights preflights_;
};

}  // namespace

std::unique_ptr<ProvisionerService> MakeProvisionerService(Provisioning& provisioning,
                                                           Clock& clock) {
  return std::make_unique<RawProvisioner>(provisioning, clock);
}

}  // namespace graft
