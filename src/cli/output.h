// What a command answers with, for people or for programs, and what its exit status tells a script.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "graft/operation_request.h"
#include "graft/shard_rebuild.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/preflight.pb.h"

namespace graft::cli {

enum class OutputFormat { kTable, kJson, kYaml };

// Writes one object, given as JSON: as a line of JSON, or as a document of YAML that begins with
// "---". For kTable the caller has lines of its own.
void WriteObject(OutputFormat format, const std::string& json, std::ostream& out);

void WriteLines(const std::vector<std::string>& lines, std::ostream& out);

// One line of protobuf's JSON, every field present but for messages that are unset.
std::string ToJsonLine(const google::protobuf::Message& message);

// The same value as lines of YAML, without a document's marks; a text that a YAML reader may take
// for something else is quoted. `json` must be JSON.
std::string YamlOf(absl::string_view json);

// What graftctl's exit status tells a script. Pure functions.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,          // the operation failed; the tablet's data is whole (INTACT or CLONED)
  kUsage = 2,           // usage error, invalid argument
  kNotFound = 3,        // tablet, operation, cell
  kUnreachable = 4,     // agent or topology, or no end within the timeout
  kRefused = 5,         // a precondition or a preflight check, an id in use, too late to cancel
  kFailedDataGone = 6,  // the operation ended and the data is PARTIAL or EMPTY
  kCancelled = 7,
  kDenied = 8,    // permission, authentication
  kInternal = 9,  // a bug, or a damaged record
  // A watch that a signal ended, as shells say it: 128 and the signal's number.
  kInterrupted = 130,
  kTerminated = 143,
};

ExitCode ExitCodeOf(const absl::Status& status);

// Of an operation that has ended; a running one is kDone (it was accepted).
ExitCode ExitCodeOf(const v1::Operation& operation);

// Of a shard's rebuild that is over: as of the operation of the member that has failed; kCancelled
// if it was stopped before all its members were done.
ExitCode ExitCodeOf(const ShardRebuild& rebuild);

// Whether CLONE may be tried: kDone, else kRefused. A check that this graftctl does not know how to
// read stops, and so does a report without any.
ExitCode ExitCodeOf(const v1::PreflightReport& report, const Allowances& allow);

// Of an operation that was cancelled and has ended: kDone if the cancel did it and the data is
// whole, kRefused if the operation was done before.
ExitCode ExitCodeOfCancelled(const v1::Operation& operation);

// The list above, for --help.
absl::string_view ExitCodeHelp();

// Ends the process. What a signal has ended ends by that signal, and a shell shows 130 or 143: only
// so does an interrupt also end the loop or the script that the command stands in.
[[noreturn]] void ExitWith(ExitCode code);

}  // namespace graft::cli
