// BackupStorage on S3: a path is a key, a folder what keys have in common.
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backups/backup_storage.h"
#include "backups/s3_client.h"
#include "backups/s3_upload.h"
#include "base/clocks.h"
#include "base/errors.h"

namespace graft {
namespace {

// Removing several objects with one request wants this hash and no other.
std::string Md5Of(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  return absl::Base64Escape({reinterpret_cast<const char*>(digest), size});
}

// One read of an object, which goes on where it was cut.
class S3Read {
 public:
  S3Read(S3Client& client, std::string key, ByteSink& to)
      : client_(client), key_(std::move(key)), to_(to) {}

  absl::Status Run() {
    for (int failed = 1;; ++failed) {
      const int64_t before = done_;
      const S3Request request = Next();
      S3Answer answer;
      const absl::Status status = client_.Once(request, answer);
      if (status.ok() || !refused_.ok()) return status;
      if (done_ > 0 && answer.http.status == 416) return absl::OkStatus();  // nothing is left
      if (absl::IsAborted(status)) {
        return absl::AbortedError(client_.NameOf(key_) + " was replaced while it was read");
      }
      if (done_ > before) failed = 1;
      GRAFT_RETURN_IF_ERROR(client_.AwaitNext(request, answer, status, failed));
    }
  }

 private:
  S3Request Next() {
    S3Request request;
    request.key = key_;
    passed_ = 0;
    if (done_ > 0) {
      request.headers = {absl::StrCat("Range: bytes=", done_, "-")};
      if (!etag_.empty()) request.headers.push_back("If-Match: " + etag_);
    }
    request.to = [this](const HttpAnswer& head, absl::string_view bytes) {
      refused_ = Take(head, bytes);
      return refused_;
    };
    return request;
  }

  absl::Status Take(const HttpAnswer& head, absl::string_view bytes) {
    if (done_ == 0) {
      const auto etag = head.headers.find("etag");
      if (etag != head.headers.end()) etag_ = etag->second;
    }
    // A store that does not know ranges begins anew.
    if (head.status == 200 && passed_ < done_) {
      const auto known = std::min<int64_t>(done_ - passed_, static_cast<int64_t>(bytes.size()));
      passed_ += known;
      bytes.remove_prefix(static_cast<size_t>(known));
    }
    if (bytes.empty()) return absl::OkStatus();
    done_ += static_cast<int64_t>(bytes.size());
    passed_ += static_cast<int64_t>(bytes.size());
    return to_.Append(bytes);
  }

  S3Client& client_;
  const std::string key_;
  ByteSink& to_;
  std::string etag_;      // of the object that the read began with
  int64_t done_ = 0;      // bytes that the sink has
  int64_t passed_ = 0;    // of this answer, where it begins at the object's begin
  absl::Status refused_;  // by the sink
};

class S3BackupStorage : public BackupStorage {
 public:
  explicit S3BackupStorage(const S3Options& options)
      : clock_(MakeRealClock()), client_(options, *clock_) {}

  absl::StatusOr<std::vector<std::string>> ListFolders(const std::string& folder) override {
    const std::string prefix = PrefixOf(folder);
    std::set<std::string> names;
    GRAFT_RETURN_IF_ERROR(List(prefix, /*flat=*/false, [&](const S3Listing& listing) {
      for (absl::string_view name : listing.folders) {
        if (absl::ConsumePrefix(&name, prefix) && absl::ConsumeSuffix(&name, "/")) {
          names.emplace(name);
        }
      }
      return absl::OkStatus();
    }));
    // What was begun and not completed is there, too, so that it can be removed.
    const auto uploads = ListUploads(prefix, /*cleans=*/false);
    if (uploads.ok()) {
      for (const S3Uploads::Upload& upload : *uploads) {
        const std::string below = upload.key.substr(prefix.size());
        if (absl::StrContains(below, '/')) names.insert(below.substr(0, below.find('/')));
      }
    } else if (!MayNotList(uploads.status())) {
      return uploads.status();
    }
    return std::vector<std::string>(names.begin(), names.end());
  }

  absl::StatusOr<std::vector<StoredFile>> ListFiles(const std::string& folder) override {
    const std::string prefix = PrefixOf(folder);
    std::vector<StoredFile> files;
    GRAFT_RETURN_IF_ERROR(List(prefix, /*flat=*/false, [&](const S3Listing& listing) {
      for (const StoredFile& object : listing.objects) {
        const std::string name = object.name.substr(prefix.size());
        if (!name.empty()) files.push_back({name, object.bytes});  // else the folder's own mark
      }
      return absl::OkStatus();
    }));
    std::sort(files.begin(), files.end(),
              [](const StoredFile& a, const StoredFile& b) { return a.name < b.name; });
    return files;
  }

