#include <string>

#include "absl/status/status.h"
#include "base/errors.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {
absl::StatusCode CodeFromWord(const std::string& word) {
  for (int number = 1; number <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++number) {
    const auto code = static_cast<absl::StatusCode>(number);
    if (absl::StatusCodeToString(code) == word) return code;
  }
  return absl::StatusCode::kUnknown;
}
}  // namespace

v1::Error ToProto(const absl::Status& status) {
  v1::Error proto;
  proto.set_code(absl::StatusCodeToString(status.code()));
  proto.set_reason(ReasonOf(status));
  proto.set_message(std::string(status.message()));
  return proto;
}

absl::Status FromProto(const v1::Error& proto) {
  const absl::Status status(CodeFromWord(proto.code()), proto.message());
  return proto.reason().empty() ? status : WithReason(status, proto.reason());
}

}  // namespace graft
