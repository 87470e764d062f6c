// One object on its way into S3.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backups/byte_sink.h"
#include "backups/s3_client.h"

namespace graft {

// A new object with the whole name `key`, visible from Finish() on. A small one is sent at once, a
// larger one in parts, while further bytes come: 16 MiB of memory up to 39 GB, if parts have the
// least size; beyond that the parts must grow, since S3 allows 10000 of them. An object that was
// not finished is given up, with its parts. Finish(): ALREADY_EXISTS, there is such an object.
// `client` must outlive it.
std::unique_ptr<ByteSink> MakeS3Upload(S3Client& client, const std::string& key);

// How large the part of this number is, from 1 on. RESOURCE_EXHAUSTED: there is no such part.
absl::StatusOr<size_t> S3PartBytes(size_t number, size_t least_bytes);

// Gives up an upload in parts.
absl::Status AbortS3Upload(S3Client& client, const std::string& key, const std::string& id);

// Whether there is an object with just this name.
absl::StatusOr<bool> HasS3Object(S3Client& client, const std::string& key);

}  // namespace graft
