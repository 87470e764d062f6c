#include "provision/operation/start_decision.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace graft {

StartDecision DecideAtStart(const ServerFacts& server, const std::vector<Operation>& history) {
  for (const Operation& operation : history) {
    if (operation.outcome == Outcome::kDone) {
      return {false, absl::StrCat("operation ", operation.request.id,
                                  " has provisioned this tablet already")};
    }
    if (operation.data_state != DataState::kIntact) {
      return {false, absl::StrCat("operation ", operation.request.id, " ended with the data ",
                                  DataStateName(operation.data_state),
                                  "; ask for another one: graftctl reprovision")};
    }
  }
  if (!server.user_schemas.empty()) {
    return {false, absl::StrCat("the server already contains data (",
                                absl::StrJoin(server.user_schemas, ", "),
                                "), so graft assumes a restart and does not clone")};
  }
  return {true, "the server holds no data of its own"};
}

}  // namespace graft
