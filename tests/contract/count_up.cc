#include "contract/count_up.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

absl::Status CountUp(KeyValueStore& store, int count, size_t padding) {
  const std::string spaces(padding, ' ');
  while (count > 0) {
    GRAFT_ASSIGN_OR_RETURN(const KeyValue item, store.Get("/n"));
    int n = 0;
    if (!absl::SimpleAtoi(item.value, &n)) return absl::DataLossError("no number: " + item.value);
    const absl::StatusOr<Version> written =
        store.Update("/n", absl::StrCat(n + 1, spaces), item.version);
    if (!written.ok() && !absl::IsAborted(written.status())) return written.status();
    if (written.ok()) --count;
  }
  return absl::OkStatus();
}

}  // namespace graft
