// LogObserver: logs an operation: a line for each step, one at its end, and its progress.
//
// Safe for use from several threads. Its arguments must outlive it.
#ifndef GRAFT_LOG_LOG_OBSERVER_H_
#define GRAFT_LOG_LOG_OBSERVER_H_

#include <memory>

#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/observer.h"
#include "log/log.h"

namespace graft {

// The fields of each line about an operation: operation, tablet, step, attempt, data_state, and the
// donor once there is one.
LogFields OperationFields(const Operation& operation);

// Progress is written when the stage or the place in the queue changes, else at most once every
// `progress_interval`, with any number of calls.
std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock,
                                          absl::Duration progress_interval = absl::Seconds(5));

}  // namespace graft

#endif  // GRAFT_LOG_LOG_OBSERVER_H_
