// Tables of tests for preflight's table: what makes just one row speak, and what it says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graft/preflight.h"
#include "unit/preflight_pair.h"

namespace graft {

// Of app@10.0.0.7.
ServerSession AppSession(int64_t id, std::string command, std::string statement = "");

void SetVariable(PreflightFacts& facts, const char* name, const char* recipient, const char* donor);

struct PreflightRow {
  const char* id;
  CheckOutcome outcome;
  std::function<void(PreflightFacts&)> spoil;
  const char* text;  // what has to be in it, for the operator to act on
};

// Each spoils one thing of a healthy pair; just that row must not pass.
void ExpectRows(const std::vector<PreflightRow>& rows, PreflightFacts (*healthy)() = HealthyPair);

// Odd, but allowed.
void ExpectFine(const std::vector<std::function<void(PreflightFacts&)>>& ways,
                PreflightFacts (*healthy)() = HealthyPair);

}  // namespace graft
