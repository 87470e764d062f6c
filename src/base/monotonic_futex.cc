// Timed waits of the libraries on the monotonic clock.
//
// Debian's Abseil, and gRPC on top of it, waits on a futex with a deadline on the wall clock. A
// wait that has begun when somebody sets the clock back lasts longer by as much: a call of 5 s then
// takes an hour. graft's own waits use another clock (base/clocks.cc), but gRPC's timers do not.
// Abseil asks the kernel through libc's syscall(), so graft's programs have a syscall() of their
// own that turns such a deadline into the same one on the monotonic clock and hands on the rest
// unchanged.
//
// NOLINTBEGIN(google-runtime-int, readability-identifier-naming, performance-no-int-to-ptr): libc's
// own types and name.
#include "base/clocks.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>

namespace graft {
namespace {

constexpr int64_t kSecond = 1'000'000'000;  // nanoseconds

using SystemCall = long (*)(long, long, long, long, long, long, long);

// Not a local static: its guard may itself wait on a futex.
std::atomic<SystemCall> g_next{nullptr};

SystemCall Next() {
  SystemCall next = g_next.load(std::memory_order_relaxed);
  if (next == nullptr) {
    next = reinterpret_cast<SystemCall>(dlsym(RTLD_NEXT, "syscall"));
    g_next.store(next, std::memory_order_relaxed);
  }
  return next;
}

int64_t Nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

// Saturates at both ends, as deadlines of "never" are far beyond what nanoseconds can count.
timespec OnMonotonicClock(const timespec& deadline) {
  const int64_t wall = Nanoseconds(CLOCK_REALTIME);
  const int64_t monotonic = Nanoseconds(CLOCK_MONOTONIC);
  int64_t left = INT64_MAX;
  if (deadline.tv_sec < INT64_MAX / kSecond - 1) {
    left = deadline.tv_sec * kSecond + deadline.tv_nsec - wall;
  }
  int64_t then = left > INT64_MAX - monotonic ? INT64_MAX : monotonic + left;
  if (then < 0) then = 0;
  return {then / kSecond, then % kSecond};
}

}  // namespace

void UseMonotonicFutexes() {}

}  // namespace graft

// The kernel takes at most six arguments; it ignores the rest.
extern "C" __attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  timespec deadline{};
  if (number == SYS_futex && arguments[3] != 0 &&
      (arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET &&
      (arguments[1] & FUTEX_CLOCK_REALTIME) != 0) {
    deadline = graft::OnMonotonicClock(*reinterpret_cast<const timespec*>(arguments[3]));
    arguments[1] &= ~long{FUTEX_CLOCK_REALTIME};
    arguments[3] = reinterpret_cast<long>(&deadline);
  }
  return graft::Next()(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                       arguments[5]);
}
// NOLINTEND(google-runtime-int, readability-identifier-naming, performance-no-int-to-ptr)
