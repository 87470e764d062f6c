// What is asked of an operation, on the wire and in the journal. Pure functions; what is unset and
// what is refused: wire/fields.h.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/operation_request.h"
#include "graft/v1/operation.pb.h"

namespace graft {

class Fields;

// MySQL's own bounds of the clone_* variables; it cuts what lies outside without a word.
inline constexpr int64_t kMostBandwidthMib = 1048576;
inline constexpr int kMostConcurrency = 128;

v1::DonorChoice ToProto(const DonorChoice& choice);
// INVALID_ARGUMENT also when no choice is made.
absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto);

v1::CloneSettings ToProto(const CloneSettings& settings);
// For the border. INVALID_ARGUMENT: a number out of MySQL's bounds; the text names field and range.
absl::Status CheckCloneSettings(const CloneSettings& settings);

void Map(Fields& fields, CloneSettings& settings);
void Map(Fields& fields, Allowances& allow);
void Map(Fields& fields, ReleaseWord& word);
// The fields of a v1::Operation that say what was asked for.
void Map(Fields& fields, OperationRequest& request);

}  // namespace graft
