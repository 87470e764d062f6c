// The credentials for S3, found where AWS's own tools look for them, in their order:
//
//   the environment      AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   the shared file      AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials, profile AWS_PROFILE
//   a container's agent  AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI
//   the EC2 instance     IMDSv2, AWS_EC2_METADATA_SERVICE_ENDPOINT; off: AWS_EC2_METADATA_DISABLED
//
// Source: "Understand credential resolution" of the AWS SDKs and Tools Reference Guide.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "backups/s3_http.h"
#include "graft/clock.h"
#include "graft/secret.h"

namespace graft {

struct AwsCredentials {
  std::string key_id;
  Secret secret;
  Secret token;  // empty: they are no temporary ones
  absl::Time expires = absl::InfiniteFuture();
  std::string source;  // for people: "the profile graft of /root/.aws/credentials"
};

// Of the text of a shared credentials file. NOT_FOUND: it has no such profile. INVALID_ARGUMENT:
// the profile lacks a key. Neither says what stands there instead.
absl::StatusOr<AwsCredentials> ParseSharedCredentials(absl::string_view text,
                                                      absl::string_view profile);

// Of what an instance or a container's agent answers. UNAUTHENTICATED: it gives none.
absl::StatusOr<AwsCredentials> ParseEndpointCredentials(absl::string_view json);

// Safe for use from several threads.
class AwsCredentialsSource {
 public:
  // Both must outlive it.
  AwsCredentialsSource(HttpClient& http, Clock& clock) : http_(http), clock_(clock) {}

  // The ones that were found, until five minutes before their end. UNAUTHENTICATED: there are none;
  // the text says where they were sought. `given_up`, see HttpCall.
  absl::StatusOr<AwsCredentials> Get(const std::function<bool()>& given_up);
  // The next Get() looks anew, unless it has done so since `used`.
  void Forget(const AwsCredentials& used);

 private:
  absl::StatusOr<AwsCredentials> Find(const std::function<bool()>& given_up);
  absl::StatusOr<AwsCredentials> FromContainer(const std::string& uri,
                                               const std::function<bool()>& given_up);
  absl::StatusOr<AwsCredentials> FromInstance(const std::function<bool()>& given_up);
  // One call of an endpoint.
  absl::StatusOr<std::string> Ask(const std::string& method, const std::string& url,
                                  const std::string& header, const std::function<bool()>& given_up);

  HttpClient& http_;
  Clock& clock_;
  absl::Mutex mutex_;
  AwsCredentials found_ ABSL_GUARDED_BY(mutex_);  // none while its key is empty
};

}  // namespace graft
