// RowSet: the rows a statement returned, as text. A plain value; no Connector/C++ type in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {

struct RowSet {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // nullopt: NULL
};

// One row with its columns' names. Points into the RowSet, which must outlive it.
class Row {
 public:
  Row(const RowSet& set, size_t index) : set_(set), index_(index) {}

  // The value of the first of `names` that is a column, in any case of letters. NULL and a missing
  // column are nullopt.
  std::optional<std::string> Find(std::initializer_list<absl::string_view> names) const;
  // The same, with "" for NULL.
  std::string Text(std::initializer_list<absl::string_view> names) const;
  // NULL and "" are 0. INTERNAL: no number.
  absl::StatusOr<int64_t> Number(std::initializer_list<absl::string_view> names) const;

 private:
  const RowSet& set_;
  size_t index_;
};

// All rows of `set`, which must outlive them.
std::vector<Row> Rows(const RowSet& set);

}  // namespace graft
