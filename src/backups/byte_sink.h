// Bytes on their way from a file to a storage or back: each stage takes them, changes them or looks
// at them, and hands them on to the next. A stage refers to the next one, which must outlive it.
// None is safe for use from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/files.h"

namespace graft {

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  virtual absl::Status Append(absl::string_view bytes) = 0;
  // No more bytes come: what is left is handed on, and the next stage finishes too. A sink is given
  // up by destroying it unfinished.
  virtual absl::Status Finish() = 0;
};

// Passes bytes on, and hashes and counts them. CRC-32 is the IEEE one, written as Vitess writes it:
// the lower-case hex digits of its four bytes, the most significant one first.
enum class HashKind { kCrc32, kSha256 };

class HashingSink : public ByteSink {
 public:
  HashingSink(HashKind kind, ByteSink& next);
  ~HashingSink() override;

  absl::Status Append(absl::string_view bytes) override;
  absl::Status Finish() override;

  std::string hex() const { return hex_; }  // after Finish()
  int64_t bytes() const { return bytes_; }

 private:
  struct State;
  ByteSink& next_;
  const std::unique_ptr<State> state_;
  std::string hex_;
  int64_t bytes_ = 0;
};

std::string Sha256Of(absl::string_view text);  // as hex digits

// Where bytes end that are only looked at.
class NullSink : public ByteSink {
 public:
  absl::Status Append(absl::string_view) override { return absl::OkStatus(); }
  absl::Status Finish() override { return absl::OkStatus(); }
};

// Into a string, for small files. RESOURCE_EXHAUSTED: more than `most_bytes`.
class TextSink : public ByteSink {
 public:
  explicit TextSink(size_t most_bytes) : most_bytes_(most_bytes) {}

  absl::Status Append(absl::string_view bytes) override;
  absl::Status Finish() override { return absl::OkStatus(); }

  const std::string& text() const { return text_; }

 private:
  const size_t most_bytes_;
  std::string text_;
};

// FileError() for what needs room on the disk. RESOURCE_EXHAUSTED: there is none, or the quota is
// reached.
absl::Status WriteError(absl::string_view what, absl::string_view path, int error);

// Into a new file, which lies on the disk after Finish(). What it writes does not stay in the page
// cache, which is mysqld's. The folder must exist. Errors as of base/files.h; ALREADY_EXISTS: there
// is such a file. A file that was not finished is removed.
absl::StatusOr<std::unique_ptr<ByteSink>> MakeFileSink(const std::string& path);

// Reads a whole file into `sink`, without Finish(), in pieces of at most 1 MiB; the page cache does
// not keep it. NOT_FOUND: no such file. Else as of base/files.h, or the sink's error.
absl::Status ReadFileInto(const std::string& path, ByteSink& sink);

}  // namespace graft
