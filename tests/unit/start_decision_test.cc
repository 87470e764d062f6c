#include "provision/operation/decisions.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace graft {
namespace {

using ::testing::HasSubstr;

ServerFacts ServerWith(std::vector<std::string> schemas) {
  ServerFacts server;
  server.user_schemas = std::move(schemas);
  return server;
}

Operation Past(Outcome outcome, DataState data_state) {
  Operation operation;
  operation.request.id = "op-7";
  operation.outcome = outcome;
  operation.data_state = data_state;
  return operation;
}

TEST(StartDecisionTest, ClonesOnlyAnEmptyServerThatNoOperationSpeaksOf) {
  const Operation done = Past(Outcome::kDone, DataState::kCloned);
  const Operation harmless = Past(Outcome::kFailed, DataState::kIntact);
  const Operation cancelled = Past(Outcome::kCancelled, DataState::kIntact);
  const Operation emptied = Past(Outcome::kFailed, DataState::kEmpty);
  const Operation half = Past(Outcome::kFailed, DataState::kPartial);
  const Operation unverified = Past(Outcome::kFailed, DataState::kCloned);
  const struct {
    std::vector<std::string> schemas;
    std::vector<Operation> history;
    bool clone;
    const char* why;
  } rows[] = {
      {{}, {}, true, "no data"},
      {{}, {harmless}, true, "no data"},
      {{}, {cancelled, harmless}, true, "no data"},
      {{"shop"}, {}, false, "already contains data (shop)"},
      {{"a", "b"}, {harmless}, false, "already contains data (a, b)"},
      {{"shop"}, {done}, false, "op-7 has provisioned"},
      {{}, {done}, false, "op-7 has provisioned"},  // the donor was empty, too
      {{}, {done, harmless}, false, "op-7 has provisioned"},
      {{}, {emptied}, false, "EMPTY"},
      {{}, {half}, false, "PARTIAL"},
      {{}, {unverified}, false, "CLONED"},
      {{}, {emptied, harmless}, false, "graftctl reprovision"},
      {{"shop"}, {emptied}, false, "EMPTY"},
  };
  for (const auto& [schemas, history, clone, why] : rows) {
    const StartDecision decision = DecideAtStart(ServerWith(schemas), history);
    EXPECT_EQ(decision.clone, clone) << why;
    EXPECT_THAT(decision.why, HasSubstr(why));
  }
}

}  // namespace
}  // namespace graft
