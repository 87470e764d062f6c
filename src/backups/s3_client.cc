#include "backups/s3_client.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "backups/byte_sink.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr int kDefaultRetries = 8;
// Of what cleans up: a store that is away has failed the work before it as well.
constexpr int kCleaningRetries = 3;
constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
constexpr absl::Duration kLongestPause = absl::Seconds(10);
// How soon a pause notices an interruption.
constexpr absl::Duration kPauseLook = absl::Milliseconds(100);
// What cleans up after an interruption has so long.
constexpr absl::Duration kQuickConnect = absl::Seconds(1);
constexpr absl::Duration kQuickAnswer = absl::Seconds(3);

// As the signature wants it: every byte but the unreserved ones.
std::string Encoded(absl::string_view text, bool path) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", c) ||
        (path && c == '/')) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string QueryText(const std::map<std::string, std::string>& query) {
  return absl::StrJoin(query, "&", [](std::string* out, const auto& pair) {
    absl::StrAppend(out, Encoded(pair.first, false), "=", Encoded(pair.second, false));
  });
}

bool IsAddress(absl::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == ':';
  });
}

HttpSettings SettingsOf(const S3Options& options) {
  HttpSettings settings;
  settings.connect_timeout = options.connect_timeout;
  settings.stall_timeout = options.stall_timeout;
  settings.skip_verify = options.tls_skip_verify_cert;
  if (const char* file = std::getenv("AWS_CA_BUNDLE")) settings.ca_file = file;
  return settings;
}

// Full jitter, so that the parts of an upload that were refused together do not come back together.
absl::Duration PauseAfter(int failed) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const absl::Duration most =
      std::min(kLongestPause, kFirstPause * (int64_t{1} << std::min(failed - 1, 10)));
  return most * std::uniform_real_distribution<double>(0.2, 1.0)(random);
}

bool MayHelpAgain(const S3Answer& answer, const absl::Status& status) {
  // Changed on the way, or two requests at the same time.
  for (const char* code : {"BadDigest", "XAmzContentSHA256Mismatch", "RequestTimeout",
                           "OperationAborted", "ConditionalRequestConflict"}) {
    if (answer.error.code == code) return true;
  }
  return IsAway(status);
}

}  // namespace

S3Hash::S3Hash(absl::string_view body)
    : hex(Sha256Of(body)), base64(absl::Base64Escape(absl::HexStringToBytes(hex))) {}

std::string S3Url(const S3Options& options, const S3Request& request) {
  std::string endpoint = options.endpoint;
  if (endpoint.empty()) {
    endpoint = absl::StrCat("s3.", options.region, ".amazonaws.com",
                            absl::StartsWith(options.region, "cn-") ? ".cn" : "");
  }
  absl::string_view host = endpoint;
  std::string scheme = "https://";
  if (absl::ConsumePrefix(&host, "http://")) scheme = "http://";
  absl::ConsumePrefix(&host, "https://");
  while (absl::ConsumeSuffix(&host, "/")) continue;
  // No certificate is good for a bucket's name with dots, and an address has no names below it.
  const bool by_path =
      options.force_path_style || absl::StrContains(options.bucket, '.') || IsAddress(host);
  const std::string base = by_path ? absl::StrCat(scheme, host, "/", options.bucket)
                                   : absl::StrCat(scheme, options.bucket, ".", host);
  const bool whole = by_path && request.key.empty();
  return absl::StrCat(base, whole ? "" : "/", Encoded(request.key, true),
                      request.query.empty() ? "" : "?", QueryText(request.query));
}

S3Client::S3Client(const S3Options& options, Clock& clock)
    : options_(options), clock_(clock), http_(SettingsOf(options)), credentials_(http_, clock) {}

std::string S3Client::NameOf(const std::string& key) const {
  return absl::StrCat("s3://", options_.bucket, "/", key);
}

std::function<bool()> S3Client::GivenUp(const S3Request& request) const {
  if (request.cleans) return nullptr;
  return [this, &request] {
    return interrupted() || (request.given_up != nullptr && request.given_up());
  };
}

absl::Status S3Client::Send(const S3Request& request, const AwsCredentials& credentials,
                            S3Answer& answer) {
  HttpCall call;
  call.method = request.method;
  call.url = S3Url(options_, request);
  call.headers = request.headers;
  call.headers.push_back("x-amz-content-sha256: " + (request.body_sha256.empty()
                                                         ? S3Hash(request.body).hex
                                                         : request.body_sha256));
  if (!credentials.token.empty()) {
    call.headers.push_back("x-amz-security-token: " + credentials.token.Reveal());
  }
  if (request.method == "PUT" || request.method == "POST") {
    call.headers.push_back("Content-Type: application/octet-stream");
  }
  call.body = request.body;
  call.region = options_.region;
  call.key_id = credentials.key_id;
  call.secret = credentials.secret;
  call.to = request.to;
  call.given_up = GivenUp(request);
  if (request.cleans && interrupted()) {
    call.connect_timeout = kQuickConnect;
    call.most_time = kQuickAnswer;
  }
  const absl::Status sent = http_.Call(call, answer.http);
  if (!sent.ok()) return Annotate(sent, NameOf(request.key));
  answer.error = ParseS3Error(answer.http.body);
  // The end of a multipart upload may be told as an error with 200.
  if (answer.http.status / 100 == 2 && answer.error.code.empty()) return absl::OkStatus();
  return S3StatusOf(options_, request, answer, credentials.source);
}

absl::Status S3Client::Once(const S3Request& request, S3Answer& answer) {
  for (bool again : {true, false}) {
    answer.http = HttpAnswer();
    answer.error = S3Error();
    absl::StatusOr<AwsCredentials> credentials = credentials_.Get(GivenUp(request));
    if (!credentials.ok()) return Annotate(credentials.status(), NameOf(request.key));
    const absl::Status status = Send(request, *credentials, answer);
    if (!again || answer.error.code != "ExpiredToken") return status;
    credentials_.Forget(*credentials);
  }
  return absl::InternalError("not reached");
}

absl::Status S3Client::AwaitNext(const S3Request& request, const S3Answer& answer,
                                 const absl::Status& status, int failed) {
  const int wanted = options_.retries < 0 ? kDefaultRetries : options_.retries;
  const int retries = request.cleans ? std::min(wanted, kCleaningRetries) : wanted;
  const std::function<bool()> given_up = GivenUp(request);
  if (!MayHelpAgain(answer, status) || (request.cleans && interrupted())) return status;
  if (failed > retries) {
    return failed == 1 ? status
                       : Annotate(status, absl::StrCat("given up after ", failed, " attempts"));
  }
  Cancellation never;
  const absl::Time next = clock_.Now() + PauseAfter(failed);
  while (clock_.Now() < next) {
    if (given_up != nullptr && given_up()) return absl::CancelledError("interrupted");
    never.WaitUntil(clock_, std::min(next, clock_.Now() + kPauseLook));
  }
  return absl::OkStatus();
}

absl::Status S3Client::Call(const S3Request& request, S3Answer& answer) {
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = Once(request, answer);
    if (status.ok()) return status;
    answer.lost |= IsAway(status);
    GRAFT_RETURN_IF_ERROR(AwaitNext(request, answer, status, attempt));
  }
}

}  // namespace graft
