// What S3's error codes mean for whoever runs graft. Source: "Error responses", Amazon S3 API
// Reference; and what MinIO, Ceph and others answer in the same places.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "backups/s3_client.h"

namespace graft {
namespace {

using Code = absl::StatusCode;

struct S3Meaning {
  std::vector<absl::string_view> codes;
  Code status;
  absl::string_view text;  // {bucket}, {method}, {source}, {region}, {date}: what the case has
};

const std::vector<S3Meaning>& Meanings() {
  static const auto& meanings = *new std::vector<S3Meaning>{
      {{"NoSuchBucket"},
       Code::kFailedPrecondition,
       "there is no bucket {bucket}: make it, or correct --s3-backup-storage-bucket or "
       "--s3-backup-aws-endpoint"},
      {{"InvalidBucketName"}, Code::kInvalidArgument, "{bucket} is no name of a bucket"},
      {{"NoSuchKey", "NoSuchUpload"}, Code::kNotFound, "is missing"},
      {{"AccessDenied", "AllAccessDisabled", "AccountProblem"},
       Code::kPermissionDenied,
       "the store denies {method} to the credentials of {source}: give their user the permission "
       "for the bucket"},
      {{"InvalidAccessKeyId", "InvalidClientTokenId"},
       Code::kUnauthenticated,
       "the store does not know the access key of {source}"},
      {{"SignatureDoesNotMatch"},
       Code::kUnauthenticated,
       "the secret key of {source} is not the one of its access key"},
      {{"ExpiredToken", "TokenRefreshRequired"},
       Code::kUnauthenticated,
       "the temporary credentials of {source} have expired, and it has no newer ones: renew them"},
      {{"InvalidToken"}, Code::kUnauthenticated, "the session token of {source} is not good"},
      {{"RequestTimeTooSkewed", "RequestExpired"},
       Code::kUnauthenticated,
       "this machine's clock is not the store's, which says {date}: set it"},
      {{"AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "PermanentRedirect",
        "TemporaryRedirect", "Redirect", "IncorrectEndpoint"},
       Code::kFailedPrecondition,
       "the bucket {bucket} is in {region}: give that as --s3-backup-aws-region, and the endpoint "
       "to it"},
      {{"QuotaExceeded", "XMinioStorageFull", "EntityTooLarge", "StorageFull"},
       Code::kResourceExhausted,
       "the store has no room for it"},
      {{"PreconditionFailed"}, Code::kAborted, "is not as it was"},
      {{"NotImplemented"}, Code::kUnimplemented, "the store does not know this request"}};
  return meanings;
}

// Answers to HEAD, and those of proxies in between, have no code.
std::string CodeOf(const S3Answer& answer) {
  if (!answer.error.code.empty()) return answer.error.code;
  switch (answer.http.status) {
    case 301:
    case 302:
    case 307:
      return "PermanentRedirect";
    case 403:
      return "AccessDenied";
    case 404:
      return "NoSuchKey";
    case 412:
      return "PreconditionFailed";
    case 501:
      return "NotImplemented";
    case 507:
      return "StorageFull";
    default:
      return "";
  }
}

std::string HeaderOf(const S3Answer& answer, const std::string& name) {
  const auto found = answer.http.headers.find(name);
  return found == answer.http.headers.end() ? "" : found->second;
}

std::string RegionOf(const S3Options& options, const S3Answer& answer) {
  const std::string header = HeaderOf(answer, "x-amz-bucket-region");
  const std::string& region = header.empty() ? answer.error.region : header;
  return region.empty() || region == options.region ? "another region than " + options.region
                                                    : "the region " + region;
}

// The store's own words, where they say more.
std::string Details(const S3Answer& answer) {
  return absl::StrCat(" (", answer.http.status, answer.error.code.empty() ? "" : " ",
                      answer.error.code, answer.error.message.empty() ? "" : ": ",
                      answer.error.message, ")");
}

}  // namespace

absl::Status S3StatusOf(const S3Options& options, const S3Request& request, const S3Answer& answer,
                        const std::string& source) {
  const std::string name = absl::StrCat("s3://", options.bucket, "/", request.key, ": ");
  const std::string code = CodeOf(answer);
  for (const S3Meaning& meaning : Meanings()) {
    if (std::find(meaning.codes.begin(), meaning.codes.end(), code) == meaning.codes.end()) {
      continue;
    }
    return {meaning.status,
            absl::StrCat(name,
                         absl::StrReplaceAll(meaning.text, {{"{bucket}", options.bucket},
                                                            {"{method}", request.method},
                                                            {"{source}", source},
                                                            {"{region}", RegionOf(options, answer)},
                                                            {"{date}", HeaderOf(answer, "date")}}),
                         Details(answer))};
  }
  const int status = answer.http.status;
  const bool away = status >= 500 || status == 429 || status == 408 || code == "SlowDown" ||
                    code == "InternalError";
  if (away) {
    return absl::UnavailableError(
        absl::StrCat(name, "the store is away or overloaded", Details(answer)));
  }
  return absl::InternalError(absl::StrCat(name, request.method, " is answered in a way that ",
                                          "graft does not know", Details(answer)));
}

}  // namespace graft
