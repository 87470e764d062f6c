// The messages of graft.v1.Provisioner to plain values and back. Pure functions; FromProto returns
// INVALID_ARGUMENT, with the fault, for a message that a peer should not have sent.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
#include "graft/v1/provisioner.pb.h"

namespace graft {

inline constexpr size_t kLongestOperationId = 128;

// An operation's id is up to 128 letters, digits, '-', '_', '.', ':'; "" is fine where it is
// optional, as it is in every request. INVALID_ARGUMENT.
absl::Status CheckOperationId(absl::string_view id);

v1::ReprovisionRequest ToProto(const ReprovisionCall& call);
absl::StatusOr<ReprovisionCall> FromProto(const v1::ReprovisionRequest& proto);

v1::ReleaseRequest ToProto(const ReleaseCall& call);
// INVALID_ARGUMENT also if the person is missing, or if a text is too long or has control
// characters.
absl::StatusOr<ReleaseCall> FromProto(const v1::ReleaseRequest& proto);

// A call without its id.
v1::PreflightRequest ToPreflightRequest(const ReprovisionCall& call);
absl::StatusOr<ReprovisionCall> FromProto(const v1::PreflightRequest& proto);

// How far apart the states of a watch are at least. INVALID_ARGUMENT: negative, or above an hour.
absl::StatusOr<absl::Duration> MinInterval(const v1::WatchOperationRequest& request);

CancelWish WishOf(const v1::CancelOperationRequest& request);

// The settings to change. INVALID_ARGUMENT also when there are none.
absl::StatusOr<CloneSettings> FromProto(const v1::ThrottleOperationRequest& proto);

// The wire carries the snapshot's age, since clocks of two machines differ.
v1::GetTabletResponse ToProto(const TabletSnapshot& snapshot, absl::Time now);

// A page of the list of operations.

// The operations of `newest_first` that `request` asks for, in about 1 MiB at most: long lists and
// texts are cut. INVALID_ARGUMENT: a negative limit, an id that is none. NOT_FOUND: the operation
// to begin behind is not there.
absl::StatusOr<v1::ListOperationsResponse> OperationsPage(
    const std::vector<Operation>& newest_first, const v1::ListOperationsRequest& request);

}  // namespace graft
