// How messages and failures travel over gRPC. Messages are bytes: every method of the service is
// raw, because gRPC answers a request that it cannot read with UNIMPLEMENTED and no text.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "graft/tablet.h"
#include "rpc/provisioner_server.h"
#include "wire/metadata.h"

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

// OTHER_TABLET: the call is meant for another tablet than `own`; nothing is to be done for it.
inline absl::Status CheckTablet(const grpc::CallbackServerContext& context,
                                const TabletAlias& own) {
  const auto& metadata = context.client_metadata();
  const auto meant = metadata.find(kTabletMetadata);
  if (meant == metadata.end()) return absl::OkStatus();
  const absl::string_view alias(meant->second.data(), meant->second.size());
  if (alias == own.ToString()) return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        "it is the agent of ", own.ToString(), ", not of ", alias,
                        ": name that tablet, or give --server with the other agent's address")),
                    Reason::kOtherTablet);
}

// What ends a call that is open when the agent stops; `text` says what to do then.
inline absl::Status Stopping(absl::string_view text) {
  return WithReason(absl::UnavailableError(absl::StrCat("the agent is stopping; ", text)),
                    Reason::kAgentStopping);
}

// OpenCalls: the reactors of calls that gRPC is not done with, and whether there may be more.
//
// A reactor adds itself when its call begins and removes itself in OnDone(). Safe for use from
// several threads.

template <typename Call>
class OpenCalls {
 public:
  enum class Place { kTaken, kFull, kClosed };

  explicit OpenCalls(size_t most) : most_(most) {}

  // The call is kept with every answer. Unless the answer is kTaken, the call has to end.
  Place Add(std::shared_ptr<Call> call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
    if (closed_) return Place::kClosed;
    return calls_.size() > most_ ? Place::kFull : Place::kTaken;
  }

  void Remove(const Call* call) {
    std::shared_ptr<Call> removed;  // dies after the lock is gone
    absl::MutexLock lock(&mutex_);
    for (auto& candidate : calls_) {
      if (candidate.get() != call) continue;
      removed = std::move(candidate);
      candidate = std::move(calls_.back());
      calls_.pop_back();
      return;
    }
  }

  std::vector<std::shared_ptr<Call>> All() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  // No more from now on. The calls that are open.
  std::vector<std::shared_ptr<Call>> Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    return calls_;
  }

 private:
  const size_t most_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
