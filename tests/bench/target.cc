#include "bench/target.h"

#include "absl/strings/str_format.h"

namespace graft {

std::string ToText(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) {
    absl::StrAppendFormat(&text, "- %s: %.3f, %s: %s %g\n", target.what, target.figure,
                          target.met() ? "met" : "MISSED",
                          target.kind == Target::Kind::kAtMost ? "at most" : "at least",
                          target.limit);
  }
  return text;
}

}  // namespace graft
