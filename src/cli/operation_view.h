// OperationView: shows an operation while it runs, and its verdict.
//
// On a terminal it redraws in place, and once a second by itself so that times go on; otherwise it
// writes plain lines; as JSON or YAML, one object per state. Safe for use from several threads;
// what it is given must outlive it.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "graft/clock.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

class OperationView {
 public:
  virtual ~OperationView() = default;
  virtual void Show(const v1::Operation& operation) = 0;
  // The agent has not told of the operation since then, and why. Over with the next Show().
  virtual void Silent(absl::Time since, const absl::Status& why) = 0;
  // A line about the watch itself: never among what programs read.
  virtual void Tell(const std::string& line) = 0;
  // The terminal has another size.
  virtual void Resized() = 0;
  // To be called at most once, last, with an operation that has ended. Without it, what was shown
  // last stays.
  virtual void End(const v1::Operation& operation) = 0;
};

struct ViewDeps {
  Clock& clock;
  std::ostream& out;
  std::ostream& err;
};

// What a view says when the agent has not told of the operation for so long, and why; empty while
// that is too short to be worth a word.
std::string SilenceText(absl::Duration silence, const absl::Status& why);

std::unique_ptr<OperationView> MakeTerminalView(const ViewDeps& deps, const Screen& screen);
std::unique_ptr<OperationView> MakeStreamView(const ViewDeps& deps, OutputFormat format);

}  // namespace graft::cli
