#include "backups/byte_sink.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
// The page cache is told this often, so that it never holds much of a large file.
constexpr off_t kForgetBytes = off_t{16} << 20;

class FileSink : public ByteSink {
 public:
  FileSink(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  ~FileSink() override {
    if (!finished_) unlink(path_.c_str());
  }

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return WriteError("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
      size_ += written;
    }
    if (size_ - begun_ >= kForgetBytes) StartWriting();
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (fsync(file_.get()) != 0) return WriteError("sync", path_, errno);
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
    finished_ = true;
    return absl::OkStatus();
  }

 private:
  // Lets the disk begin with the newest part, and forgets the part before, which it has by now.
  void StartWriting() {
    sync_file_range(file_.get(), begun_, size_ - begun_, SYNC_FILE_RANGE_WRITE);
    if (begun_ > 0) posix_fadvise(file_.get(), 0, begun_, POSIX_FADV_DONTNEED);
    begun_ = size_;
  }

  const Fd file_;
  const std::string path_;
  off_t size_ = 0;
  off_t begun_ = 0;
  bool finished_ = false;
};

}  // namespace

struct HashingSink::State {
  uLong crc = crc32(0, Z_NULL, 0);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> sha = {nullptr, &EVP_MD_CTX_free};
};

HashingSink::HashingSink(HashKind kind, ByteSink& next)
    : next_(next), state_(std::make_unique<State>()) {
  if (kind == HashKind::kCrc32) return;
  state_->sha.reset(EVP_MD_CTX_new());
  EVP_DigestInit_ex(state_->sha.get(), EVP_sha256(), nullptr);
}

HashingSink::~HashingSink() = default;

absl::Status HashingSink::Append(absl::string_view bytes) {
  bytes_ += static_cast<int64_t>(bytes.size());
  if (state_->sha != nullptr) {
    EVP_DigestUpdate(state_->sha.get(), bytes.data(), bytes.size());
  } else {
    state_->crc = crc32_z(state_->crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }
  return next_.Append(bytes);
}

absl::Status HashingSink::Finish() {
  if (state_->sha != nullptr) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(state_->sha.get(), digest, &size);
    hex_ = absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
  } else {
    hex_ = absl::StrFormat("%08x", state_->crc);
  }
  return next_.Finish();
}

std::string Sha256Of(absl::string_view text) {
  NullSink nowhere;
  HashingSink hash(HashKind::kSha256, nowhere);
  hash.Append(text).IgnoreError();  // neither can fail
  hash.Finish().IgnoreError();
  return hash.hex();
}

absl::Status TextSink::Append(absl::string_view bytes) {
  if (text_.size() + bytes.size() > most_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("has more than ", most_bytes_, " bytes"));
  }
  absl::StrAppend(&text_, bytes);
  return absl::OkStatus();
}

absl::Status WriteError(absl::string_view what, absl::string_view path, int error) {
  const absl::Status status = FileError(what, path, error);
  if (error != ENOSPC && error != EDQUOT) return status;
  return absl::ResourceExhaustedError(status.message());
}

absl::StatusOr<std::unique_ptr<ByteSink>> MakeFileSink(const std::string& path) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!file.ok() && errno == EEXIST) {
    return absl::AlreadyExistsError(path + " is there already");
  }
  if (!file.ok()) return WriteError("create", path, errno);
  return std::make_unique<FileSink>(std::move(file), path);
}

absl::Status ReadFileInto(const std::string& path, ByteSink& sink) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() && errno == ENOENT) return absl::NotFoundError(path + " does not exist");
  if (!file.ok()) return FileError("open", path, errno);
  posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::vector<char> piece(kPieceBytes);
  off_t offset = 0;
  while (true) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path, errno);
    if (got == 0) return absl::OkStatus();
    GRAFT_RETURN_IF_ERROR(sink.Append({piece.data(), static_cast<size_t>(got)}));
    offset += got;
    if (offset % kForgetBytes == 0) posix_fadvise(file.get(), 0, offset, POSIX_FADV_DONTNEED);
  }
}

}  // namespace graft
