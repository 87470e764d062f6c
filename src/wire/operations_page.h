// A page of the list of operations.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "graft/operation.h"
#include "graft/v1/provisioner.pb.h"

namespace graft {

// The operations of `newest_first` that `request` asks for, in about 1 MiB at most: long lists and
// texts are cut. INVALID_ARGUMENT: a negative limit, an id that is none. NOT_FOUND: the operation
// to begin behind is not there.
absl::StatusOr<v1::ListOperationsResponse> OperationsPage(
    const std::vector<Operation>& newest_first, const v1::ListOperationsRequest& request);

}  // namespace graft
