// MySQL's error numbers as absl::Status: the code says what the caller should do, the reason (see
// base/errors.h) what happened, the text what to do about it. Pure functions.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace graft {

// `doing` is what was tried ("read clone_status"); `error_no` as the client library reports it,
// server and client errors alike. 0 is INTERNAL, never OK.
absl::Status FromMysqlError(int error_no, absl::string_view text, absl::string_view doing);

}  // namespace graft
