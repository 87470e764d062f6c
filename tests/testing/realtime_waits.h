// Shows whether a program ever waits with a deadline on the wall clock: the kernel kills it then.
#pragma once

#include <functional>

namespace graft {

// From now on a futex wait with FUTEX_CLOCK_REALTIME and a deadline ends this process with SIGSYS,
// and every program that it becomes or starts. Returns false if the kernel knows no such filter.
bool ForbidRealtimeWaits();

// Runs `body` in a child under ForbidRealtimeWaits(); returns whether it came to its end.
bool RunsWithoutRealtimeWaits(const std::function<void()>& body);

}  // namespace graft
