#include "mysql/row_set.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace graft {

std::optional<std::string> Row::Find(std::initializer_list<absl::string_view> names) const {
  for (absl::string_view name : names) {
    for (size_t i = 0; i < set_.columns.size(); ++i) {
      if (absl::EqualsIgnoreCase(set_.columns[i], name)) return set_.rows[index_][i];
    }
  }
  return std::nullopt;
}

std::string Row::Text(std::initializer_list<absl::string_view> names) const {
  return Find(names).value_or("");
}

absl::StatusOr<int64_t> Row::Number(std::initializer_list<absl::string_view> names) const {
  const std::string text = Text(names);
  int64_t number = 0;
  if (text.empty() || absl::SimpleAtoi(text, &number)) return number;
  return absl::InternalError(
      absl::StrCat("MySQL's column ", *names.begin(), " holds \"", text, "\", which is no number"));
}

std::vector<Row> Rows(const RowSet& set) {
  std::vector<Row> rows;
  for (size_t i = 0; i < set.rows.size(); ++i) rows.emplace_back(set, i);
  return rows;
}

}  // namespace graft
