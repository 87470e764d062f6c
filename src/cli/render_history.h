// What an operation waits for, what it went through and what it proved, as lines of text. Pure
// functions.
#ifndef GRAFT_CLI_RENDER_HISTORY_H_
#define GRAFT_CLI_RENDER_HISTORY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

// Of a running operation: its place in the donor's queue, and its note. Empty: nothing.
std::string WaitsFor(const v1::Operation& operation);
// The same with how long it has waited: "waits since 12s: …".
std::string WaitsFor(const v1::Operation& operation, absl::Time now);
// "12s"; empty while it does not wait.
std::string WaitedText(const v1::Operation& operation, absl::Time now);

// Failed attempts, refused donors, findings, sessions ended, what the new data cost. A line says
// the same for as long as what it tells of is the same.
// `kAll` cuts no list and no GTID set.
enum class HistoryExtent { kCut, kAll };
std::vector<std::string> HistoryLines(const v1::Operation& operation,
                                      HistoryExtent extent = HistoryExtent::kCut);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_HISTORY_H_
