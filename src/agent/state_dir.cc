#include "agent/state_dir.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/clocks.h"
#include "base/errors.h"

namespace graft {
namespace {

// "<operation> <attempt> ": what the percentage after it is of.
std::string Of(const Operation& operation) {
  return absl::StrCat(operation.request.id, " ", operation.attempt, " ");
}

}  // namespace

absl::StatusOr<FileLock> OpenStateDir(const std::string& state_dir) {
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("--state-dir ", state_dir, " cannot be made: ", error.message(),
                     "; name one that this user may write, outside of mysqld's data directory"));
  }
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const std::string holder =
      absl::StrCat("graftd with process id ", getpid(), " on ", host.data(), " since ",
                   absl::FormatTime("%Y-%m-%d %H:%M:%SZ", AnchorNow().time, absl::UTCTimeZone()));
  absl::StatusOr<FileLock> lock = LockFile(state_dir + "/lock", holder);
  if (!absl::IsFailedPrecondition(lock.status())) return lock;
  const absl::string_view other = lock.status().message();
  return Failure(Reason::kStateDirHeld,
                 absl::StrCat("the state directory ", state_dir, " is in use by ",
                              other.empty() ? "another process" : other,
                              "; stop that one, or give this one a --state-dir of its own"));
}

std::unique_ptr<Clock> OpenAgentClock(const std::string& state_dir, bool go_on) {
  const std::string path = state_dir + "/clock";
  const ClockAnchor now = AnchorNow();
  if (go_on) {
    const auto text = ReadFile(path);
    const auto kept = text.ok() ? ClockAnchorFromText(*text) : text.status();
    if (kept.ok() && SameBoot(*kept, now)) return MakeRealClock(*kept);
  }
  ReplaceFile(path, ToText(now)).IgnoreError();
  return MakeRealClock(now);
}

void ShownPercent::Restore(std::vector<TabletState>& states) const {
  if (states.empty() || states.back().operation.outcome != Outcome::kRunning) return;
  Operation& operation = states.back().operation;
  const auto text = ReadFile(path_);
  if (!text.ok()) return;
  absl::string_view rest = *text;
  double percent = 0;
  if (!absl::ConsumePrefix(&rest, Of(operation)) || !absl::SimpleAtod(rest, &percent)) return;
  if (!(percent >= 0 && percent < 100)) return;
  operation.progress.percent = std::max(operation.progress.percent, percent);
}

void ShownPercent::Keep(const Operation& operation) {
  const std::string text = absl::StrFormat("%s%.17g", Of(operation), operation.progress.percent);
  if (text == kept_) return;
  if (ReplaceFile(path_, text, /*durable=*/false).ok()) kept_ = text;
}

}  // namespace graft
