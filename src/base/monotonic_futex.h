// Links the libraries' timed waits to the monotonic clock, for the whole program.
#ifndef GRAFT_BASE_MONOTONIC_FUTEX_H_
#define GRAFT_BASE_MONOTONIC_FUTEX_H_

namespace graft {

// Does nothing when it runs: a program that calls it has the waits of monotonic_futex.cc. Every
// real clock calls it.
void UseMonotonicFutexes();

}  // namespace graft

#endif  // GRAFT_BASE_MONOTONIC_FUTEX_H_
