#include "unit/preflight_rows.h"

#include <gmock/gmock.h>

#include <utility>

namespace graft {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ServerSession AppSession(int64_t id, std::string command, std::string statement) {
  ServerSession session;
  session.connection_id = id;
  session.user = "app";
  session.host = "10.0.0.7";
  session.command = std::move(command);
  session.statement = std::move(statement);
  return session;
}

void ExpectRows(const std::vector<PreflightRow>& rows, PreflightFacts (*healthy)()) {
  for (const auto& [id, outcome, spoil, text] : rows) {
    PreflightFacts facts = healthy();
    spoil(facts);
    std::vector<std::string> found;
    for (const CheckResult& result : Preflight(facts)) {
      if (result.outcome == CheckOutcome::kPassed) continue;
      found.push_back(result.id);
      EXPECT_EQ(result.outcome, outcome) << id << ": " << result.found;
      EXPECT_THAT(result.found + "; " + result.remedy, HasSubstr(text)) << id;
      EXPECT_NE(result.remedy, "") << id;
    }
    EXPECT_THAT(found, ElementsAre(id)) << text;
  }
}

void ExpectFine(const std::vector<std::function<void(PreflightFacts&)>>& ways,
                PreflightFacts (*healthy)()) {
  for (size_t i = 0; i < ways.size(); ++i) {
    PreflightFacts facts = healthy();
    ways[i](facts);
    std::vector<std::string> found;
    for (const CheckResult& result : Preflight(facts)) {
      if (result.outcome != CheckOutcome::kPassed) found.push_back(result.id + result.found);
    }
    EXPECT_THAT(found, IsEmpty()) << "way " << i;
  }
}

void SetVariable(PreflightFacts& facts, const char* name, const char* recipient,
                 const char* donor) {
  facts.recipient.variables[name] = recipient;
  facts.donor->variables[name] = donor;
}

}  // namespace graft
