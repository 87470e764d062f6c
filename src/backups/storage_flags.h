// The flags of the backups' storage, for every program that has one: Vitess's names and defaults,
// for CLI11. Source: Vitess's go/vt/mysqlctl/s3backupstorage, and vtbackup's reference.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "backups/storage_options.h"

namespace graft {

// `options` must outlive `app`'s parsing. To be checked by CheckStorageOptions().
inline void AddStorageFlags(CLI::App& app, StorageOptions& options) {
  const auto add = [&app](const char* name, auto& target, const char* kind, const char* text) {
    return app.add_option(name, target, text)->type_name(kind)->capture_default_str();
  };
  const auto add_switch = [&app](const char* name, bool& target, const char* text) {
    app.add_flag(name, target, text)->default_str("false");
  };
  S3Options& s3 = options.s3;
  add("--backup-storage-implementation", options.implementation, "file|s3",
      "where backups are kept: in a folder, or in a bucket of S3 or of a store that speaks it");
  add("--file-backup-storage-root", options.file_root, "DIR",
      "the folder of the storage \"file\"; in it are keyspace/shard/backup");
  add("--s3-backup-storage-bucket", s3.bucket, "BUCKET", "the bucket of the storage \"s3\"");
  add("--s3-backup-storage-root", s3.root, "PREFIX",
      "before the name of every object, with a \"/\"");
  add("--s3-backup-aws-region", s3.region, "REGION", "the bucket's region");
  add("--s3-backup-aws-endpoint", s3.endpoint, "HOST:PORT",
      "of a store that is not AWS's; by https, unless it begins with http://");
  add_switch("--s3-backup-force-path-style", s3.force_path_style,
             "the bucket in the path, not in the host's name: most other stores want that");
  add_switch("--s3-backup-tls-skip-verify-cert", s3.tls_skip_verify_cert,
             "trust any TLS certificate");
  add("--s3-backup-server-side-encryption", s3.server_side_encryption, "AES256|aws:kms",
      "how the store encrypts; without it, as the bucket says");
  add("--s3-backup-aws-retries", s3.retries, "N",
      "how often a failed request is sent again; below 0: eight times");
  add("--s3-backup-aws-min-partsize", s3.min_part_bytes, "BYTES",
      "least size of the parts of a large file; three of them are in memory for each file");
}

}  // namespace graft
