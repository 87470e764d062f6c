// Where and how backups are kept in S3; the flags are Vitess's, see storage_flags.h.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace graft {

struct S3Options {
  std::string region = "us-east-1";
  std::string endpoint;  // "https://minio:9000", or without "https://"; empty: AWS's of the region
  std::string bucket;
  std::string root;  // before every path, with "/" between
  bool force_path_style = false;
  bool tls_skip_verify_cert = false;
  std::string server_side_encryption;         // "AES256", "aws:kms"; empty: as the bucket has it
  int retries = -1;                           // of a failed request; below 0: eight
  int64_t min_part_bytes = int64_t{5} << 20;  // of a multipart upload
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration stall_timeout = absl::Minutes(1);
};

// INVALID_ARGUMENT with every fault, one to a line.
absl::Status CheckS3Options(const S3Options& options);

}  // namespace graft
