#include "backups/storage_options.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/errors.h"

namespace graft {
namespace {

// As S3 bounds it.
constexpr int64_t kLeastPartBytes = int64_t{5} << 20;
constexpr int64_t kMostPartBytesOfFlag = int64_t{5} << 30;

// Letters, digits and these: what may stand in a name of a host, a bucket or a region.
bool IsPlain(absl::string_view text, absl::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(others, c);
  });
}

bool IsEndpoint(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "http://")) absl::ConsumePrefix(&text, "https://");
  absl::ConsumeSuffix(&text, "/");
  return !text.empty() && IsPlain(text, "-.:[]_");
}

}  // namespace

absl::Status CheckS3Options(const S3Options& options) {
  std::vector<std::string> faults;
  if (options.bucket.empty()) {
    faults.emplace_back("give --s3-backup-storage-bucket: the bucket that holds the backups");
  } else if (!IsPlain(options.bucket, "-._")) {
    faults.push_back(absl::StrCat("--s3-backup-storage-bucket: \"", options.bucket,
                                  "\" is no name of a bucket"));
  }
  if (options.region.empty() || !IsPlain(options.region, "-")) {
    faults.push_back(absl::StrCat("--s3-backup-aws-region: \"", options.region,
                                  "\" is no name of a region, such as eu-west-1"));
  }
  if (!options.endpoint.empty() && !IsEndpoint(options.endpoint)) {
    faults.push_back(absl::StrCat("--s3-backup-aws-endpoint: \"", options.endpoint,
                                  "\" is no host:port, nor http://host:port"));
  }
  if (std::any_of(options.root.begin(), options.root.end(),
                  [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    faults.emplace_back("--s3-backup-storage-root: it has control characters");
  }
  if (!IsPlain(options.server_side_encryption, ":-")) {
    faults.push_back(absl::StrCat("--s3-backup-server-side-encryption: \"",
                                  options.server_side_encryption,
                                  "\": graft knows AES256 and aws:kms, not keys of your own"));
  }
  if (options.min_part_bytes < kLeastPartBytes || options.min_part_bytes > kMostPartBytesOfFlag) {
    faults.push_back(absl::StrCat("--s3-backup-aws-min-partsize: ", options.min_part_bytes,
                                  " is not 5 MiB to 5 GiB, in bytes"));
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

absl::Status CheckStorageOptions(const StorageOptions& options) {
  if (options.implementation == "s3") return CheckS3Options(options.s3);
  if (options.implementation != "file") {
    return absl::InvalidArgumentError(
        absl::StrCat("--backup-storage-implementation: \"", options.implementation,
                     "\" is no storage that graft knows: \"file\", \"s3\""));
  }
  if (!options.file_root.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "give --file-backup-storage-root: the folder that holds the backups");
}

absl::StatusOr<std::unique_ptr<BackupStorage>> OpenStorage(const StorageOptions& options) {
  GRAFT_RETURN_IF_ERROR(CheckStorageOptions(options));
  return options.implementation == "s3" ? OpenS3Storage(options.s3)
                                        : OpenFileStorage(options.file_root);
}

std::string NameOf(const StorageOptions& options) {
  if (options.implementation != "s3") return options.file_root;
  return absl::StrCat("s3://", options.s3.bucket, "/", options.s3.root);
}

}  // namespace graft
