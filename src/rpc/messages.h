// How messages and failures travel over gRPC. Messages are bytes: every method of the service is
// raw, because gRPC answers a request that it cannot read with UNIMPLEMENTED and no text.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "rpc/provisioner_server.h"

namespace graft {

// INVALID_ARGUMENT: the bytes are no `Message`.
template <typename Message>
absl::StatusOr<Message> ParseMessage(const grpc::ByteBuffer& buffer) {
  Message message;
  grpc::ByteBuffer bytes = buffer;  // reading empties it
  if (!grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request is no ", Message::descriptor()->full_name()));
  }
  return message;
}

template <typename Message>
grpc::ByteBuffer ToBytes(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Fails for messages of 2 GiB and more alone.
  (void)grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  return bytes;
}

// Same code, same text; the reason, if there is one, goes to `context`'s trailing metadata. Not to
// be called once the call was finished.
inline grpc::Status ToGrpc(const absl::Status& status, grpc::CallbackServerContext& context) {
  if (status.ok()) return grpc::Status::OK;
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    context.AddTrailingMetadata(kReasonMetadata, reason);
  }
  // Both enums are the same numbers by design.
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

// What ends a call that is open when the agent stops; `text` says what to do then.
inline absl::Status Stopping(absl::string_view text) {
  return WithReason(absl::UnavailableError(absl::StrCat("the agent is stopping; ", text)),
                    Reason::kAgentStopping);
}

}  // namespace graft
