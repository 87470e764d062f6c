// Messages as bytes. Every method of the service is raw, because gRPC answers a request that it
// cannot read with UNIMPLEMENTED and no text.
#ifndef GRAFT_RPC_MESSAGES_H_
#define GRAFT_RPC_MESSAGES_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

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

}  // namespace graft

#endif  // GRAFT_RPC_MESSAGES_H_
