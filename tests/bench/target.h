// A limit that a figure is held against. Pure.
#pragma once

#include <string>
#include <vector>

namespace graft {

struct Target {
  enum class Kind { kAtMost, kAtLeast };

  std::string what;
  Kind kind = Kind::kAtMost;
  double limit = 0;
  double figure = 0;

  bool met() const { return kind == Kind::kAtMost ? figure <= limit : figure >= limit; }
};

// A line each; "" for none.
std::string ToText(const std::vector<Target>& targets);

}  // namespace graft
