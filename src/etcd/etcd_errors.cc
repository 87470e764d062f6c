#include "etcd/etcd_errors.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr char kCompacted[] = "required revision has been compacted";

// Rows are tried in order; the first whose code and text fit decides.
struct Row {
  grpc::StatusCode from;
  const char* text;  // part of etcd's; "": any
  absl::StatusCode to;
  const char* advice;
};

constexpr Row kRows[] = {
    {grpc::INVALID_ARGUMENT, "user name is empty", absl::StatusCode::kUnauthenticated,
     "this etcd wants a user; graft knows TLS client certificates only"},
    {grpc::OUT_OF_RANGE, "future revision", absl::StatusCode::kInvalidArgument,
     "the version was not read from this store"},
    {grpc::RESOURCE_EXHAUSTED, "database space exceeded", absl::StatusCode::kUnavailable,
     "compact and defragment etcd, then disarm its NOSPACE alarm"},
    {grpc::RESOURCE_EXHAUSTED, "", absl::StatusCode::kUnavailable, ""},
    {grpc::CANCELLED, "", absl::StatusCode::kUnavailable, ""},
    {grpc::UNIMPLEMENTED, "", absl::StatusCode::kUnavailable, "is this etcd 3.4 or later?"},
};

}  // namespace

absl::Status FromEtcd(const grpc::Status& status, absl::string_view address,
                      absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  std::string text =
      absl::StrCat("etcd at ", address, ": ", what, ": ",
                   status.error_message().empty() ? "no answer" : status.error_message());
  for (const Row& row : kRows) {
    if (row.from != status.error_code()) continue;
    if (!absl::StrContains(status.error_message(), row.text)) continue;
    if (*row.advice != '\0') absl::StrAppend(&text, " (", row.advice, ")");
    return absl::Status(row.to, text);
  }
  // gRPC and Abseil share their numbers.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), text);
}

bool SurelyNotDone(const grpc::Status& status) {
  return absl::StrContains(status.error_message(), "etcdserver: no leader") ||
         absl::StartsWith(status.error_message(), "failed to connect");
}

bool IsCompacted(const absl::Status& status) {
  return status.code() == absl::StatusCode::kOutOfRange &&
         absl::StrContains(status.message(), kCompacted);
}

}  // namespace graft
