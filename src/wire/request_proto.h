// The request of an operation, on the wire and in the journal. Pure functions. FromProto returns
// INVALID_ARGUMENT, with the names of the field and the word, for an unknown word.
#ifndef GRAFT_WIRE_REQUEST_PROTO_H_
#define GRAFT_WIRE_REQUEST_PROTO_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/operation_request.h"
#include "graft/v1/operation.pb.h"

namespace graft {

// MySQL's own bounds of the clone_* variables. MySQL cuts values outside of them silently.
inline constexpr int64_t kMostBandwidthMib = 1048576;
inline constexpr int kMostConcurrency = 128;

v1::DonorChoice ToProto(const DonorChoice& choice);
// INVALID_ARGUMENT also when no choice is made.
absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto);

v1::ReplicateFrom ToProto(ReplicateFrom from);
// nullopt: unspecified.
absl::StatusOr<std::optional<ReplicateFrom>> FromProto(v1::ReplicateFrom proto);

v1::CloneSettings ToProto(const CloneSettings& settings);
CloneSettings FromProto(const v1::CloneSettings& proto);
// For the border. INVALID_ARGUMENT: a number out of MySQL's bounds; the text names field and range.
absl::Status CheckCloneSettings(const CloneSettings& settings);

v1::OperationKind ToProto(OperationKind kind);
// INVALID_ARGUMENT also for a kind that only a newer graft knows.
absl::StatusOr<OperationKind> FromProto(v1::OperationKind proto);

v1::ReleaseWord ToProto(const ReleaseWord& word);
ReleaseWord FromProto(const v1::ReleaseWord& proto);

v1::Allowances ToProto(const Allowances& allow);
Allowances FromProto(const v1::Allowances& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_REQUEST_PROTO_H_
