// Words for what an operation says of itself. Pure functions.
#ifndef GRAFT_CLI_RENDER_WORDS_H_
#define GRAFT_CLI_RENDER_WORDS_H_

#include <string>

#include "graft/v1/operation.pb.h"

namespace graft::cli {

std::string OutcomeWord(v1::Outcome outcome);     // "failed"; "unknown"
std::string DataStateMeans(v1::DataState state);  // "INTACT: the old data is whole"
// "release by alice@ops-1: restored by hand"; empty if the operation is a rebuild.
std::string WhoReleases(const v1::Operation& operation);

std::string HostOf(const std::string& alias, const std::string& mysql);  // "zone1-1 (h:3306)"

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_WORDS_H_
