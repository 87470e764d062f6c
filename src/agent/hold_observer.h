// HoldObserver: stops the operation before one of its steps, for rehearsals: a test can kill a
// process just then. The step is journalled already and has not acted.
//
// Blocks the operation's thread for as long as a file exists. Other observers must not block; this
// one exists to block. `<file>.reached` appears when it does. Safe for use from several threads.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/clock.h"
#include "graft/operation.h"

namespace graft {

struct HoldOptions {
  Step step = Step::kResolveDonor;
  std::string file;  // empty: never holds
};

// "clone=/run/hold". INVALID_ARGUMENT.
absl::StatusOr<HoldOptions> ParseHold(absl::string_view text);

class HoldObserver : public Observer {
 public:
  HoldObserver(Clock& clock, HoldOptions options) : clock_(clock), options_(std::move(options)) {}

  void OnStep(const Operation& operation) override;
  void OnProgress(const Operation& /*operation*/) override {}
  void OnEnd(const Operation& /*operation*/) override {}
  void Stop() { stop_.Cancel(); }

 private:
  Clock& clock_;
  const HoldOptions options_;
  Cancellation stop_;
};

}  // namespace graft
