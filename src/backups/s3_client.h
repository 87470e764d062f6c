// Requests to one bucket of S3: addressed, signed, and sent again where that can help.
//
// Safe for use from several threads. Errors, in sentences that name place, cause and remedy:
// UNAVAILABLE, DEADLINE_EXCEEDED (away, also after all retries), UNAUTHENTICATED (credentials, the
// machine's clock, TLS), PERMISSION_DENIED, NOT_FOUND (no such object), FAILED_PRECONDITION (no
// such bucket, another region, no S3), ABORTED (a condition of the request does not hold),
// RESOURCE_EXHAUSTED, UNIMPLEMENTED, CANCELLED (see InterruptBy), INTERNAL (an unknown answer).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backups/s3_credentials.h"
#include "backups/s3_http.h"
#include "backups/s3_options.h"
#include "backups/s3_xml.h"
#include "graft/clock.h"

namespace graft {

struct S3Request {
  std::string method = "GET";
  std::string key;  // whole; empty: the bucket itself
  std::map<std::string, std::string> query;
  std::vector<std::string> headers;  // as HttpCall's
  absl::string_view body;
  std::string body_sha256;  // in hex digits, where it is known already
  std::function<absl::Status(const HttpAnswer& head, absl::string_view bytes)> to;
  std::function<bool()> given_up;
  bool cleans = false;  // is made also when the storage is interrupted, but then must be quick
};

struct S3Answer {
  HttpAnswer http;
  S3Error error;
  bool lost = false;  // an earlier attempt may have been carried out, though its answer is lost
};

class S3Client {
 public:
  // The clock must outlive it.
  S3Client(const S3Options& options, Clock& clock);

  void InterruptBy(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

  // With all attempts. Not for requests with `to`.
  absl::Status Call(const S3Request& request, S3Answer& answer);
  // One attempt; one more if the credentials turn out to have expired.
  absl::Status Once(const S3Request& request, S3Answer& answer);
  // After attempt number `failed`, from 1 on: waits for the next one, longer each time, and returns
  // OK; or `status`, if no further one can help.
  absl::Status AwaitNext(const S3Request& request, const S3Answer& answer,
                         const absl::Status& status, int failed);

  const S3Options& options() const { return options_; }
  // "s3://bucket/key", for texts.
  std::string NameOf(const std::string& key) const;

 private:
  absl::Status Send(const S3Request& request, const AwsCredentials& credentials, S3Answer& answer);
  bool interrupted() const { return interrupted_ != nullptr && interrupted_(); }
  std::function<bool()> GivenUp(const S3Request& request) const;

  const S3Options options_;
  Clock& clock_;
  HttpClient http_;
  AwsCredentialsSource credentials_;
  std::function<bool()> interrupted_;
};

// The payload's hash as S3 wants it: as hex digits in a header that is signed, so that S3 refuses a
// body that was changed on its way; and in base64.
struct S3Hash {
  explicit S3Hash(absl::string_view body);
  std::string hex;
  std::string base64;
};

// "https://bucket.s3.eu-west-1.amazonaws.com/a%20b?list-type=2": for a request of any client.
std::string S3Url(const S3Options& options, const S3Request& request);

// What an answer that is no success means; `source`: of the credentials.
absl::Status S3StatusOf(const S3Options& options, const S3Request& request, const S3Answer& answer,
                        const std::string& source);

}  // namespace graft
