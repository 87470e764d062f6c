#include "cli/exit_code.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>

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

ExitCode ExitCodeOf(const ShardRebuild& rebuild) {
  ExitCode code = ExitCode::kDone;
  for (const ShardRebuild::Member& member : rebuild.members) {
    if (member.data_gone) return ExitCode::kFailedDataGone;
    if (member.outcome == MemberOutcome::kFailed) code = ExitCode::kFailed;
    const bool left = member.outcome == MemberOutcome::kWaiting;
    if (left && code == ExitCode::kDone) code = ExitCode::kCancelled;
  }
  return code;
}

ExitCode ExitCodeOf(const v1::PreflightReport& report, const Allowances& allow) {
  const auto passes = [&allow](const v1::CheckResult& result) {
    return result.outcome() == v1::PASSED || result.outcome() == v1::WARNING ||
           (result.outcome() == v1::UNCHECKED && allow.Unchecked(result.id()));
  };
  const auto& results = report.results();
  const bool passed = !results.empty() && std::all_of(results.begin(), results.end(), passes);
  return passed ? ExitCode::kDone : ExitCode::kRefused;
}

ExitCode ExitCodeOfCancelled(const v1::Operation& operation) {
  if (operation.outcome() == v1::DONE) return ExitCode::kRefused;
  const ExitCode code = ExitCodeOf(operation);
  return code == ExitCode::kCancelled ? ExitCode::kDone : code;
}

absl::string_view ExitCodeHelp() {
  return "Exit status:\n"
         "  0  done (reprovision without --watch: accepted; preflight: CLONE may be tried)\n"
         "  1  the operation failed; the tablet's data is whole (INTACT or CLONED)\n"
         "  2  usage error or invalid argument\n"
         "  3  no such tablet, operation, cell, keyspace or shard\n"
         "  4  agent or topology unreachable, or no end within --timeout\n"
         "  5  refused: precondition or preflight check, id in use, too late to cancel\n"
         "  6  the operation ended and the tablet's data is PARTIAL or EMPTY\n"
         "  7  the operation was cancelled; the tablet's data is whole\n"
         "  8  permission denied\n"
         "  9  internal error or damaged record\n"
         "  130  interrupted while watching; the operation goes on\n"
         "  143  the same by SIGTERM\n";
}

void ExitWith(ExitCode code) {
  const int status = static_cast<int>(code);
  if (code == ExitCode::kInterrupted || code == ExitCode::kTerminated) {
    const int number = status - 128;
    signal(number, SIG_DFL);
    raise(number);
  }
  std::exit(status);
}

}  // namespace graft::cli
