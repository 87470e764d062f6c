// The spread of a few values. Pure.
#pragma once

#include <string>
#include <vector>

namespace graft {

inline constexpr double kGigabyte = 1e9;  // bytes

struct Spread {
  double min = 0;
  double median = 0;  // of an even number of values: the mean of the middle two
  double max = 0;
};

// Of at least one value.
Spread SpreadOf(std::vector<double> values);

// "1.012 (0.998 to 1.040)"; a single value stands alone; none is "-".
std::string SpreadText(const std::vector<double>& values, int digits);

}  // namespace graft
