// OperationView: shows an operation while it runs, and its verdict.
//
// On a terminal it redraws in place, and once a second by itself so that times go on; otherwise it
// writes plain lines; as JSON, one object per state. Show and End are for one thread; `clock` and
// `out` must outlive the view.
#ifndef GRAFT_CLI_OPERATION_VIEW_H_
#define GRAFT_CLI_OPERATION_VIEW_H_

#include <memory>
#include <ostream>
#include <string>

#include "google/protobuf/message.h"
#include "graft/clock.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

struct Screen {
  bool terminal = false;
  bool utf8 = false;
  int columns = 80;
  int rows = 24;
};

class OperationView {
 public:
  virtual ~OperationView() = default;
  virtual void Show(const v1::Operation& operation) = 0;
  // To be called once, last, with an operation that has ended.
  virtual void End(const v1::Operation& operation) = 0;
};

std::unique_ptr<OperationView> MakeTerminalView(Clock& clock, std::ostream& out,
                                                const Screen& screen);
std::unique_ptr<OperationView> MakePlainView(Clock& clock, std::ostream& out);
std::unique_ptr<OperationView> MakeJsonView(std::ostream& out);

// One line of protobuf's JSON, every field present.
std::string ToJsonLine(const google::protobuf::Message& message);

}  // namespace graft::cli

#endif  // GRAFT_CLI_OPERATION_VIEW_H_
