#include "backups/s3_credentials.h"

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

// Temporary ones are replaced this long before their end, so that a large part still gets through.
constexpr absl::Duration kRenewBefore = absl::Minutes(5);
// The endpoints are on this machine, or nowhere.
constexpr absl::Duration kEndpointConnect = absl::Seconds(1);
constexpr absl::Duration kEndpointAnswer = absl::Seconds(5);

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string SharedFile() {
  const std::string path = Variable("AWS_SHARED_CREDENTIALS_FILE");
  return path.empty() ? Variable("HOME") + "/.aws/credentials" : path;
}

absl::StatusOr<AwsCredentials> FromEnvironment() {
  AwsCredentials found;
  found.key_id = Variable("AWS_ACCESS_KEY_ID");
  found.secret = Secret(Variable("AWS_SECRET_ACCESS_KEY"));
  found.token = Secret(Variable("AWS_SESSION_TOKEN"));
  found.source = "the environment";
  if (found.key_id.empty() == found.secret.empty()) return found;
  return absl::UnauthenticatedError(
      "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: set both or none");
}

// NOT_FOUND: no file, or no profile, and none was named.
absl::StatusOr<AwsCredentials> FromSharedFile() {
  const std::string path = SharedFile();
  const std::string named = Variable("AWS_PROFILE");
  const std::string profile = named.empty() ? "default" : named;
  const absl::StatusOr<std::string> text = ReadFile(path);
  absl::StatusOr<AwsCredentials> found =
      text.ok() ? ParseSharedCredentials(*text, profile) : text.status();
  if (found.ok()) {
    found->source = absl::StrCat("the profile ", profile, " of ", path);
    return found;
  }
  if (absl::IsNotFound(found.status()) && named.empty()) return found;
  if (!text.ok() && !absl::IsNotFound(text.status())) return found;
  return absl::UnauthenticatedError(text.ok() ? absl::StrCat(path, ": ", found.status().message())
                                              : absl::StrCat("there is no credentials file ", path,
                                                             ": make it, or unset "
                                                             "AWS_PROFILE"));
}

std::string ContainerUri() {
  const std::string relative = Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  return relative.empty() ? Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                          : "http://169.254.170.2" + relative;
}

absl::StatusOr<std::string> ContainerHeader() {
  std::string token = Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string path = Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!path.empty()) {
    GRAFT_ASSIGN_OR_RETURN(token, ReadFile(path));
  }
  token = std::string(absl::StripAsciiWhitespace(token));
  return token.empty() ? "" : "Authorization: " + token;
}

}  // namespace

absl::StatusOr<AwsCredentials> ParseSharedCredentials(absl::string_view text,
                                                      absl::string_view profile) {
  std::map<std::string, std::string> values;
  bool inside = false;
  bool there = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      const absl::string_view name = absl::StripAsciiWhitespace(line.substr(1, line.size() - 2));
      inside = name == profile;
      there |= inside;
      continue;
    }
    const std::vector<absl::string_view> sides = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!inside || sides.size() != 2) continue;
    values[absl::AsciiStrToLower(absl::StripAsciiWhitespace(sides[0]))] =
        std::string(absl::StripAsciiWhitespace(sides[1]));
  }
  if (!there) return absl::NotFoundError(absl::StrCat("there is no profile [", profile, "]"));
  for (const char* name : {"aws_access_key_id", "aws_secret_access_key"}) {
    if (values[name].empty()) {
      return absl::InvalidArgumentError(absl::StrCat("the profile [", profile, "] has no ", name));
    }
  }
  AwsCredentials found;
  found.key_id = values["aws_access_key_id"];
  found.secret = Secret(values["aws_secret_access_key"]);
  found.token = Secret(values["aws_session_token"]);
  return found;
}

absl::StatusOr<AwsCredentials> ParseEndpointCredentials(absl::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto text = [&parsed](const char* name) -> std::string {
    const auto found = parsed.is_object() ? parsed.find(name) : parsed.end();
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : "";
  };
  AwsCredentials found;
  found.key_id = text("AccessKeyId");
  found.secret = Secret(text("SecretAccessKey"));
  found.token = Secret(text("Token"));
  if (found.key_id.empty() || found.secret.empty()) {
    return absl::UnauthenticatedError(absl::StrCat("gives no credentials ", text("Code")));
  }
  std::string ignored;
  const std::string expires = text("Expiration");
  if (!expires.empty()) absl::ParseTime(absl::RFC3339_full, expires, &found.expires, &ignored);
  return found;
}

