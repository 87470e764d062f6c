#include "provision/operation/release_word.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

bool IsDropped(DataState data) {
  return data == DataState::kPartial || data == DataState::kEmpty;
}

absl::Status CheckVouched(const Operation& release, DataState data) {
  if (!IsDropped(data) || release.request.release.data_is_good) return absl::OkStatus();
  return Failure(Reason::kDataNotGood, absl::StrCat("the data of ", release.recipient.ToString(),
                                                    " is ", DataStateName(data),
                                                    ": if somebody has put good data there, say "
                                                    "--data-is-good"));
}

}  // namespace graft
