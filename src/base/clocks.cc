#include "base/clocks.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"

namespace graft {
namespace {

constexpr absl::Duration kLongestWait = absl::Hours(24);

class RealClock : public Clock {
 public:
  explicit RealClock(const ClockAnchor& anchor) : start_(anchor.time - anchor.monotonic) {
    UseMonotonicFutexes();
  }

  absl::Time Now() const override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }

  bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  const std::function<bool()>& done, absl::Time deadline) override {
    while (!done()) {
      const absl::Duration left = deadline - Now();
      if (left <= absl::ZeroDuration()) return false;
      // libstdc++ waits for this clock with pthread_cond_clockwait(), on CLOCK_MONOTONIC. In parts,
      // since it counts in nanoseconds, which "never" is too many of.
      const absl::Duration part = std::min(left, kLongestWait);
      changed.wait_until(lock, std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(part));
    }
    return true;
  }

 private:
  const absl::Time start_;  // of monotonic time, as the clock would have said it
};

}  // namespace

ClockAnchor AnchorNow() {
  const auto boot_id = ReadFile("/proc/sys/kernel/random/boot_id");
  ClockAnchor anchor;
  // Without one, nobody goes on with it.
  if (boot_id.ok()) anchor.boot_id = std::string(absl::StripAsciiWhitespace(*boot_id));
  anchor.monotonic = absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  anchor.time = absl::FromChrono(std::chrono::system_clock::now());
  return anchor;
}

std::string ToText(const ClockAnchor& anchor) {
  return absl::StrCat(anchor.boot_id, " ", absl::ToInt64Nanoseconds(anchor.monotonic), " ",
                      absl::ToUnixNanos(anchor.time), "\n");
}

absl::StatusOr<ClockAnchor> ClockAnchorFromText(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::StripAsciiWhitespace(text), ' ');
  int64_t monotonic = 0;
  int64_t time = 0;
  if (words.size() != 3 || words[0].empty() || !absl::SimpleAtoi(words[1], &monotonic) ||
      !absl::SimpleAtoi(words[2], &time)) {
    return absl::InvalidArgumentError("no clock anchor: \"<boot id> <nanoseconds> <nanoseconds>\"");
  }
  return ClockAnchor{std::string(words[0]), absl::Nanoseconds(monotonic),
                     absl::FromUnixNanos(time)};
}

bool SameBoot(const ClockAnchor& anchor, const ClockAnchor& now) {
  return !anchor.boot_id.empty() && anchor.boot_id == now.boot_id &&
         anchor.monotonic <= now.monotonic;
}

std::unique_ptr<Clock> MakeRealClock() {
  return MakeRealClock(AnchorNow());
}

std::unique_ptr<Clock> MakeRealClock(const ClockAnchor& anchor) {
  return std::make_unique<RealClock>(anchor);
}

// Both notify under the lock: a waiter may destroy this object as soon as the lock is free.
void Cancellation::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

void Cancellation::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool Cancellation::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

WaitEnd Cancellation::WaitUntil(Clock& clock, absl::Time deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  clock.AwaitUntil(
      lock, changed_, [this] { return cancelled_ || woken_; }, deadline);
  if (cancelled_) return WaitEnd::kCancelled;
  if (woken_) {
    woken_ = false;
    return WaitEnd::kWoken;
  }
  return WaitEnd::kDeadline;
}

}  // namespace graft