absl::StatusOr<std::string> AwsCredentialsSource::Ask(const std::string& method,
                                                      const std::string& url,
                                                      const std::string& header,
                                                      const std::function<bool()>& given_up) {
  HttpCall call;
  call.method = method;
  call.url = url;
  if (!header.empty()) call.headers.push_back(header);
  call.direct = true;
  call.given_up = given_up;
  call.connect_timeout = kEndpointConnect;
  call.most_time = kEndpointAnswer;
  HttpAnswer answer;
  GRAFT_RETURN_IF_ERROR(http_.Call(call, answer));
  if (answer.status == 200) return std::move(answer.body);
  return absl::UnauthenticatedError(absl::StrCat(url, " answers ", answer.status));
}

absl::StatusOr<AwsCredentials> AwsCredentialsSource::FromContainer(
    const std::string& uri, const std::function<bool()>& given_up) {
  GRAFT_ASSIGN_OR_RETURN(const std::string header, ContainerHeader());
  GRAFT_ASSIGN_OR_RETURN(const std::string json, Ask("GET", uri, header, given_up));
  GRAFT_ASSIGN_OR_RETURN(AwsCredentials found, ParseEndpointCredentials(json));
  found.source = "the container's agent at " + uri;
  return found;
}

absl::StatusOr<AwsCredentials> AwsCredentialsSource::FromInstance(
    const std::function<bool()>& given_up) {
  std::string endpoint = Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) endpoint = "http://169.254.169.254";
  while (absl::EndsWith(endpoint, "/")) endpoint.pop_back();
  GRAFT_ASSIGN_OR_RETURN(const std::string token,
                         Ask("PUT", endpoint + "/latest/api/token",
                             "X-aws-ec2-metadata-token-ttl-seconds: 300", given_up));
  const std::string header = "X-aws-ec2-metadata-token: " + token;
  const std::string roles = endpoint + "/latest/meta-data/iam/security-credentials/";
  GRAFT_ASSIGN_OR_RETURN(std::string role, Ask("GET", roles, header, given_up));
  role = role.substr(0, role.find('\n'));
  GRAFT_ASSIGN_OR_RETURN(const std::string json, Ask("GET", roles + role, header, given_up));
  GRAFT_ASSIGN_OR_RETURN(AwsCredentials found, ParseEndpointCredentials(json));
  found.source = absl::StrCat("the instance's role ", role);
  return found;
}

absl::StatusOr<AwsCredentials> AwsCredentialsSource::Find(const std::function<bool()>& given_up) {
  absl::StatusOr<AwsCredentials> found = FromEnvironment();
  if (!found.ok() || !found->key_id.empty()) return found;
  found = FromSharedFile();
  if (found.ok() || !absl::IsNotFound(found.status())) return found;
  const std::string container = ContainerUri();
  if (!container.empty()) return FromContainer(container, given_up);
  std::string instance = "AWS_EC2_METADATA_DISABLED is set";
  if (!absl::EqualsIgnoreCase(Variable("AWS_EC2_METADATA_DISABLED"), "true")) {
    found = FromInstance(given_up);
    if (found.ok() || absl::IsCancelled(found.status())) return found;
    instance = std::string(found.status().message());
  }
  return absl::UnauthenticatedError(absl::StrCat(
      "there are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ",
      SharedFile(), ", or run on an instance with a role (", instance, ")"));
}

absl::StatusOr<AwsCredentials> AwsCredentialsSource::Get(const std::function<bool()>& given_up) {
  const absl::MutexLock lock(&mutex_);
  if (!found_.key_id.empty() && clock_.Now() + kRenewBefore < found_.expires) return found_;
  absl::StatusOr<AwsCredentials> found = Find(given_up);
  // An endpoint that is away for a moment: what is there holds a little longer.
  if (!found.ok() && !found_.key_id.empty() && clock_.Now() < found_.expires) return found_;
  if (found.ok()) found_ = *found;
  return found;
}

void AwsCredentialsSource::Forget(const AwsCredentials& used) {
  const absl::MutexLock lock(&mutex_);
  if (found_.key_id == used.key_id && found_.token.Reveal() == used.token.Reveal()) found_ = {};
}

}  // namespace graft
