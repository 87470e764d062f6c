// What of S3 needs no server: addresses, credentials files, XML, sizes of parts, options.
#include <gmock/gmock.h>

#include <string>

#include "backups/s3_client.h"
#include "backups/s3_credentials.h"
#include "backups/s3_upload.h"
#include "backups/s3_xml.h"
#include "backups/storage_options.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int64_t kMib = int64_t{1} << 20;

TEST(S3UrlTest, IsOfTheBucketsHostOrHasTheBucketInThePath) {
  S3Options options;
  options.bucket = "backups";
  options.region = "eu-west-1";
  S3Request request;
  request.key = "shop/-80/a b+c&\xC3\xA4";
  const std::string path = "/shop/-80/a%20b%2Bc%26%C3%A4";
  EXPECT_EQ(S3Url(options, request), "https://backups.s3.eu-west-1.amazonaws.com" + path);
  options.force_path_style = true;
  EXPECT_EQ(S3Url(options, request), "https://s3.eu-west-1.amazonaws.com/backups" + path);
  options.force_path_style = false;
  options.bucket = "back.ups";  // no certificate is good for such a host
  EXPECT_EQ(S3Url(options, request), "https://s3.eu-west-1.amazonaws.com/back.ups" + path);
  options.bucket = "backups";
  options.region = "cn-north-1";
  EXPECT_EQ(S3Url(options, request), "https://backups.s3.cn-north-1.amazonaws.com.cn" + path);
  options.endpoint = "minio:9000";
  EXPECT_EQ(S3Url(options, request), "https://backups.minio:9000" + path);
  options.endpoint = "http://10.0.0.1:9000/";
  EXPECT_EQ(S3Url(options, request), "http://10.0.0.1:9000/backups" + path);
}

TEST(S3UrlTest, HasASortedQuery) {
  S3Options options;
  options.bucket = "backups";
  S3Request request;
  request.query = {{"prefix", "a/ b=c"}, {"list-type", "2"}, {"delimiter", "/"}, {"uploads", ""}};
  EXPECT_EQ(S3Url(options, request),
            "https://backups.s3.us-east-1.amazonaws.com/"
            "?delimiter=%2F&list-type=2&prefix=a%2F%20b%3Dc&uploads=");
  options.force_path_style = true;
  EXPECT_THAT(S3Url(options, request), HasSubstr(".com/backups?delimiter="));
}

TEST(S3CredentialsTest, OfASharedFile) {
  const std::string file =
      "# comment\n[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key = a+b/c=\r\n"
      "region = eu-west-1\n\n[ other ]\nAWS_ACCESS_KEY_ID = AKIAOTHER\n; comment\n"
      "aws_secret_access_key = two\naws_session_token = three==\n[half]\naws_access_key_id = x\n";
  const auto found = ParseSharedCredentials(file, "default");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->key_id, "AKIADEFAULT");
  EXPECT_EQ(found->secret.Reveal(), "a+b/c=");
  EXPECT_TRUE(found->token.empty());
  const auto other = ParseSharedCredentials(file, "other");
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(other->key_id, "AKIAOTHER");
  EXPECT_EQ(other->token.Reveal(), "three==");
  const absl::Status half = ParseSharedCredentials(file, "half").status();
  EXPECT_TRUE(absl::IsInvalidArgument(half));
  EXPECT_EQ(half.message(), "the profile [half] has no aws_secret_access_key");
  EXPECT_TRUE(absl::IsNotFound(ParseSharedCredentials(file, "none").status()));
  EXPECT_TRUE(absl::IsNotFound(ParseSharedCredentials("", "default").status()));
}

TEST(S3CredentialsTest, OfAnEndpoint) {
  const auto found = ParseEndpointCredentials(
      R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"two","Token":"three",)"
      R"("Expiration":"2026-12-01T10:00:00Z"})");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->key_id, "ASIA");
  EXPECT_EQ(found->token.Reveal(), "three");
  EXPECT_EQ(found->expires, absl::FromUnixSeconds(1796119200));
  for (const char* text : {"", "null", "[1]", "<html>", R"({"Code":"Failed"})",
                           R"({"AccessKeyId":1,"SecretAccessKey":"two"})"}) {
    EXPECT_TRUE(absl::IsUnauthenticated(ParseEndpointCredentials(text).status())) << text;
  }
}

