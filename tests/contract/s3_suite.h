// What the tests of the S3 storage share: a server, and a storage on it.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "backups/backup_storage.h"
#include "testing/is_ok.h"
#include "testing/s3_server.h"

namespace graft {

class S3Suite : public testing::Test {
 protected:
  static constexpr int64_t kPart = int64_t{5} << 20;

  static void SetUpTestSuite() {
    auto server = S3Server::Start();
    ASSERT_THAT(server, IsOk());
    server_ = server->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    server_->UseCredentials("graft");
    server_->SetFaults("");
    options_ = server_->options();
    options_.root = testing::UnitTest::GetInstance()->current_test_info()->name();
    storage_ = Open(options_);
  }

  static std::unique_ptr<BackupStorage> Open(const S3Options& options) {
    auto storage = OpenS3Storage(options);
    EXPECT_THAT(storage, IsOk());
    return *std::move(storage);
  }

  // Not the same twice, so that bytes in the wrong place are noticed.
  static std::string Text(int64_t bytes) {
    std::string text(static_cast<size_t>(bytes), '\0');
    uint32_t state = 1;
    for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return text;
  }
  absl::Status Put(const std::string& path, const std::string& text) {
    auto sink = storage_->Create(path);
    if (!sink.ok()) return sink.status();
    if (const absl::Status appended = (*sink)->Append(text); !appended.ok()) return appended;
    return (*sink)->Finish();
  }
  absl::StatusOr<std::string> Get(const std::string& path) {
    TextSink text(size_t{64} << 20);
    const absl::Status status = storage_->Read(path, text);
    if (!status.ok()) return status;
    return text.text();
  }

  static inline S3Server* server_ = nullptr;
  S3Options options_;
  std::unique_ptr<BackupStorage> storage_;
};

}  // namespace graft
