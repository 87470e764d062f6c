// What the S3 storage says when it is not set up as it should be: one sentence, and the right code.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "contract/s3_suite.h"
#include "testing/black_hole.h"
#include "testing/ports.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::Not;
using Code = absl::StatusCode;

class S3ErrorsTest : public S3Suite {
 protected:
  absl::Status List() { return Open(options_)->ListFolders("shop/0").status(); }

  static void Expect(const absl::Status& status, Code code, const std::string& text) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(text), HasSubstr("s3://")));
  }
};

TEST_F(S3ErrorsTest, OfWrongCredentials) {
  const std::vector<std::tuple<std::string, Code, std::string>> cases = {
      {"wrong", Code::kUnauthenticated, "the secret key of the profile wrong of "},
      {"unknown", Code::kUnauthenticated, "does not know the access key of the profile unknown"},
      {"denied", Code::kPermissionDenied, "denies GET to the credentials of the profile denied"},
      {"nobody", Code::kUnauthenticated, "there is no profile [nobody]"}};
  for (const auto& [profile, code, text] : cases) {
    server_->UseCredentials(profile);
    Expect(List(), code, text);
  }
  server_->UseCredentials("denied");
  Expect(Open(options_)->Create("shop/0/one/1").status(), Code::kPermissionDenied, "denies");
  TextSink sink(100);
  Expect(Open(options_)->Read("shop/0/one/1", sink), Code::kPermissionDenied, "denies");
}

TEST_F(S3ErrorsTest, OfNoCredentials) {
  server_->UseCredentials("instance");
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  Expect(List(), Code::kUnauthenticated, "there are no credentials for S3: set AWS_ACCESS_KEY_ID");
  setenv("AWS_ACCESS_KEY_ID", "AKIAHALF", 1);
  Expect(List(), Code::kUnauthenticated, "only one is set");
  server_->UseCredentials("instance");
  setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT",
         absl::StrCat("http://127.0.0.1:", FreePort(), "/").c_str(), 1);
  Expect(List(), Code::kUnauthenticated, "or run on an instance with a role (no answer from");
}

TEST_F(S3ErrorsTest, OfTheWrongPlace) {
  options_.region = "eu-west-1";
  Expect(List(), Code::kFailedPrecondition,
         "is in the region us-east-1: give that as --s3-backup-aws-region");
  options_ = server_->options();
  options_.bucket = "nowhere";
  Expect(List(), Code::kFailedPrecondition, "there is no bucket nowhere");
  TextSink sink(100);
  Expect(Open(options_)->Read("shop/0/one/MANIFEST", sink), Code::kFailedPrecondition,
         "there is no bucket nowhere");
  Expect(Open(options_)->Create("shop/0/one/1").status(), Code::kFailedPrecondition, "no bucket");
}

TEST_F(S3ErrorsTest, OfWhatTheStoreAnswers) {
  const std::vector<std::tuple<std::string, Code, std::string>> cases = {
      {"403 RequestTimeTooSkewed", Code::kUnauthenticated,
       "this machine's clock is not the store's"},
      {"400 ExpiredToken", Code::kUnauthenticated, "have expired"},
      {"301 PermanentRedirect", Code::kFailedPrecondition, "is in another region than us-east-1"},
      {"507 XMinioStorageFull", Code::kResourceExhausted, "no room"},
      {"400 Unheard", Code::kInternal, "graft does not know (400 Unheard: as the test wants)"}};
  for (const auto& [answer, code, text] : cases) {
    server_->SetFaults("9 GET . status " + answer);
    Expect(List(), code, text);
  }
}

TEST_F(S3ErrorsTest, OfAStoreThatIsAway) {
  options_.retries = 1;
  options_.connect_timeout = absl::Seconds(1);
  options_.endpoint = absl::StrCat("http://127.0.0.1:", FreePort());
  Expect(List(), Code::kUnavailable, "given up after 2 attempts");
  const BlackHole hole;
  options_.endpoint = "http://" + hole.address();
  Expect(List(), Code::kDeadlineExceeded, "does not answer");
  options_.endpoint = "http://no-such-host.invalid:9000";
  Expect(List(), Code::kUnavailable, "no-such-host.invalid");
  options_ = server_->options();
  options_.stall_timeout = absl::Seconds(1);
  options_.retries = 0;
  server_->SetFaults("9 GET . hang");
  Expect(List(), Code::kDeadlineExceeded, "does not answer");
}

TEST_F(S3ErrorsTest, OfTls) {
  const auto server = S3Server::Start(/*tls=*/true);
  ASSERT_THAT(server, IsOk());
  (*server)->UseCredentials("graft");
  options_ = (*server)->options();
  Expect(List(), Code::kUnauthenticated, "no TLS certificate that this machine trusts");
  options_.tls_skip_verify_cert = true;
  EXPECT_THAT(List(), IsOk());
  options_.tls_skip_verify_cert = false;
  setenv("AWS_CA_BUNDLE", (*server)->ca_file().c_str(), 1);
  EXPECT_THAT(List(), IsOk());
  // The one speaks TLS, the other does not.
  options_ = server_->options();
  options_.retries = 0;
  options_.endpoint.replace(0, 4, "https");
  Expect(List(), Code::kUnavailable, "an endpoint without TLS is given as http://host");
}

TEST_F(S3ErrorsTest, NoneHasASecret) {
  server_->UseCredentials("wrong");
  EXPECT_THAT(List().message(),
              Not(HasSubstr(getenv("AWS_SHARED_CREDENTIALS_FILE") + std::string("/x"))));
  setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "a-secret-key", 1);
  setenv("AWS_SESSION_TOKEN", "a-secret-token", 1);
  const absl::Status status = List();
  Expect(status, Code::kUnauthenticated, "the access key of the environment");
  EXPECT_THAT(status.message(), Not(HasSubstr("a-secret")));
}

}  // namespace
}  // namespace graft
