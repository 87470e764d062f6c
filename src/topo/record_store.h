// Typed records on a key-value store: read one, or change one by compare-and-swap.
#ifndef GRAFT_TOPO_RECORD_STORE_H_
#define GRAFT_TOPO_RECORD_STORE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "graft/key_value_store.h"
#include "topo/records.h"

namespace graft::topo {

// Others' writes between a read and its write before giving up; each costs one more round.
inline constexpr int kChangeTries = 32;

// NOT_FOUND with a plain text; DATA_LOSS.
template <typename Record>
absl::StatusOr<Record> ReadRecord(KeyValueStore& store, const std::string& key) {
  const absl::StatusOr<KeyValue> item = store.Get(key);
  if (!item.ok()) return Annotate(item.status(), absl::StrCat("read ", key));
  return Parse<Record>(key, item->value);
}

enum class IfMissing { kFail, kCreate };

// Read, change, compare-and-swap; again when another writer came first. Writes nothing when
// `change` leaves the record as it is, or fails. `change` may be called several times. NOT_FOUND
// (kFail only); ABORTED: others wrote kChangeTries times in between.
template <typename Record>
absl::Status ChangeRecord(KeyValueStore& store, const std::string& key, IfMissing if_missing,
                          const std::function<absl::Status(Record&)>& change) {
  for (int i = 0; i < kChangeTries; ++i) {
    const absl::StatusOr<KeyValue> item = store.Get(key);
    const bool create = absl::IsNotFound(item.status()) && if_missing == IfMissing::kCreate;
    if (!item.ok() && !create) return Annotate(item.status(), absl::StrCat("read ", key));
    Record record;
    if (!create) {
      GRAFT_ASSIGN_OR_RETURN(record, Parse<Record>(key, item->value));
    }
    const std::string before = Serialize(record);
    GRAFT_RETURN_IF_ERROR(change(record));
    const std::string after = Serialize(record);
    if (!create && before == after) return absl::OkStatus();
    const absl::Status written = create ? store.Create(key, after, kNoLease).status()
                                        : store.Update(key, after, item->version).status();
    if (!absl::IsAborted(written) && !absl::IsAlreadyExists(written)) {
      return Annotate(written, absl::StrCat("write ", key));
    }
  }
  return absl::AbortedError(absl::StrCat("write ", key, ": others changed it ", kChangeTries,
                                         " times in a row; try again"));
}

}  // namespace graft::topo

#endif  // GRAFT_TOPO_RECORD_STORE_H_
