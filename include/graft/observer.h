// Observer: gets a call for each event of an operation. Logs, metrics, watchers and tablet tags are
// observers; the core itself neither logs nor counts.
//
// Called on the operation's thread, without locks held; must not block for long.
#pragma once

namespace graft {

struct Operation;

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnStep(const Operation& operation) = 0;      // a step begins; journalled already
  virtual void OnProgress(const Operation& operation) = 0;  // bytes or stage moved
  virtual void OnEnd(const Operation& operation) = 0;       // done, failed or cancelled; journalled
};

}  // namespace graft
