// Errors: the status code says what the caller should do, the reason says what happened, and the
// text says who must act.
//
// The reason is a word of the table in graft/reason.h, carried as a payload, so that programs need
// not read prose. The project-wide table of codes is in docs/architecture.md, "Errors".
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/reason.h"

namespace graft {

// A failure with the code that the table gives its reason.
absl::Status Failure(Reason reason, absl::string_view text);

// `status` with `reason` attached; an OK status stays as it is.
absl::Status WithReason(absl::Status status, Reason reason);
// For a reason whose word ends in a number: kMysqlNumber, kDonorMysqlNumber.
absl::Status WithReason(absl::Status status, Reason reason, int number);
// As it came over the wire, perhaps from a newer graft.
absl::Status WithReason(absl::Status status, absl::string_view word);

// The attached reason's word; empty if there is none.
std::string ReasonOf(const absl::Status& status);
// The reason's word, or the name of the code without one: "UNAVAILABLE".
std::string ReasonOrCode(const absl::Status& status);
bool HasReason(const absl::Status& status, Reason reason);
// What may follow; kStop without a reason.
FollowUp FollowUpOf(const absl::Status& status);

// UNAVAILABLE or DEADLINE_EXCEEDED: the server or store is away, and may answer later.
bool IsAway(const absl::Status& status);

// "context: text", same code, same reason. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace graft

// The shape of newer Abseil's macros; to be deleted when Debian's has them.
#define GRAFT_RETURN_IF_ERROR(expr)                                                  \
  do {                                                                               \
    if (absl::Status graft_status = (expr); !graft_status.ok()) return graft_status; \
  } while (false)

#define GRAFT_CONCAT_INNER(a, b) a##b
#define GRAFT_CONCAT(a, b) GRAFT_CONCAT_INNER(a, b)
#define GRAFT_ASSIGN_OR_RETURN(lhs, expr) \
  GRAFT_ASSIGN_OR_RETURN_IMPL(GRAFT_CONCAT(graft_value_, __LINE__), lhs, expr)
#define GRAFT_ASSIGN_OR_RETURN_IMPL(value, lhs, expr) \
  auto value = (expr);                                \
  if (!value.ok()) return value.status();             \
  lhs = *std::move(value)
