#include "backups/s3_upload.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr size_t kMib = size_t{1} << 20;
constexpr size_t kMostPartBytes = size_t{5} << 30;  // S3's own bound, as is the next
constexpr size_t kMostParts = 10000;
// Where the parts begin to grow: to a size of which two are no more memory, and then for good.
constexpr size_t kSmallParts = 3000;
constexpr size_t kMiddleParts = 6000;
constexpr size_t kMiddlePartBytes = 8 * kMib;
constexpr size_t kDoubleEach = 500;
// All the memory for an object with small parts.
constexpr size_t kMostBufferedBytes = 16 * kMib;
constexpr char kWriteHeader[] = "x-amz-meta-graft-write";

std::string RandomText() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random()), absl::Hex(random()), absl::Hex(random()));
}

class S3Upload : public ByteSink {
 public:
  S3Upload(S3Client& client, std::string key) : client_(client), key_(std::move(key)) {}

  ~S3Upload() override {
    if (finished_) return;
    given_up_ = true;
    while (!sending_.empty()) TakeOldest().IgnoreError();
    if (!upload_id_.empty()) AbortS3Upload(client_, key_, upload_id_).IgnoreError();
  }

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      GRAFT_ASSIGN_OR_RETURN(const size_t most,
                             S3PartBytes(parts_.size() + 1, client_.options().min_part_bytes));
      if (buffer_.size() == most) {
        GRAFT_RETURN_IF_ERROR(SendPart());
        continue;
      }
      if (buffer_.empty() && !parts_.empty()) buffer_.reserve(most);
      const absl::string_view piece = bytes.substr(0, most - buffer_.size());
      buffer_.append(piece.data(), piece.size());
      bytes.remove_prefix(piece.size());
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (upload_id_.empty()) {
      GRAFT_RETURN_IF_ERROR(Put());
    } else {
      GRAFT_RETURN_IF_ERROR(SendPart());
      while (!sending_.empty()) GRAFT_RETURN_IF_ERROR(TakeOldest());
      GRAFT_RETURN_IF_ERROR(Complete());
    }
    finished_ = true;
    return absl::OkStatus();
  }

 private:
  S3Request Request(const char* method) const {
    S3Request request;
    request.method = method;
    request.key = key_;
    request.given_up = [this] { return given_up_.load(); };
    return request;
  }

  // What the object is to have, said when it is begun.
  void AddObjectHeaders(S3Request& request) const {
    request.headers.push_back(absl::StrCat(kWriteHeader, ": ", write_));
    const std::string& encryption = client_.options().server_side_encryption;
    if (encryption.empty()) return;
    request.headers.push_back("x-amz-server-side-encryption: " + encryption);
  }

  absl::Status Put() {
    const S3Hash hash(buffer_);
    S3Request request = Request("PUT");
    AddObjectHeaders(request);
    request.headers.push_back("x-amz-checksum-sha256: " + hash.base64);
    request.body = buffer_;
    request.body_sha256 = hash.hex;
    return MakeVisible(request);
  }

  absl::Status Complete() {
    const std::string text = S3CompletionText(parts_);
    S3Request request = Request("POST");
    request.query = {{"uploadId", upload_id_}};
    request.body = text;
    return MakeVisible(request);
  }

  // Only if there is no such object yet. The answer may be lost, and then a further attempt finds
  // the object there, or the upload gone.
  absl::Status MakeVisible(S3Request request) {
    const std::vector<std::string> headers = request.headers;
    request.headers.push_back("If-None-Match: *");
    S3Answer answer;
    absl::Status status = client_.Call(request, answer);
    if (absl::IsUnimplemented(status)) {  // a store without conditions
      GRAFT_ASSIGN_OR_RETURN(const bool there, HasS3Object(client_, key_));
      if (there) return AlreadyThere();
      request.headers = headers;
      status = client_.Call(request, answer);
    }
    if (!absl::IsAborted(status) && !absl::IsNotFound(status)) return status;
    GRAFT_ASSIGN_OR_RETURN(const bool ours, IsOurs());
    if (ours) return absl::OkStatus();
    return absl::IsAborted(status) ? AlreadyThere() : UploadIsGone();
  }

  absl::Status UploadIsGone() const {
    return absl::AbortedError(client_.NameOf(key_) + ": somebody has removed its unfinished parts");
  }

  absl::Status AlreadyThere() const {
    return absl::AlreadyExistsError(client_.NameOf(key_) + " is there already");
  }

  absl::StatusOr<bool> IsOurs() {
    S3Answer answer;
    const absl::Status status = client_.Call(Request("HEAD"), answer);
    if (absl::IsNotFound(status)) return false;
    GRAFT_RETURN_IF_ERROR(status);
    return answer.http.headers[kWriteHeader] == write_;
  }

  absl::Status Begin() {
    S3Request request = Request("POST");
    request.query = {{"uploads", ""}};
    AddObjectHeaders(request);
    request.headers.emplace_back("x-amz-checksum-algorithm: SHA256");
    S3Answer answer;
    GRAFT_RETURN_IF_ERROR(client_.Call(request, answer));
    GRAFT_ASSIGN_OR_RETURN(upload_id_, ParseS3UploadId(answer.http.body));
    return absl::OkStatus();
  }

  // Hands the buffer to a thread of its own.
  absl::Status SendPart() {
    if (upload_id_.empty()) GRAFT_RETURN_IF_ERROR(Begin());
    const size_t others = std::max<size_t>(1, kMostBufferedBytes / buffer_.size() - 1);
    while (sending_.size() >= std::min<size_t>(others, 2)) GRAFT_RETURN_IF_ERROR(TakeOldest());
    parts_.emplace_back();
    const size_t number = parts_.size();
    sending_.push_back(std::async(
        std::launch::async,
        [this, number, bytes = std::exchange(buffer_, {})] { return Send(number, bytes); }));
    return absl::OkStatus();
  }

  absl::StatusOr<S3Part> Send(size_t number, const std::string& bytes) {
    const S3Hash hash(bytes);
    S3Request request = Request("PUT");
    request.query = {{"partNumber", absl::StrCat(number)}, {"uploadId", upload_id_}};
    request.headers.push_back("x-amz-checksum-sha256: " + hash.base64);
    request.body = bytes;
    request.body_sha256 = hash.hex;
    S3Answer answer;
    const absl::Status status = client_.Call(request, answer);
    if (absl::IsNotFound(status)) return UploadIsGone();
    GRAFT_RETURN_IF_ERROR(status);
    return S3Part{answer.http.headers["etag"], hash.base64};
  }

  absl::Status TakeOldest() {
    absl::StatusOr<S3Part> part = sending_.front().get();
    const size_t index = parts_.size() - sending_.size();
    sending_.pop_front();
    if (part.ok()) parts_[index] = *std::move(part);
    return part.status();
  }

  S3Client& client_;
  const std::string key_;
  const std::string write_ = RandomText();  // by which this write knows its object again
  std::string buffer_;
  std::string upload_id_;
  std::vector<S3Part> parts_;  // those that were begun; empty until they are sent
  std::deque<std::future<absl::StatusOr<S3Part>>> sending_;  // the newest ones of them
  std::atomic<bool> given_up_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> MakeS3Upload(S3Client& client, const std::string& key) {
  return std::make_unique<S3Upload>(client, key);
}

absl::StatusOr<size_t> S3PartBytes(size_t number, size_t least_bytes) {
  if (number > kMostParts) {
    return absl::ResourceExhaustedError("the file is larger than S3 takes as one object");
  }
  if (number <= kSmallParts) return least_bytes;
  size_t bytes = std::max(least_bytes, kMiddlePartBytes);
  if (number > kMiddleParts) bytes *= size_t{2} << (number - kMiddleParts - 1) / kDoubleEach;
  return std::min(bytes, kMostPartBytes);
}

absl::Status AbortS3Upload(S3Client& client, const std::string& key, const std::string& id) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", id}};
  request.cleans = true;
  S3Answer answer;
  const absl::Status status = client.Call(request, answer);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<bool> HasS3Object(S3Client& client, const std::string& key) {
  S3Request request;
  request.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", key}};
  S3Answer answer;
  GRAFT_RETURN_IF_ERROR(client.Call(request, answer));
  GRAFT_ASSIGN_OR_RETURN(const S3Listing listing, ParseS3Listing(answer.http.body));
  return !listing.objects.empty() && listing.objects[0].name == key;
}

}  // namespace graft
