#include "graft/queue_lock.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace graft {
namespace {

// `text` as a part of a lock's name: letters, digits, '_' and the characters of `plain` stay. Every
// other character becomes ".xx", so that two texts never share a name.
std::string NamePart(absl::string_view text, absl::string_view plain) {
  std::string part;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '_' || plain.find(c) != absl::string_view::npos) {
      part.push_back(c);
    } else {
      absl::StrAppendFormat(&part, ".%02x", byte);
    }
  }
  return part;
}

// Vitess keeps the names of ranges in lower case, whatever was typed: "80-C0" is "80-c0".
std::string OfShard(absl::string_view what, absl::string_view keyspace, absl::string_view shard) {
  const bool range = shard.find('-') != absl::string_view::npos;
  const std::string name = range ? absl::AsciiStrToLower(shard) : std::string(shard);
  return absl::StrCat("graft-", what, "-", NamePart(keyspace, ""), "-", NamePart(name, "-"));
}

}  // namespace

std::string DonorLockName(const TabletAlias& donor) {
  // The last '-' splits an alias, so that one in the cell's name does no harm.
  return absl::StrCat("graft-donor-", NamePart(donor.ToString(), "-"));
}

std::string RepairLockName(absl::string_view keyspace, absl::string_view shard) {
  return OfShard("repair", keyspace, shard);
}

std::string ShardLineName(absl::string_view keyspace, absl::string_view shard) {
  return OfShard("line", keyspace, shard);
}

}  // namespace graft
