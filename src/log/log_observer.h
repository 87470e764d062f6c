// LogObserver: an operation's story in the log: a line a step, one at its end, and its progress.
//
// Safe for use from several threads. What it is given must outlive it.
#ifndef GRAFT_LOG_LOG_OBSERVER_H_
#define GRAFT_LOG_LOG_OBSERVER_H_

#include <memory>

#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/observer.h"
#include "log/log.h"

namespace graft {

// Progress is written when its stage changes, else at most once every `progress_interval`.
std::unique_ptr<Observer> MakeLogObserver(Log& log, Clock& clock,
                                          absl::Duration progress_interval = absl::Seconds(5));

}  // namespace graft

#endif  // GRAFT_LOG_LOG_OBSERVER_H_
