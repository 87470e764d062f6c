// The list of a tablet's operations.
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "cli/operation_times.h"
#include "cli/render.h"
#include "cli/render_words.h"
#include "cli/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

std::string From(const v1::Operation& operation) {
  if (operation.kind() == v1::RELEASE) return "release by " + operation.release().by();
  return operation.donor().empty() ? "-" : operation.donor();
}

std::vector<std::string> Row(const v1::Operation& operation, absl::Time now) {
  const int64_t bytes = operation.progress().bytes_done();
  const double rate = AverageRate(operation);
  const v1::Error& error = operation.error();
  return {operation.id(),
          operation.has_requested() ? UtcTime(FromTimestamp(operation.requested())) : "-",
          OutcomeWord(operation.outcome()),
          operation.step(),
          v1::DataState_Name(operation.data_state()),
          From(operation),
          HumanDuration(TotalTime(operation, now)),
          bytes > 0 ? HumanBytes(bytes) : "-",
          rate > 0 ? HumanRate(rate) : "-",
          error.reason().empty() ? error.code() : error.reason()};
}

}  // namespace

std::vector<std::string> RenderOperations(const v1::ListOperationsResponse& list, absl::Time now) {
  std::vector<std::vector<std::string>> rows = {{"OPERATION", "REQUESTED", "OUTCOME", "STEP",
                                                 "DATA", "DONOR", "TIME", "BYTES", "RATE",
                                                 "REASON"}};
  rows.reserve(static_cast<size_t>(list.operations_size()) + 1);
  for (const v1::Operation& operation : list.operations()) rows.push_back(Row(operation, now));
  return AlignColumns(rows);
}

}  // namespace graft::cli
