// The XML that S3 speaks: what graft reads of its answers and writes into its requests.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backups/backup_storage.h"

namespace graft {

// Of an answer that is an error; empty if the text is none.
struct S3Error {
  std::string code;     // "NoSuchKey"
  std::string message;  // for people
  std::string region;   // where the bucket is, if that is the matter
};
S3Error ParseS3Error(absl::string_view text);

// The parsers below: FAILED_PRECONDITION, the text is not what S3 answers.

struct S3Listing {
  std::vector<StoredFile> objects;   // their names are whole keys
  std::vector<std::string> folders;  // common prefixes, with their "/"
  std::string next;                  // continuation token; empty: that was all
};
absl::StatusOr<S3Listing> ParseS3Listing(absl::string_view text);

struct S3Uploads {
  struct Upload {
    std::string key;
    std::string id;
  };
  std::vector<Upload> uploads;  // begun, and not complete
  bool truncated = false;       // more come after these
  std::string next_key;
  std::string next_id;
};
absl::StatusOr<S3Uploads> ParseS3Uploads(absl::string_view text);

absl::StatusOr<std::string> ParseS3UploadId(absl::string_view text);

// Of the answer to a removal of several: empty, or the first one that could not be removed, with
// the cause: "shop/0/x/1: AccessDenied ...".
absl::StatusOr<std::string> ParseS3Removals(absl::string_view text);

struct S3Part {
  std::string etag;
  std::string sha256;  // base64
};
std::string S3CompletionText(const std::vector<S3Part>& parts);
std::string S3RemovalText(const std::vector<std::string>& keys);

}  // namespace graft