  absl::Status Read(const std::string& path, ByteSink& to) override {
    return S3Read(client_, KeyOf(path), to).Run();
  }

  absl::StatusOr<std::unique_ptr<ByteSink>> Create(const std::string& path) override {
    const std::string key = KeyOf(path);
    GRAFT_ASSIGN_OR_RETURN(const bool there, HasS3Object(client_, key));
    if (there) return absl::AlreadyExistsError(client_.NameOf(key) + " is there already");
    return MakeS3Upload(client_, key);
  }

  absl::Status RemoveFile(const std::string& path) override {
    S3Request request;
    request.method = "DELETE";
    request.key = KeyOf(path);
    request.cleans = true;
    S3Answer answer;
    const absl::Status status = client_.Call(request, answer);
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  // Uploads first: one that is completed meanwhile is an object then.
  absl::Status RemoveFolder(const std::string& folder) override {
    const std::string prefix = PrefixOf(folder);
    GRAFT_ASSIGN_OR_RETURN(const auto uploads, ListUploads(prefix, /*cleans=*/true));
    for (const S3Uploads::Upload& upload : uploads) {
      GRAFT_RETURN_IF_ERROR(AbortS3Upload(client_, upload.key, upload.id));
    }
    return List(prefix, /*flat=*/true, [this](const S3Listing& listing) {
      std::vector<std::string> keys;
      for (const StoredFile& object : listing.objects) keys.push_back(object.name);
      return keys.empty() ? absl::OkStatus() : RemoveObjects(keys);
    });
  }

  void InterruptBy(std::function<bool()> interrupted) override {
    client_.InterruptBy(std::move(interrupted));
  }

 private:
  std::string KeyOf(const std::string& path) const {
    const std::string& root = client_.options().root;
    return root.empty() ? path : absl::StrCat(root, "/", path);
  }
  std::string PrefixOf(const std::string& folder) const {
    return folder.empty() ? KeyOf("") : KeyOf(folder + "/");
  }

  static bool MayNotList(const absl::Status& status) {
    return absl::IsPermissionDenied(status) || absl::IsUnimplemented(status);
  }

  // Page by page; `flat`: with all that lies deeper.
  template <typename Visit>
  absl::Status List(const std::string& prefix, bool flat, const Visit& visit) {
    S3Request request;
    request.query = {{"list-type", "2"}, {"prefix", prefix}};
    request.cleans = flat;
    if (!flat) request.query["delimiter"] = "/";
    while (true) {
      S3Answer answer;
      GRAFT_RETURN_IF_ERROR(client_.Call(request, answer));
      GRAFT_ASSIGN_OR_RETURN(const S3Listing listing, ParseS3Listing(answer.http.body));
      GRAFT_RETURN_IF_ERROR(visit(listing));
      if (listing.next.empty()) return absl::OkStatus();
      request.query["continuation-token"] = listing.next;
    }
  }

  absl::StatusOr<std::vector<S3Uploads::Upload>> ListUploads(const std::string& prefix,
                                                             bool cleans) {
    S3Request request;
    request.query = {{"uploads", ""}, {"prefix", prefix}};
    request.cleans = cleans;
    std::vector<S3Uploads::Upload> all;
    while (true) {
      S3Answer answer;
      GRAFT_RETURN_IF_ERROR(client_.Call(request, answer));
      GRAFT_ASSIGN_OR_RETURN(const S3Uploads uploads, ParseS3Uploads(answer.http.body));
      for (const S3Uploads::Upload& upload : uploads.uploads) {
        if (absl::StartsWith(upload.key, prefix)) all.push_back(upload);
      }
      if (!uploads.truncated) return all;
      request.query["key-marker"] = uploads.next_key;
      request.query["upload-id-marker"] = uploads.next_id;
    }
  }

  absl::Status RemoveObjects(const std::vector<std::string>& keys) {
    const std::string text = S3RemovalText(keys);
    S3Request request;
    request.method = "POST";
    request.query = {{"delete", ""}};
    request.headers = {"Content-MD5: " + Md5Of(text)};
    request.body = text;
    request.cleans = true;
    S3Answer answer;
    GRAFT_RETURN_IF_ERROR(client_.Call(request, answer));
    GRAFT_ASSIGN_OR_RETURN(const std::string fault, ParseS3Removals(answer.http.body));
    if (fault.empty()) return absl::OkStatus();
    return absl::PermissionDeniedError("the store does not remove " + client_.NameOf(fault));
  }

  const std::unique_ptr<Clock> clock_;
  S3Client client_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BackupStorage>> OpenS3Storage(const S3Options& options) {
  GRAFT_RETURN_IF_ERROR(CheckS3Options(options));
  return std::make_unique<S3BackupStorage>(options);
}

}  // namespace graft