TEST(S3XmlTest, Listing) {
  const auto listing = ParseS3Listing(
      R"(<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>n/+=</NextContinuationToken>"
      "<Contents><Key>a &amp; b/&lt;1&gt;</Key><Size>6000000000</Size></Contents>"
      "<Contents><Key> </Key><Size>0</Size></Contents>"
      "<CommonPrefixes><Prefix>shop/0/</Prefix></CommonPrefixes></ListBucketResult>");
  ASSERT_THAT(listing, IsOk());
  ASSERT_EQ(listing->objects.size(), 2);
  EXPECT_EQ(listing->objects[0].name, "a & b/<1>");
  EXPECT_EQ(listing->objects[0].bytes, 6000000000);
  EXPECT_EQ(listing->objects[1].name, " ");
  EXPECT_THAT(listing->folders, ElementsAre("shop/0/"));
  EXPECT_EQ(listing->next, "n/+=");
}

// Somebody's login page, half an answer, an answer without its end.
TEST(S3XmlTest, WhatIsNoAnswerOfS3IsRefused) {
  for (const char* text :
       {"", "<html><body>Log in</body></html>", "<ListBucketResult><Contents><Key>a</Key>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></"
        "ListMultipartUploadsResult>"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(ParseS3Listing(text).status())) << text;
    EXPECT_TRUE(absl::IsFailedPrecondition(ParseS3Uploads(text).status())) << text;
    EXPECT_THAT(ParseS3Error(text).code, IsEmpty()) << text;
  }
}

TEST(S3XmlTest, ErrorsAndRequests) {
  EXPECT_EQ(ParseS3Error("<Error><Code>NoSuchKey</Code></Error>").code, "NoSuchKey");
  EXPECT_THAT(S3RemovalText({"a&b", "<c>"}),
              HasSubstr("<Key>a&amp;b</Key></Object><Object><Key>&lt;c&gt;</Key>"));
  EXPECT_THAT(S3CompletionText({{"\"e1\"", "s1"}, {"\"e2\"", "s2"}}),
              HasSubstr("<Part><PartNumber>2</PartNumber><ETag>\"e2\"</ETag>"
                        "<ChecksumSHA256>s2</ChecksumSHA256></Part>"));
  EXPECT_EQ(*ParseS3Removals("<DeleteResult></DeleteResult>"), "");
  EXPECT_EQ(*ParseS3Removals("<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code>"
                             "<Message>no</Message></Error></DeleteResult>"),
            "a: AccessDenied no");
}

// Parts of two sizes fit into 16 MiB with two or one on their way; all of them hold 2 TB.
TEST(S3PartBytesTest, GrowOnlyForVeryLargeFiles) {
  int64_t all = 0;
  int64_t frugal = 0;
  for (size_t number = 1; number <= 10000; ++number) {
    const auto bytes = S3PartBytes(number, 5 * kMib);
    ASSERT_THAT(bytes, IsOk());
    all += static_cast<int64_t>(*bytes);
    if (*bytes <= 8 * kMib) frugal += static_cast<int64_t>(*bytes);
  }
  EXPECT_GE(frugal, 39000 * kMib);
  EXPECT_GT(all, int64_t{2000000000000});
  EXPECT_TRUE(absl::IsResourceExhausted(S3PartBytes(10001, 5 * kMib).status()));
  EXPECT_EQ(*S3PartBytes(1, 64 * kMib), 64 * kMib);
  EXPECT_EQ(*S3PartBytes(10000, size_t{5} << 30), size_t{5} << 30) << "S3 takes no larger one";
}

TEST(StorageOptionsTest, EveryFaultIsSaid) {
  StorageOptions options;
  EXPECT_THAT(CheckStorageOptions(options).message(), HasSubstr("--file-backup-storage-root"));
  options.file_root = "/backups";
  EXPECT_THAT(CheckStorageOptions(options), IsOk());
  options.implementation = "gcs";
  EXPECT_THAT(CheckStorageOptions(options).message(), HasSubstr("\"gcs\" is no storage"));
  options.implementation = "s3";
  options.s3.region = "eu:west";
  options.s3.endpoint = "http://minio:9000/path";
  options.s3.root = "a\nb";
  options.s3.server_side_encryption = "sse_c:/file";
  options.s3.min_part_bytes = 1000;
  const std::string faults(CheckStorageOptions(options).message());
  for (const char* flag : {"--s3-backup-storage-bucket", "--s3-backup-aws-region",
                           "--s3-backup-aws-endpoint", "--s3-backup-storage-root",
                           "--s3-backup-server-side-encryption", "--s3-backup-aws-min-partsize"}) {
    EXPECT_THAT(faults, HasSubstr(flag));
  }
  options.s3 = S3Options();
  options.s3.bucket = "backups";
  options.s3.root = "of/shop";
  options.s3.server_side_encryption = "aws:kms";
  EXPECT_THAT(CheckStorageOptions(options), IsOk());
  EXPECT_EQ(NameOf(options), "s3://backups/of/shop");
  EXPECT_THAT(OpenStorage(options), IsOk()) << "asks nobody";
}

}  // namespace
}  // namespace graft
