#include "bench/spread.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace graft {

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

std::string SpreadText(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  const Spread spread = SpreadOf(values);
  if (values.size() == 1) return absl::StrFormat("%.*f", digits, spread.median);
  return absl::StrFormat("%.*f (%.*f to %.*f)", digits, spread.median, digits, spread.min, digits,
                         spread.max);
}

}  // namespace graft
