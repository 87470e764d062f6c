#include "cli/exit_code.h"

namespace graft::cli {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kDone;
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kRefused;
    case absl::StatusCode::kCancelled:
      return ExitCode::kCancelled;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kDenied;
    default:
      return ExitCode::kInternal;
  }
}

ExitCode ExitCodeOf(const v1::Operation& operation) {
  if (operation.outcome() != v1::FAILED && operation.outcome() != v1::CANCELLED) {
    return ExitCode::kDone;
  }
  // However it ended: a tablet without data needs help now. An unknown state counts as that.
  if (operation.data_state() != v1::INTACT && operation.data_state() != v1::CLONED) {
    return ExitCode::kFailedDataGone;
  }
  return operation.outcome() == v1::CANCELLED ? ExitCode::kCancelled : ExitCode::kFailed;
}

absl::string_view ExitCodeHelp() {
  return "Exit status:\n"
         "  0  done (without --watch: accepted)\n"
         "  1  the operation failed; the tablet's data is whole (INTACT or CLONED)\n"
         "  2  usage error or invalid argument\n"
         "  3  no such tablet, operation, cell, keyspace or shard\n"
         "  4  agent or topology unreachable\n"
         "  5  refused: precondition, id in use, too late to cancel\n"
         "  6  the operation ended and the tablet's data is PARTIAL or EMPTY\n"
         "  7  the operation was cancelled; the tablet's data is whole\n"
         "  8  permission denied\n"
         "  9  internal error or damaged record\n";
}

}  // namespace graft::cli
