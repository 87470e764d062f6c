#include "filestore/record_file.h"

#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

constexpr char kMagic[] = "graft-kv-1";
constexpr size_t kLongestName = 250;  // Linux allows 255
constexpr char kHex[] = "0123456789ABCDEF";

// '/' becomes ',', which keeps names short; other bytes that are awkward in names become %XX.
bool Plain(char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace

absl::Status StoreStatus(const absl::Status& status) {
  if (status.ok()) return status;
  const std::string text = absl::StrCat("folder store: ", status.message());
  if (HasReason(status, Reason::kFileAccess)) {
    return absl::PermissionDeniedError(
        absl::StrCat(text, ": this user must be able to write the folder"));
  }
  return absl::UnavailableError(text);
}

absl::Status Damaged(const std::string& path, absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat("folder store: ", path, ": ", why, ": move the file away after a look at it"));
}

absl::StatusOr<std::string> KeyFileName(absl::string_view key) {
  if (key.empty()) return absl::InvalidArgumentError("folder store: the key is empty");
  std::string name;
  for (const char c : key) {
    if (Plain(c) && !(c == '.' && name.empty())) {  // no "..", no hidden files
      name.push_back(c);
    } else if (c == '/') {
      name.push_back(',');
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  if (name.size() > kLongestName) {
    return absl::InvalidArgumentError(
        absl::StrCat("folder store: the key is too long for a file name: ", key));
  }
  return name;
}

std::optional<std::string> KeyOfFileName(absl::string_view name) {
  std::string key;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ',') {
      key.push_back('/');
    } else if (name[i] == '%') {
      const char* high = i + 2 < name.size() ? strchr(kHex, name[i + 1]) : nullptr;
      const char* low = high != nullptr ? strchr(kHex, name[i + 2]) : nullptr;
      if (low == nullptr) return std::nullopt;
      key.push_back(static_cast<char>((high - kHex) << 4 | (low - kHex)));
      i += 2;
    } else {
      key.push_back(name[i]);
    }
  }
  const absl::StatusOr<std::string> again = KeyFileName(key);
  if (!again.ok() || *again != name) return std::nullopt;
  return key;
}

std::string EncodeRecord(const KeyEvent& event) {
  const KeyValue& item = event.item;
  return absl::StrCat(kMagic, " ", event.kind == KeyEvent::Kind::kPut ? "put" : "delete", " ",
                      item.version, " ", item.create_version, " ", item.lease, " ", item.key.size(),
                      " ", item.value.size(), "\n", item.key, "\n", item.value, "\n");
}

absl::StatusOr<KeyEvent> DecodeRecord(absl::string_view bytes, const std::string& path) {
  const size_t end = bytes.find('\n');
  if (end == absl::string_view::npos) return Damaged(path, "cut short, or not graft's");
  const std::vector<absl::string_view> words = absl::StrSplit(bytes.substr(0, end), ' ');
  KeyEvent event;
  uint64_t key_size = 0;
  uint64_t value_size = 0;
  const bool header =
      words.size() == 7 && words[0] == kMagic && (words[1] == "put" || words[1] == "delete") &&
      absl::SimpleAtoi(words[2], &event.item.version) &&
      absl::SimpleAtoi(words[3], &event.item.create_version) &&
      absl::SimpleAtoi(words[4], &event.item.lease) && absl::SimpleAtoi(words[5], &key_size) &&
      absl::SimpleAtoi(words[6], &value_size);
  if (!header) return Damaged(path, "not a record of graft's");
  const absl::string_view body = bytes.substr(end + 1);
  if (key_size > body.size() || value_size > body.size() ||
      body.size() != key_size + value_size + 2 || body[key_size] != '\n' || body.back() != '\n') {
    return Damaged(path, "cut short or changed by hand");
  }
  event.kind = words[1] == "put" ? KeyEvent::Kind::kPut : KeyEvent::Kind::kDelete;
  event.item.key = std::string(body.substr(0, key_size));
  event.item.value = std::string(body.substr(key_size + 1, value_size));
  return event;
}

absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (bytes.ok()) return std::optional<std::string>(*std::move(bytes));
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  return StoreStatus(bytes.status());
}

}  // namespace graft
