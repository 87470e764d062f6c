#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "command_line/command_line.h"

namespace graft {
namespace {

// How many letters must be changed, added or removed.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);  // from the first letters of a to those of b
  std::iota(row.begin(), row.end(), 0);
  for (const char letter : a) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t kept = diagonal + (letter == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({kept, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string DidYouMean(const std::string& word, const std::vector<std::string>& known) {
  const std::string* nearest = nullptr;
  size_t best = std::min<size_t>(2, word.size() / 3) + 1;
  for (const std::string& other : known) {
    const size_t distance = Distance(word, other);
    if (distance >= best) continue;
    best = distance;
    nearest = &other;
  }
  return nearest == nullptr ? "" : absl::StrCat("; did you mean ", *nearest, "?");
}

}  // namespace graft
